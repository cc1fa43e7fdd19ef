/**
 * Compares two books on the same events, decision by decision: where they first differ, and why. Invariant: up to the
 * first difference both books decided the same, so the difference comes from their code, their configuration, the
 * fills of equal orders, or their cash.
 */
import type { TraderCommand } from "../commands.ts";
import type { ScanDecision } from "../decision.ts";
import type { BrokerEvent } from "../events.ts";
import type { Trader } from "../state.ts";
import { configurationDifference } from "./configuration-difference.ts";

export type DivergenceCause = "logic" | "configuration" | "fill" | "cash";

/** An order as its decision asked for it, without anything that identifies the book. */
export type OrderAsked = {
  readonly kind: "order";
  readonly asset: string;
  readonly side: string;
  readonly purpose: string;
  readonly reason: string;
  readonly quantity: number;
};

/** A book's decision at an event, and its state before. */
export type BookDecision = {
  readonly decision: ScanDecision | null;
  readonly orders: readonly OrderAsked[];
  readonly cancels: number;
  readonly before: Before;
};

/** A book's state before its decision. */
export type Before = { readonly cash: number; readonly fills: FillTally };

export type Divergence = {
  /** The index of the event in BLUE's log. */
  readonly index: number;
  readonly seq: number;
  readonly atMs: number;
  readonly cause: DivergenceCause;
  /** One sentence. */
  readonly detail: string;
};

/** The fates of a book's orders so far, as a digest: equal digests mean equal fates. */
export type FillTally = { digest: number; count: number; last: string };

/** Plain data, so that a snapshot can store it. */
export type BookComparison = {
  /** Scans and operator commands at which both books decided. */
  compared: number;
  differing: number;
  first: Divergence | null;
  readonly blueFills: FillTally;
  readonly greenFills: FillTally;
};

export function createComparison(): BookComparison {
  return {
    compared: 0,
    differing: 0,
    first: null,
    blueFills: emptyTally(),
    greenFills: emptyTally(),
  };
}

function emptyTally(): FillTally {
  return { digest: 0, count: 0, last: "" };
}

export function beforeOf(trader: Trader, fills: FillTally): Before {
  return { cash: trader.data.account.cash, fills: { ...fills } };
}

export function bookDecisionOf(
  trader: Trader,
  at: { readonly index: number; readonly before: Before },
  commands: readonly TraderCommand[],
): BookDecision {
  const { index, ...decided } = trader.data.decision;
  // A refusal may name an order, whose id contains its book's name.
  const decision = { ...decided, subject: withoutBook(trader, decided.subject) };
  const orders: OrderAsked[] = [];
  let cancels = 0;
  for (const command of commands) {
    if (command.kind === "cancel_order") cancels += 1;
    if (command.kind !== "submit_order") continue;
    const { asset, side, purpose, reason, quantity } = command.order;
    orders.push({ kind: "order", asset, side, purpose, reason, quantity });
  }
  return { decision: index === at.index ? decision : null, orders, cancels, before: at.before };
}

function withoutBook({ configuration }: Trader, text: string): string {
  const prefix = `${configuration.book}-`;
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

/** Called with every report about an order, in the book's own order. */
export function noteReport(tally: FillTally, report: BrokerEvent): void {
  const { clientOrderId, kind } = report;
  const place = clientOrderId.slice(clientOrderId.indexOf("-") + 1);
  const fill =
    "fill" in report
      ? ` ${report.fill.quantity} at ${report.fill.price}, fee ${report.fill.fee}`
      : "";
  tally.last = `${place} ${kind}${fill}`;
  tally.count += 1;
  let { digest } = tally;
  for (let at = 0; at < tally.last.length; at += 1) {
    digest = Math.imul(digest ^ tally.last.charCodeAt(at), 0x01000193);
  }
  tally.digest = digest >>> 0;
}

export type Sides<T> = { readonly blue: T; readonly green: T };

/** Counts the event, and returns the divergence when it is the first. */
export function compareDecisions(
  comparison: BookComparison,
  traders: Sides<Trader>,
  decisions: Sides<BookDecision>,
): Divergence | null {
  comparison.compared += 1;
  const { blue, green } = decisions;
  if (isSame(blue, green)) return null;
  comparison.differing += 1;
  if (comparison.first !== null) return null;
  const { cause, why } = causeOf(traders, decisions);
  comparison.first = {
    index: traders.blue.nextIndex - 1,
    seq: blue.decision?.seq ?? green.decision?.seq ?? 0,
    atMs: traders.blue.data.nowMs,
    cause,
    detail: `BLUE: ${wordsOf(blue)}; GREEN: ${wordsOf(green)}; ${why}`,
  };
  return comparison.first;
}

function isSame(blue: BookDecision, green: BookDecision): boolean {
  return (
    isSameDecision(blue.decision, green.decision) &&
    blue.cancels === green.cancels &&
    isSameOrders(blue.orders, green.orders) &&
    blue.orders.every(({ quantity }, at) => Object.is(quantity, green.orders[at]?.quantity))
  );
}

function isSameDecision(one: ScanDecision | null, other: ScanDecision | null): boolean {
  if (one === null || other === null) return one === other;
  return (
    one.seq === other.seq &&
    one.class === other.class &&
    one.outcome === other.outcome &&
    one.refusal === other.refusal &&
    one.subject === other.subject &&
    Object.is(one.signal, other.signal)
  );
}

/** Except for their quantities. */
function isSameOrders(some: readonly OrderAsked[], others: readonly OrderAsked[]): boolean {
  if (some.length !== others.length) return false;
  return some.every((one, at) => {
    const other = others[at];
    return (
      one.asset === other?.asset &&
      one.side === other.side &&
      one.purpose === other.purpose &&
      one.reason === other.reason
    );
  });
}

type Cause = { readonly cause: DivergenceCause; readonly why: string };

/** Tolerance of the ratio between two books' quantities and cash: rounding to lots. */
const SHARE_TOLERANCE = 1e-6;
const HASH_DIGITS_SHOWN = 12;

function causeOf(traders: Sides<Trader>, decisions: Sides<BookDecision>): Cause {
  const { blue, green } = decisions;
  const one = blue.before;
  const other = green.before;
  if (one.fills.digest !== other.fills.digest || one.fills.count !== other.fills.count) {
    const why = `their orders met different fates: ${one.fills.last} and ${other.fills.last}`;
    return { cause: "fill", why };
  }
  const hasOtherCash = one.cash !== other.cash;
  const cash = `their cash was ${one.cash} and ${other.cash}`;
  if (hasOtherCash && isOnlyScaled(blue, green)) return { cause: "cash", why: cash };
  const mine = versionName(traders.blue);
  const theirs = versionName(traders.green);
  if (mine !== theirs) return { cause: "logic", why: `they run ${mine} and ${theirs}` };
  const difference = configurationDifference(traders.blue, traders.green);
  if (difference !== null) return { cause: "configuration", why: difference };
  if (hasOtherCash) return { cause: "cash", why: cash };
  return { cause: "logic", why: "configuration, fills and cash were the same" };
}

/** Strategy, version, and the hash of the user's own file. */
export function versionName({ strategy, configuration }: Trader): string {
  const { fileHash } = configuration.strategy;
  const file = fileHash === undefined ? "" : ` of file ${fileHash.slice(0, HASH_DIGITS_SHOWN)}`;
  return `${strategy.name} ${strategy.version}${file}`;
}

/** The same orders, each for the same share of its book's cash. */
function isOnlyScaled(blue: BookDecision, green: BookDecision): boolean {
  if (!isSameDecision(blue.decision, green.decision)) return false;
  if (blue.cancels !== green.cancels || !isSameOrders(blue.orders, green.orders)) return false;
  return blue.orders.every(({ quantity }, at) => {
    const ratio =
      ((green.orders[at]?.quantity ?? 0) / quantity) * (blue.before.cash / green.before.cash);
    return Math.abs(ratio - 1) <= SHARE_TOLERANCE;
  });
}

function wordsOf({ decision, orders, cancels }: BookDecision): string {
  const said = decision === null ? "nothing" : (decision.refusal ?? decision.outcome);
  const asked = orders.map(
    ({ side, quantity, asset, reason }) => `, ${side} ${quantity} ${asset} (${reason})`,
  );
  const about = decision === null || decision.subject === "" ? "" : ` (${decision.subject})`;
  const cancelled = cancels === 0 ? "" : `, ${cancels} cancelled`;
  return `${said}${about}${asked.join("")}${cancelled}`;
}
