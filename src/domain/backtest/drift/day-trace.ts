/** The decisions and trades of a book's day, in a form that can be compared with another run of the same day. */
import type { TraderCommand } from "../../trading/commands.ts";
import type { RefusalReason } from "../../trading/decision.ts";
import type { ScanEvent, ScanLostEvent } from "../../trading/events.ts";
import type { Trade } from "../../trading/orders.ts";
import { postureNow } from "../../trading/market/input-ages.ts";
import type { Trader } from "../../trading/state.ts";
import { assetOfInput } from "../../trading/market/asset-book.ts";
import { type BookTimes, noteBooks } from "./book-times.ts";

/** Why a scan was not taken as the backtester takes it, in order and at its own age. */
export type Handicap = "late" | "gap" | "latency";

export type TracedDecision = {
  /** Outcome, signal and orders with all digits: equal texts are equal decisions. */
  readonly said: string;
  readonly handicap: Handicap | null;
  /** Whether the decision depended on elapsed time and not on what was known. */
  readonly isByAge: boolean;
  /** The posture and features that were known; order books are in `DayTrace.books`. */
  readonly inputs: string;
  /** Its place in the order in which decisions were made. */
  readonly nth: number;
  /** The assets whose order books it used; empty: any of them. */
  readonly assets: readonly string[];
};

/** `decisions` is in the order in which they were made. */
export type DayTrace = {
  readonly decisions: Map<number, TracedDecision>;
  /** By position id. */
  readonly trades: Map<string, Trade>;
  /** The order books of the strategy's declared assets that were known. */
  readonly books: BookTimes;
};

const BY_AGE: readonly (RefusalReason | null)[] = ["posture_old", "input_old", "limit_order_rate"];

export function createDayTrace(): DayTrace {
  return { decisions: new Map(), trades: new Map(), books: new Map() };
}

/** `seq` identifies the decision: the scan's seq from the bridge. */
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
  // A scan that came twice makes no second decision.
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
    // Of books declared by asset each may have counted, so none is singled out.
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
