/** A trader controlled step by step: one event after another, each with the next index. */
import type { TraderConfiguration } from "../../../src/domain/trading/configuration.ts";
import type { ScanEvent, TraderEvent } from "../../../src/domain/trading/events.ts";
import type { Order } from "../../../src/domain/trading/orders.ts";
import { createTrader, decisionOf, stepTrader } from "../../../src/domain/trading/trader.ts";
import { CONFIGURATION, DAY_START_MS } from "./random-day.ts";

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
export type Unstamped = DistributiveOmit<TraderEvent, "index" | "nowMs">;

/** Nothing is written off or liquidated unless a test asks for it. */
const { delisting: _, margin: __, ...USUAL } = CONFIGURATION;

export function scripted(overrides: Partial<TraderConfiguration> = {}) {
  const trader = createTrader({ ...USUAL, ...overrides });
  const orders: Order[] = [];
  const notes: string[] = [];
  const tell = (unstamped: Unstamped, afterMs = 0) => {
    const nowMs = DAY_START_MS + afterMs;
    const commands = stepTrader(trader, { ...unstamped, index: trader.nextIndex, nowMs });
    for (const command of commands) {
      if (command.kind === "submit_order") orders.push(command.order);
      if (command.kind === "note") notes.push(command.note.code);
    }
    return commands;
  };
  /** Prices of AAA, BBB, CCC; returns the decision. */
  const scan = (seq: number, facts: Partial<ScanEvent> & { readonly afterMs?: number } = {}) => {
    const { afterMs = 0, ...rest } = facts;
    tell({ ...scanNumbered(seq, DAY_START_MS + afterMs), ...rest }, afterMs);
    const decision = decisionOf(trader);
    return decision === null ? null : (decision.refusal ?? decision.outcome);
  };
  /** Everything that an entry needs, three scans included. */
  const warmUp = () => {
    tell({ kind: "posture", posture: "APEX", asOfMs: DAY_START_MS, source: "test" });
    tell({ kind: "feature", name: "mood", value: 1, asOfMs: DAY_START_MS });
    for (const seq of [1, 2]) scan(seq);
  };
  /** The last order, all of it, at this price. */
  const fill = (price: number, fee = 0) => {
    const { clientOrderId, quantity } = orders.at(-1)!;
    return tell({ kind: "order_filled", clientOrderId, fill: { number: 1, quantity, price, fee } });
  };
  return { trader, orders, notes, tell, scan, warmUp, fill };
}

export function scanNumbered(seq: number, asOfMs: number): Omit<ScanEvent, "index" | "nowMs"> {
  return {
    kind: "scan",
    seq,
    scanNumber: seq,
    asOfMs,
    isReplayed: false,
    isLate: false,
    isRepaired: false,
    assets: ["AAA", "BBB", "CCC"],
    prices: Float64Array.of(100, 20, 5),
    pricesAt: 0,
    eigenvalues: new Float64Array(0),
    eigenvaluesAt: 0,
    eigenvalueCount: 0,
    carried: new Float64Array(0),
    carriedAt: 0,
  };
}
