/**
 * One book as it runs: every fact gets its place and its time, is appended to the journal, and only
 * then stepped. One queue, one order.
 *
 * Invariant: what was stepped is in the journal, so folding the journal gives this state again.
 */
import type { OutcomeFile } from "../../adapters/event-log/outcome-file.ts";
import type { EventLog } from "../../adapters/event-log/event-log.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import { type Desk, giveCommands } from "../../domain/trading/broker/desk.ts";
import { stepDesk, stepReports, type TraderAtDesk } from "../../domain/trading/broker/step-desk.ts";
import type { TraderCommand } from "../../domain/trading/commands.ts";
import type { BrokerEvent, BrokerReport, TraderEvent } from "../../domain/trading/events.ts";
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

export type SequencerDeps = {
  readonly log: Pick<EventLog, "append">;
  readonly outcomes: Outcomes;
  readonly trader: Trader;
  readonly desk: Desk;
  /** The event whose step is not over, as the desk may have more to say to it; null for none. */
  readonly openStep: TraderEvent | null;
  readonly nowMs: () => number;
  readonly onCommands: (booked: BookedCommands) => void;
  readonly onStep: (step: BookStep) => void;
};

/** The state and the journal differ: the process ends, and a start makes them agree again. */
export class SequencerBrokenError extends Error {
  override readonly name = "SequencerBrokenError";
}

export class EventSequencer {
  readonly trader: Trader;
  readonly #deps: SequencerDeps;
  readonly #at: TraderAtDesk;
  #openStep: TraderEvent | null;
  /** The end of the trader's present day. */
  #dayEndMs = Infinity;
  #isInStep = false;
  /** What the desk reported and what commands there were in this step. */
  readonly #reports: BrokerEvent[] = [];
  readonly #given: (readonly TraderCommand[])[] = [];
  /** What keeps the journal from taking events; null while it takes them. */
  journalTrouble: string | null = null;

  constructor(deps: SequencerDeps) {
    const { trader, desk, log, onCommands } = deps;
    const reports = this.#reports;
    const given = this.#given;
    this.trader = trader;
    this.#deps = deps;
    this.#openStep = deps.openStep;
    this.#at = {
      trader,
      desk,
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
    if (!this.#rollDay(nowMs)) return false;
    return this.#process({ ...fact, index: this.trader.nextIndex, nowMs });
  }

  /** What the desk says by itself; within a step they are taken by it. */
  takeReports(): void {
    if (!this.#isInStep) this.stepReports(this.#deps.desk.takeReports());
  }

  /** Between two steps. They count to the one before them, as a replay of the log has them. */
  stepReports(told: readonly BrokerReport[]): void {
    if (told.length === 0) return;
    const nowMs = this.#deps.nowMs();
    // A start asks the desk for them again.
    if (!this.#rollDay(nowMs))
      throw new SequencerBrokenError("the journal took no report of the desk");
    this.#isInStep = true;
    stepReports(this.#at, told, nowMs);
    this.#noteOutcome();
    this.#isInStep = false;
  }

  /** Commands that the log has already, after a restart. */
  giveAgain(commands: readonly TraderCommand[]): void {
    giveCommands(this.#deps.desk, commands);
    this.takeReports();
  }

  /** Nothing is taken after it. */
  end(): void {
    this.#endStep();
  }

  #rollDay(nowMs: number): boolean {
    if (nowMs < this.#dayEndMs) return true;
    const day = dayFromMicros(nowMs * US_PER_MS);
    this.#endStep();
    this.#deps.outcomes.beginDay(this.trader, day);
    return this.#process({ kind: "day_rolled", day, index: this.trader.nextIndex, nowMs });
  }

  #process(event: TraderEvent): boolean {
    const { log, outcomes, desk, onStep } = this.#deps;
    // A step that failed half way left a state that no fold gives.
    if (this.#isInStep) throw new SequencerBrokenError("a step of the trader failed before");
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
    this.#endStep();
    this.#isInStep = true;
    stepDesk(this.#at, event);
    onStep("stepped");
    outcomes.tookEvent(event);
    this.#openStep = event;
    this.#noteOutcome();
    // A desk that is derived has said all.
    if (desk.isDerived) this.#endStep();
    this.#isInStep = false;
    if (event.kind === "day_rolled" || this.#dayEndMs === Infinity) this.#noteDay();
    return true;
  }

  /** Kept for later replays: it takes as long as the step did, and no order waits for it. */
  #noteOutcome(): void {
    const { outcomes } = this.#deps;
    for (const report of this.#reports) outcomes.tookEvent(report);
    for (const commands of this.#given) outcomes.gaveCommands(commands);
    this.#reports.length = 0;
    this.#given.length = 0;
  }

  #endStep(): void {
    if (this.#openStep !== null) this.#deps.outcomes.endStep(this.trader, this.#openStep);
    this.#openStep = null;
  }

  #noteDay(): void {
    const { day } = this.trader.data.day;
    if (day !== "") this.#dayEndMs = Date.parse(`${day}T00:00:00Z`) + MS_PER_DAY;
  }
}
