/**
 * Folds a recorded log through the core again and compares every step with its records: digests, trades, snapshots. A
 * paper broker is asked again as well. Invariant: the recorded events decide what is stepped; a difference is
 * reported and changes nothing.
 */
import type { StoredDigest, ReplayRecords } from "./replay-records.ts";
import { messageOf } from "../../failure.ts";
import {
  createPaperBroker,
  paperInputOf,
  type PaperSettings,
  stepPaperBroker,
} from "../broker/paper-broker.ts";
import type { PaperBroker } from "../broker/paper-broker.ts";
import type { TraderCommand } from "../commands.ts";
import { type BrokerReport, isBrokerEvent, type TraderEvent } from "../events.ts";
import { exactText, toExactJson } from "../snapshot/exact.ts";
import { snapshotOf } from "../snapshot/snapshot.ts";
import { decisionOf, stepTrader, type Trader, workingOrdersOf } from "../trader.ts";
import { DIGEST_PARTS, StepDigester } from "./step-digest.ts";

export type Difference = {
  /** The index of the event whose step differs. */
  readonly index: number;
  readonly what: "event" | "decision" | "ledger" | "pnl" | "trade" | "snapshot" | "fold" | "fill";
  readonly event: unknown;
  readonly recorded: unknown;
  readonly replayed: unknown;
};

export type ReplayOutcome = {
  readonly events: number;
  readonly decisions: number;
  readonly trades: number;
  /** How many of the records were compared. */
  readonly compared: {
    readonly digests: number;
    readonly trades: number;
    readonly snapshots: number;
  };
  /** Steps without a recorded digest. */
  readonly undigested: number;
  /** Those of them after the last digest: a running trader has not written them yet. */
  readonly undigestedLast: number;
  readonly differences: number;
  readonly firstDifference: Difference | null;
  readonly broker: {
    readonly compared: number;
    readonly differences: number;
    readonly firstDifference: Difference | null;
  };
  /** The result of the watched step; null: the step did not occur. */
  readonly watched: object | null;
};

/** The commands of one event, while its broker's answers still arrive. */
type OpenStep = { readonly event: TraderEvent; readonly commands: TraderCommand[] };

export class Replay {
  readonly trader: Trader;
  readonly #records: ReplayRecords;
  readonly #broker: PaperBroker;
  readonly #digester: StepDigester;
  readonly #counts = {
    events: 0,
    decisions: 0,
    trades: 0,
    undigested: 0,
    undigestedLast: 0,
    differences: 0,
  };
  readonly #compared = { digests: 0, trades: 0, snapshots: 0, fills: 0 };
  #fillDifferences = 0;
  #first: Difference | null = null;
  #firstFill: Difference | null = null;
  #step: OpenStep | null = null;
  /** The reports of this fold's paper broker, which the log must contain next. */
  #expected: BrokerReport[] = [];
  #isBroken = false;
  #isWatched = false;
  #watched: object | null = null;

  /** `trader` is in the state before the first event that is compared. */
  constructor(trader: Trader, paper: PaperSettings, records: ReplayRecords) {
    this.trader = trader;
    this.#records = records;
    this.#digester = new StepDigester(trader.strategy.carried.length);
    this.#broker = createPaperBroker(paper, workingOrdersOf(trader));
  }

  /** False once the fold can't continue: the outcome says why. */
  take(event: TraderEvent): boolean {
    if (!isBrokerEvent(event)) this.#endStep(false);
    this.#digester.tookEvent(event);
    this.#step ??= { event, commands: [] };
    if (event.index === this.#records.watchedIndex) this.#isWatched = true;
    try {
      this.#fold(event, this.#step);
    } catch (error) {
      this.#isBroken = true;
      this.#differ({
        index: event.index,
        what: "fold",
        event: toExactJson(shownEvent(event)),
        recorded: "was stepped",
        replayed: messageOf(error),
      });
    }
    return !this.#isBroken;
  }

  end(): ReplayOutcome {
    if (!this.#isBroken) this.#endStep(true);
    const { differences, ...counts } = this.#counts;
    const { fills, ...compared } = this.#compared;
    return {
      ...counts,
      compared,
      differences,
      firstDifference: this.#first,
      broker: {
        compared: fills,
        differences: this.#fillDifferences,
        firstDifference: this.#firstFill,
      },
      watched: this.#watched,
    };
  }

  #fold(event: TraderEvent, step: OpenStep): void {
    if (isBrokerEvent(event)) this.#compareFill(event);
    const commands = stepTrader(this.trader, event);
    this.#counts.events += 1;
    const decision = decisionOf(this.trader);
    if (decision !== null) this.#counts.decisions += 1;
    this.#digester.gaveCommands(commands);
    step.commands.push(...commands);
    this.#compareTrades(event, commands);
    const input = paperInputOf(this.trader, event, commands);
    this.#expected.push(...stepPaperBroker(this.#broker, input));
    this.#compareSnapshot(event);
  }

  #compareFill(event: TraderEvent): void {
    // After a first difference this broker has other orders than the recorded one.
    if (this.#firstFill !== null) return;
    this.#compared.fills += 1;
    const expected = this.#expected.shift();
    const { index: _index, nowMs: _nowMs, ...content } = event;
    if (expected !== undefined && isSame(content, expected)) return;
    this.#differInFill(event, { recorded: content, replayed: expected ?? "nothing" });
  }

  #differInFill(
    event: TraderEvent,
    { recorded, replayed }: Pick<Difference, "recorded" | "replayed">,
  ): void {
    this.#fillDifferences += 1;
    const shown = toExactJson(shownEvent(event));
    this.#firstFill ??= { index: event.index, what: "fill", event: shown, recorded, replayed };
  }

  #compareTrades(event: TraderEvent, commands: readonly TraderCommand[]): void {
    const booked = commands.find((command) => command.kind === "book_trade");
    const recorded = this.#records.tradeOf(event.index);
    if (booked !== undefined) this.#counts.trades += 1;
    // A running trader may not have written its newest trades yet.
    const isDue = recorded !== undefined || event.index < this.#records.lastTradeIndex;
    if (!isDue || (booked === undefined && recorded === undefined)) return;
    this.#compared.trades += 1;
    const replayed = booked === undefined ? undefined : JSON.stringify(booked.trade);
    if (recorded === replayed) return;
    this.#differ({
      index: event.index,
      what: "trade",
      event: toExactJson(shownEvent(event)),
      recorded: recorded === undefined ? "nothing" : JSON.parse(recorded),
      replayed: replayed === undefined ? "nothing" : JSON.parse(replayed),
    });
  }

  #compareSnapshot(event: TraderEvent): void {
    const recorded = this.#records.snapshotOf(event.index);
    if (recorded === undefined) return;
    this.#compared.snapshots += 1;
    const replayed = exactText(snapshotOf(this.trader));
    if (recorded === replayed) return;
    const [was, is] = aroundFirstDifference(recorded, replayed);
    this.#differ({
      index: event.index,
      what: "snapshot",
      event: toExactJson(shownEvent(event)),
      recorded: was,
      replayed: is,
    });
  }

  #endStep(isLast: boolean): void {
    const step = this.#step;
    if (step === null) return;
    this.#step = null;
    const { event } = step;
    const lacking = this.#expected.shift();
    const recorded = this.#records.digestOf(event.index);
    // The end of a log that is being written: its broker's answer is not there yet.
    const isUnderWay = isLast && recorded === undefined;
    if (lacking !== undefined && this.#firstFill === null && !isUnderWay) {
      this.#differInFill(event, { recorded: "nothing", replayed: lacking });
    }
    this.#expected = [];
    const digest = this.#digester.end(this.trader, event.index);
    if (this.#isWatched) this.#watched = this.#shownStep(step, digest);
    this.#isWatched = false;
    if (recorded === undefined) {
      this.#counts.undigested += 1;
      this.#counts.undigestedLast += 1;
      return;
    }
    this.#counts.undigestedLast = 0;
    this.#compared.digests += 1;
    const part = DIGEST_PARTS.find((name) => digest[name] !== recorded[name]);
    if (part === undefined) return;
    this.#differ({
      index: event.index,
      what: part,
      event: toExactJson(shownEvent(event)),
      recorded: shownDigest(recorded),
      replayed: this.#shownStep(step, digest),
    });
  }

  #shownStep({ event, commands }: OpenStep, digest: StoredDigest): object {
    const { account, decision } = this.trader.data;
    const shown = {
      digest: shownDigest(digest),
      decision: decision.index === event.index ? decision : null,
      commands,
      cash: account.cash,
      equity: account.equity,
    };
    return Object(toExactJson(shown));
  }

  #differ(difference: Difference): void {
    this.#counts.differences += 1;
    this.#first ??= difference;
  }
}

/** As it was recorded, without the rest of the buffers that contain a scan. */
function shownEvent(event: TraderEvent): object {
  if (event.kind !== "scan") return event;
  const { prices, pricesAt, eigenvalues, eigenvaluesAt, eigenvalueCount, ...rest } = event;
  const { carried: _carried, carriedAt: _carriedAt, assets, ...facts } = rest;
  return {
    ...facts,
    prices: Object.fromEntries(assets.map((asset, at) => [asset, prices[pricesAt + at] ?? null])),
    eigenvalues: [...eigenvalues.subarray(eigenvaluesAt, eigenvaluesAt + eigenvalueCount)],
  };
}

function shownDigest(digest: StoredDigest): Readonly<Record<string, string>> {
  return Object.fromEntries(
    DIGEST_PARTS.map((part) => [part, digest[part].toString(16).padStart(8, "0")]),
  );
}

function isSame(one: object, other: object): boolean {
  return sortedText(one) === sortedText(other);
}

function sortedText(of: object): string {
  return JSON.stringify(toExactJson(sorted(of)));
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}

const SHOWN_BEFORE = 40;
const SHOWN_AFTER = 80;

function aroundFirstDifference(one: string, other: string): readonly [string, string] {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  const from = Math.max(0, at - SHOWN_BEFORE);
  return [one.slice(from, at + SHOWN_AFTER), other.slice(from, at + SHOWN_AFTER)];
}
