/**
 * One book as it runs: every fact gets its place and its time, is appended to the journal, and only
 * then stepped. One queue, one order.
 *
 * Invariant: what was stepped is in the journal, so folding the journal gives this state again.
 */
import type { OutcomeFile } from "../../adapters/trading-journal/replay/outcome-file.ts";
import type { TradingLog } from "../../adapters/trading-journal/trading-log.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import type { PaperBroker } from "../../domain/trading/broker/paper-broker.ts";
import { type PaperDesk, stepDesk } from "../../domain/trading/broker/paper-desk.ts";
import type { TraderCommand } from "../../domain/trading/commands.ts";
import type { BrokerEvent, TraderEvent } from "../../domain/trading/events.ts";
import type { Trader } from "../../domain/trading/trader.ts";

type WithoutPlace<E> = E extends unknown ? Omit<E, "index" | "nowMs"> : never;
/** An event before it has its place in the log. */
export type Fact = WithoutPlace<TraderEvent>;

/** What a step asks of the shell, with the event that it came of. */
export type BookedCommands = {
  readonly index: number;
  readonly commands: readonly TraderCommand[];
};

/** Moments in the life of an event; tests end the process at them. */
export type BookStep =
  "before_append" | "appended" | "report_appended" | "stepped" | "published" | "outbox_written";

/** Keeps what each step came to; a replay is held against it. */
export type Outcomes = Pick<OutcomeFile, "beginDay" | "tookEvent" | "gaveCommands" | "endStep">;

export type BookDeps = {
  readonly log: Pick<TradingLog, "append">;
  readonly outcomes: Outcomes;
  readonly trader: Trader;
  readonly broker: PaperBroker;
  readonly nowMs: () => number;
  readonly onCommands: (booked: BookedCommands) => void;
  readonly onStep: (step: BookStep) => void;
};

/** The state and the journal differ: the process ends, and a start makes them agree again. */
export class BookBrokenError extends Error {
  override readonly name = "BookBrokenError";
}

export class Book {
  readonly trader: Trader;
  readonly #deps: BookDeps;
  readonly #desk: PaperDesk;
  /** The end of the trader's present day. */
  #dayEndMs = Infinity;
  #isInStep = false;
  /** What the broker told and what was asked for in this step. */
  readonly #reports: BrokerEvent[] = [];
  readonly #given: (readonly TraderCommand[])[] = [];
  /** What keeps the journal from taking events; null while it takes them. */
  journalTrouble: string | null = null;

  constructor(deps: BookDeps) {
    const { trader, broker, log, onCommands } = deps;
    const reports = this.#reports;
    const given = this.#given;
    this.trader = trader;
    this.#deps = deps;
    this.#desk = {
      trader,
      broker,
      beforeReport(event) {
        log.append(event);
        deps.onStep("report_appended");
        reports.push(event);
      },
      onCommands(event, commands) {
        given.push(commands);
        onCommands({ index: event.index, commands });
      },
    };
    this.#noteDay();
  }

  /**
   * Appends and steps one fact. False when the journal could not take it: then it was not stepped,
   * and comes again or is missed as if it had never been heard.
   */
  take(fact: Fact): boolean {
    const nowMs = this.#deps.nowMs();
    if (this.#dayEndMs <= nowMs) {
      const day = dayFromMicros(nowMs * US_PER_MS);
      this.#deps.outcomes.beginDay(this.trader, day);
      if (!this.#process({ kind: "day_rolled", day, index: this.trader.nextIndex, nowMs })) {
        return false;
      }
    }
    return this.#process({ ...fact, index: this.trader.nextIndex, nowMs });
  }

  #process(event: TraderEvent): boolean {
    const { log, onStep } = this.#deps;
    // A step that failed half way left a state that no fold gives.
    if (this.#isInStep) throw new BookBrokenError("a step of the trader failed before");
    onStep("before_append");
    try {
      log.append(event);
      this.journalTrouble = null;
    } catch (error) {
      if (codeOf(error) !== "TRADING_JOURNAL_UNAVAILABLE") throw error;
      this.journalTrouble = messageOf(error);
      return false;
    }
    onStep("appended");
    this.#isInStep = true;
    stepDesk(this.#desk, event);
    onStep("stepped");
    this.#noteOutcome(event);
    this.#isInStep = false;
    if (event.kind === "day_rolled" || this.#dayEndMs === Infinity) this.#noteDay();
    return true;
  }

  /** For a replay to come: it takes as long as the step did, and no order waits for it. */
  #noteOutcome(event: TraderEvent): void {
    const { outcomes } = this.#deps;
    outcomes.tookEvent(event);
    for (const report of this.#reports) outcomes.tookEvent(report);
    for (const commands of this.#given) outcomes.gaveCommands(commands);
    outcomes.endStep(this.trader, event);
    this.#reports.length = 0;
    this.#given.length = 0;
  }

  #noteDay(): void {
    const { day } = this.trader.data.day;
    if (day !== "") this.#dayEndMs = Date.parse(`${day}T00:00:00Z`) + MS_PER_DAY;
  }
}
