/** What a book's day came to, so that it can be held against another run of the same day. */
import type { TraderCommand } from "../../trading/commands.ts";
import type { RefusalReason } from "../../trading/decision.ts";
import type { ScanEvent, ScanLostEvent } from "../../trading/events.ts";
import type { Trade } from "../../trading/orders.ts";
import { postureNow } from "../../trading/risk/input-ages.ts";
import type { Trader } from "../../trading/state.ts";
import { assetOfInput } from "../../trading/market/asset-book.ts";
import { type BookTimes, noteBooks } from "./book-times.ts";

/** Why a scan was not taken as a backtester takes it: in its place, and as old as it is. */
export type Handicap = "late" | "gap" | "latency";

export type TracedDecision = {
  /** Outcome, signal and orders, every digit of them: equal texts are equal decisions. */
  readonly said: string;
  readonly handicap: Handicap | null;
  /** Whether it was decided by how much time had passed, and not by what was known. */
  readonly isByAge: boolean;
  /** Posture and features as they were known; order books are apart. */
  readonly inputs: string;
  /** Its place in the order in which they were made. */
  readonly nth: number;
  /** Those whose order books it went by; empty: it may have been any. */
  readonly assets: readonly string[];
};

/** `decisions` is in the order in which they were made. */
export type DayTrace = {
  readonly decisions: Map<number, TracedDecision>;
  /** By the position. */
  readonly trades: Map<string, Trade>;
  /** Of the strategy's declared order books, those that were known. */
  readonly books: BookTimes;
};

const BY_AGE: readonly (RefusalReason | null)[] = ["posture_old", "input_old", "limit_order_rate"];

export function createDayTrace(): DayTrace {
  return { decisions: new Map(), trades: new Map(), books: new Map() };
}

/** `seq` names the decision: of the scan as the bridge numbered it. */
export function traceDecision(
  trace: DayTrace,
  trader: Trader,
  step: {
    readonly seq: number;
    readonly event: ScanEvent | ScanLostEvent;
    readonly commands: readonly TraderCommand[];
  },
): void {
  const { seq, event, commands } = step;
  const { decision } = trader.data;
  // A scan that came twice decides nothing.
  if (decision.index !== event.index) return;
  const { outcome, refusal, subject, signal } = decision;
  const said = [refusal ?? outcome, ...(subject === "" ? [] : [`(${subject})`])];
  if (signal !== 0) said.push(`signal ${signal}`);
  const assets: string[] = [];
  const refused = assetOfInput(subject);
  if (refused !== null) assets.push(refused);
  let isByAge = BY_AGE.includes(refusal);
  for (const command of commands) {
    if (command.kind !== "submit_order") continue;
    const { side, quantity, asset, reason } = command.order;
    said.push(`${side} ${quantity} ${asset} (${reason})`);
    assets.push(asset);
    if (reason === "posture_missing") isByAge = true;
  }
  const nth = trace.decisions.size;
  noteBooks(trace.books, nth, declaredOf(trader));
  trace.decisions.set(seq, {
    said: said.join(" "),
    handicap: handicapOf(trader, event),
    isByAge,
    inputs: inputsOf(trader),
    nth,
    // Each of those that are named may count for whatever is entered.
    assets: trader.declaredBooks === "each" ? assets : [],
  });
}

export function traceTrades(trace: DayTrace, commands: readonly TraderCommand[]): void {
  for (const command of commands) {
    if (command.kind === "book_trade") trace.trades.set(command.trade.positionId, command.trade);
  }
}

function handicapOf(trader: Trader, event: ScanEvent | ScanLostEvent): Handicap | null {
  switch (trader.data.decision.class) {
    case "fresh":
      return null;
    case "late":
      return "late";
    case "gap":
      return "gap";
    case "stale":
      return event.kind === "scan" && !event.isReplayed && !event.isRepaired ? "latency" : "gap";
  }
}

function inputsOf(trader: Trader): string {
  const named = [...trader.data.features].map(([name, { value }]) => `${name} ${value}`);
  // The watchdog may stop entries at a posture that stays the same.
  const entries = trader.data.posture.areEntriesStopped ? "entries stopped" : "entries allowed";
  return [postureNow(trader), entries, ...named.toSorted()].join(", ");
}

function declaredOf({ declaredBooks, data }: Trader) {
  if (declaredBooks === null || data.books === undefined) return [];
  if (declaredBooks === "each") return data.books;
  return [...data.books].filter(([asset]) => declaredBooks.has(asset));
}
