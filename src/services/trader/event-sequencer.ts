/**
 * The sequencer of a running book: every fact gets its index and its time, is appended to the journal, and only then
 * stepped. One queue, one order. Invariant: every stepped event is in the journal, so folding the journal reproduces
 * this state.
 */
import type { OutcomeFile } from "../../adapters/event-log/outcome-file.ts";
import type { EventLog } from "../../adapters/event-log/event-log.ts";
import { assert } from "../../domain/assert.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import { type Desk, giveCommands } from "../../domain/trading/broker/desk.ts";
import { stepDesk, stepReports, type TraderAtDesk } from "../../domain/trading/broker/step-desk.ts";
import type { TraderCommand } from "../../domain/trading/commands.ts";
import type {
  BookEvent,
  BrokerEvent,
  BrokerReport,
  TraderEvent,
} from "../../domain/trading/events.ts";
import { stepTrader, type Trader } from "../../domain/trading/trader.ts";

type WithoutPlace<E> = E extends unknown ? Omit<E, "index" | "nowMs"> : never;
/** An event before it has its index in the log. */
export type UnsequencedEvent = WithoutPlace<TraderEvent>;
export type BookFact = WithoutPlace<BookEvent>;

/** The commands of a step, with the event that caused them. */
export type BookedCommands = {
  readonly index: number;
  readonly commands: readonly TraderCommand[];
};

/** Moments in the processing of an event at which tests end the process. */
export type BookStep =
  "before_append" | "appended" | "report_appended" | "stepped" | "published" | "outbox_written";

/** Records the outcome of each step, for comparison with a replay. */
export type Outcomes = Pick<
  OutcomeFile,
  "beginDay" | "tookEvent" | "tookBooks" | "gaveCommands" | "endStep"
>;

export type SequencerDeps = {
  readonly log: Pick<EventLog, "append" | "appendBooks">;
  readonly outcomes: Outcomes;
  readonly trader: Trader;
  readonly desk: Desk;
  /** The event whose step is not finished, because the desk may report more on it; null for none. */
  readonly openStep: TraderEvent | null;
  readonly nowMs: () => number;
  readonly onCommands: (booked: BookedCommands) => void;
  readonly onStep: (step: BookStep) => void;
};

/** State and journal differ: the process ends, and a restart makes them agree again. */
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
  /** The desk's reports and the commands of this step. */
  readonly #reports: BrokerEvent[] = [];
  readonly #given: (readonly TraderCommand[])[] = [];
  /** Why the journal does not accept events; null while it does. */
  journalTrouble: string | null = null;

  constructor(deps: SequencerDeps) {
    const { trader, desk, log, onCommands } = deps;
    assert(
      desk.isDerived || trader.configuration.approval !== undefined,
      "a book at a live desk has the approved hash of its configuration",
    );
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
   * Appends and steps one fact. False when the journal did not accept it: then it was not stepped, and comes again or
   * is missed as if it had never been received.
   */
  take(fact: UnsequencedEvent): boolean {
    const nowMs = this.#deps.nowMs();
    if (!this.#rollDay(nowMs)) return false;
    return this.#process({ ...fact, index: this.trader.nextIndex, nowMs });
  }

  /**
   * As `take` of each, appended in one write: a scan waits for them. Returns how many were taken, from the first on. A desk that follows from the log has
   * nothing to report on a book, which leads to no command either, so that their indices are known before the first is
   * stepped.
   */
  takeBooks(facts: readonly BookFact[]): number {
    const { desk, log, outcomes, onStep } = this.#deps;
    if (!desk.isDerived) {
      const refused = facts.findIndex((fact) => !this.take(fact));
      return refused === -1 ? facts.length : refused;
    }
    const nowMs = this.#deps.nowMs();
    if (!this.#rollDay(nowMs)) return 0;
    const first = this.trader.nextIndex;
    const events = facts.map(({ asset, asOfMs, bids, asks, knownMs }, nth): BookEvent => {
      return { kind: "book", index: first + nth, nowMs, asset, asOfMs, bids, asks, knownMs };
    });
    let appended = 0;
    if (!this.#append(() => (appended = log.appendBooks(events)))) return 0;
    const taken = events.slice(0, appended);
    this.#isInStep = true;
    for (const event of taken) {
      assert(stepTrader(this.trader, event).length === 0, "a book leads to no command");
    }
    onStep("stepped");
    outcomes.tookBooks(this.trader, taken);
    this.#isInStep = false;
    return appended;
  }

  /** Takes the desk's spontaneous reports; a step takes those that come within it. */
  takeReports(): void {
    if (!this.#isInStep) this.stepReports(this.#deps.desk.takeReports());
  }

  /** Between two steps. They belong to the previous step, as in a replay of the log. */
  stepReports(reports: readonly BrokerReport[]): void {
    if (reports.length === 0) return;
    const nowMs = this.#deps.nowMs();
    // A restart asks the desk for them again.
    if (!this.#rollDay(nowMs))
      throw new SequencerBrokenError("the journal did not accept a report of the desk");
    this.#isInStep = true;
    stepReports(this.#at, reports, nowMs);
    this.#noteOutcome();
    this.#isInStep = false;
  }

  /** Passes on commands that the log has already, after a restart. */
  giveAgain(commands: readonly TraderCommand[]): void {
    giveCommands(this.#deps.desk, commands);
    this.takeReports();
  }

  /** Nothing is taken after this. */
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
    if (!this.#append(() => log.append(event))) return false;
    this.#isInStep = true;
    stepDesk(this.#at, event);
    onStep("stepped");
    outcomes.tookEvent(event);
    this.#openStep = event;
    this.#noteOutcome();
    // A desk whose reports are derived has nothing more to report.
    if (desk.isDerived) this.#endStep();
    this.#isInStep = false;
    if (event.kind === "day_rolled" || this.#dayEndMs === Infinity) this.#noteDay();
    return true;
  }

  /** False when the journal did not accept it; else the step before is over. */
  #append(append: () => void): boolean {
    const { onStep } = this.#deps;
    // A step that failed half way left a state that no fold produces.
    if (this.#isInStep) throw new SequencerBrokenError("a step of the trader failed before");
    onStep("before_append");
    try {
      append();
      this.journalTrouble = null;
    } catch (error) {
      if (codeOf(error) !== "TRADING_JOURNAL_UNAVAILABLE") throw error;
      this.journalTrouble = messageOf(error);
      return false;
    }
    onStep("appended");
    this.#endStep();
    return true;
  }

  /** Recorded for replays after the order was placed, because it takes as long as the step. */
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
