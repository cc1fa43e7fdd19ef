/**
 * The paper broker: pure, driven by events, never by timers. Its decisions follow from the prices of fresh scans and
 * from a hash of seed and client order id, so the same log gives the same fills in any process, after any restart.
 */
import { assert } from "../../assert.ts";
import type { Book } from "../../order-book/book.ts";
import type { TraderCommand } from "../commands.ts";
import type { BrokerReport, ScanEvent, TraderEvent } from "../events.ts";
import type { Order } from "../orders.ts";
import { bookOf } from "../market/asset-book.ts";
import { bookInTime } from "../market/input-ages.ts";
import { stepsDown, stepsUp } from "../risk/rounding.ts";
import { judgesExits } from "../market/scan-order.ts";
import type { Trader, WorkingOrder } from "../state.ts";
import { walkedPrice } from "./walk-price.ts";

/** When an order may fill; part of what describes a run. */
export type FillConvention =
  /** At the scan on which it was decided. */
  | { readonly kind: "same_scan" }
  /** At the first fresh scan after that. */
  | { readonly kind: "next_scan" }
  /** At the first later fresh scan that arrives at least this long after the decision. */
  | { readonly kind: "latency"; readonly latencyMs: number };

export type PaperSettings = {
  readonly convention: FillConvention;
  readonly feeBps: number;
  /** Applies where no order book is declared, or none is known in time. */
  readonly slippageBps: number;
  /** Share of the cost of walking an order book that is charged; absent: all of it. */
  readonly walkFactor?: number;
  readonly seed: number;
  /** Share of orders that fill in two parts, at two scans. */
  readonly partialShare: number;
  /** Share of orders that are rejected. */
  readonly rejectShare: number;
};

export const DEFAULT_PAPER_SETTINGS: PaperSettings = {
  convention: { kind: "next_scan" },
  feeBps: 4,
  slippageBps: 2,
  seed: 1,
  partialShare: 0,
  rejectShare: 0,
};

type PendingOrder = { readonly order: Order; filled: number; fillCount: number };

export type PaperBroker = { readonly settings: PaperSettings; pending: PendingOrder[] };

const BPS = 10_000;
const NO_REPORTS: readonly BrokerReport[] = [];
/** Separate salts, so that the draws for rejection and partial fills are independent. */
const SALT_REJECT = 1;
const SALT_PARTIAL = 2;
const SALT_SHARE = 3;

/**
 * After a restart it continues with the orders that it had accepted. Orders without an answer are not included: they
 * are placed again (`commandsAgain`), and the same id leads to the same outcome.
 */
export function createPaperBroker(
  settings: PaperSettings,
  working: readonly WorkingOrder[] = [],
): PaperBroker {
  return {
    settings,
    pending: working
      .filter(({ status }) => status !== "submitted")
      .map(({ order, filled, fillCount }) => ({ order, filled, fillCount })),
  };
}

/** One event that the trader stepped, the resulting commands, and the market at which orders may fill. */
export type PaperInput = {
  readonly event: TraderEvent;
  readonly commands: readonly TraderCommand[];
  readonly isFresh: boolean;
  /** A scan that is not fresh, but at which exits may fill. */
  readonly isForExits?: boolean;
  /** The order book that a fill in an asset walks; absent: fills walk no book. */
  readonly bookOf?: (asset: string) => Book | null;
};

/** `event` is the one that the trader has just stepped. */
export function paperInputOf(
  trader: Trader,
  event: TraderEvent,
  commands: readonly TraderCommand[],
): PaperInput {
  const { decision } = trader.data;
  if (event.kind !== "scan" || decision.index !== event.index) {
    return { event, commands, isFresh: false };
  }
  const isForExits = decision.class === "stale" && judgesExits(trader, event);
  const isFresh = decision.class === "fresh";
  if (trader.declaredBooks === null) return { event, commands, isFresh, isForExits };
  const walked = (asset: string) => {
    const known = bookInTime(trader, asset);
    return known === null ? null : bookOf(known);
  };
  return { event, commands, isFresh, isForExits, bookOf: walked };
}

/** The broker's reports; the array is shared when it is empty. */
export function stepPaperBroker(broker: PaperBroker, input: PaperInput): readonly BrokerReport[] {
  const { commands } = input;
  if (commands.length === 0 && broker.pending.length === 0) return NO_REPORTS;
  const reports: BrokerReport[] = [];
  for (const command of commands) {
    if (command.kind === "submit_order") submitOnPaper(broker, command.order, reports);
    if (command.kind === "cancel_order") cancelOnPaper(broker, command.clientOrderId, reports);
  }
  fillOnPaper(broker, input, reports);
  return reports;
}

export function submitOnPaper(broker: PaperBroker, order: Order, reports: BrokerReport[]): void {
  const { settings, pending } = broker;
  const { clientOrderId } = order;
  if (pending.some((other) => other.order.clientOrderId === clientOrderId)) return;
  if (draw(settings.seed, clientOrderId, SALT_REJECT) < settings.rejectShare) {
    reports.push({ kind: "order_rejected", clientOrderId, reason: "paper: drawn by the seed" });
    return;
  }
  pending.push({ order, filled: 0, fillCount: 0 });
  reports.push({ kind: "order_accepted", clientOrderId, brokerOrderId: `paper-${clientOrderId}` });
}

export function cancelOnPaper(
  broker: PaperBroker,
  clientOrderId: string,
  reports: BrokerReport[],
): void {
  const before = broker.pending.length;
  broker.pending = broker.pending.filter(({ order }) => order.clientOrderId !== clientOrderId);
  const reason = before === broker.pending.length ? "paper: was not working" : "paper: as asked";
  reports.push({ kind: "order_cancelled", clientOrderId, reason });
}

export function fillOnPaper(
  broker: PaperBroker,
  { event: scan, isFresh, isForExits = false, bookOf: walked }: Omit<PaperInput, "commands">,
  reports: BrokerReport[],
): void {
  if (scan.kind !== "scan" || !(isFresh || isForExits)) return;
  const done = new Set<PendingOrder>();
  for (const pending of broker.pending) {
    if (!isFresh && pending.order.purpose === "entry") continue;
    if (!mayFill(broker.settings.convention, pending.order, scan)) continue;
    const column = scan.assets.indexOf(pending.order.asset);
    const price = column === -1 ? Number.NaN : scan.prices[scan.pricesAt + column]!;
    if (!(price > 0)) continue;
    const report = fillAt(broker.settings, pending, {
      price,
      book: walked === undefined ? null : walked(pending.order.asset),
    });
    reports.push(report);
    if (report.kind === "order_filled") done.add(pending);
  }
  if (done.size > 0) broker.pending = broker.pending.filter((pending) => !done.has(pending));
}

function mayFill(convention: FillConvention, order: Order, scan: ScanEvent): boolean {
  switch (convention.kind) {
    case "same_scan":
      return true;
    case "next_scan":
      return order.decidedSeq < scan.seq;
    case "latency":
      return order.decidedSeq < scan.seq && order.decidedAtMs + convention.latencyMs <= scan.nowMs;
  }
}

type Market = { readonly price: number; readonly book: Book | null };

/** At the observed price, stops included: never at the trigger price. */
function fillAt(settings: PaperSettings, pending: PendingOrder, market: Market): BrokerReport {
  const { order } = pending;
  const { clientOrderId } = order;
  const rest = order.quantity - pending.filled;
  const part = pending.fillCount === 0 ? partOf(settings, order) : 0;
  // A part is neither nothing nor everything.
  const isPartial = 0 < part && part < rest;
  const quantity = isPartial ? part : rest;
  const paid = paidAt(settings, order, { ...market, quantity });
  pending.filled += quantity;
  pending.fillCount += 1;
  assert(quantity > 0, "a fill fills something");
  const fee = (settings.feeBps / BPS) * paid * quantity;
  const fill = { number: pending.fillCount, quantity, price: paid, fee };
  return { kind: isPartial ? "order_partly_filled" : "order_filled", clientOrderId, fill };
}

/** With slippage, rounded to the next tick to the trader's disadvantage. */
function paidAt(
  { slippageBps, walkFactor = 1 }: PaperSettings,
  order: Order,
  { price, book, quantity }: Market & { readonly quantity: number },
): number {
  const slippage = slippageBps / BPS;
  const isPurchase = order.side === "buy";
  const paid =
    book === null
      ? price * (isPurchase ? 1 + slippage : 1 - slippage)
      : walkedPrice(
          book,
          { side: order.side, quantity, price },
          { beyondBps: slippageBps, factor: walkFactor },
        );
  const tick = order.instrument?.tick;
  if (tick === undefined) return paid;
  // A price below one tick has no tick below it.
  return isPurchase ? stepsUp(paid, tick) : stepsDown(paid, tick) || paid;
}

/** A tenth to nine tenths, in whole lots; 0 for an order that fills at once. */
function partOf({ seed, partialShare }: PaperSettings, order: Order): number {
  const { clientOrderId, quantity, instrument } = order;
  if (partialShare <= draw(seed, clientOrderId, SALT_PARTIAL)) return 0;
  const part = quantity * (0.1 + 0.8 * draw(seed, clientOrderId, SALT_SHARE));
  return instrument === undefined ? part : stepsDown(part, instrument.lot);
}

/**
 * In [0, 1): FNV-1a over the id, then a finalizer that decorrelates neighbouring ids. The book's name is left out, so
 * that the same decision of two books has the same outcome.
 */
function draw(seed: number, clientOrderId: string, salt: number): number {
  let hash = (0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1) ^ Math.imul(salt, 0x85ebca6b)) | 0;
  for (let at = clientOrderId.indexOf("-") + 1; at < clientOrderId.length; at += 1) {
    hash = Math.imul(hash ^ clientOrderId.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
