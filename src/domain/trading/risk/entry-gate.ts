/** Every reason why an entry is not made, in the order in which they are tried; exits never pass here. */
import { assert } from "../../assert.ts";
import type { RefusalReason } from "../decision.ts";
import type { Direction, ExitPlan } from "../orders.ts";
import { POSTURE_SHARES, type Posture } from "../posture.ts";
import type { Trader } from "../state.ts";
import { ageOf, budgetOf, isWithinBudget, oldInput, postureNow } from "./input-ages.ts";
import { latch, limitBrokenBy } from "./limits.ts";
import { stepsDown } from "./rounding.ts";

export type EntryWish = {
  /** Column in the present universe. */
  readonly column: number;
  readonly asset: string;
  readonly direction: Direction;
  readonly share: number;
  readonly strength: number;
  readonly plan: ExitPlan;
};

export type EntryVerdict =
  | {
      readonly kind: "allowed";
      readonly quantity: number;
      readonly price: number;
      readonly posture: Posture;
    }
  | Refusal;

type Refusal = {
  readonly kind: "refused";
  readonly reason: RefusalReason;
  readonly subject: string;
};

const BPS = 10_000;

/** What lets no entry through now, whatever it is; null for nothing. */
export function entryBarrier(trader: Trader, scanSlackMs: number): Refusal | null {
  const { risk } = trader.data;
  if (risk.isHalted) return refused("halted");
  const limit = risk.latched[0];
  if (limit !== undefined) return refused("latched", limit);
  const posture = postureNow(trader);
  if (posture === "UNKNOWN") return refused("posture_unknown");
  if (POSTURE_SHARES[posture] === 0) return refused("posture_hibernate");
  if (!isWithinBudget(ageOf(trader, "posture"), budgetOf(trader, "posture"))) {
    return refused("posture_old");
  }
  const old = oldInput(trader, scanSlackMs);
  return old === null ? null : refused("input_old", old);
}

export function judgeEntry(trader: Trader, wish: EntryWish): EntryVerdict {
  const { data, windows, configuration } = trader;
  const barrier = entryBarrier(trader, 0);
  if (barrier !== null) return barrier;
  const posture = postureNow(trader);
  assert(posture !== "UNKNOWN", "an unknown posture lets no entry through");
  const busy = orderInTheWay(trader, wish.asset);
  if (busy !== null) return busy;
  const price = windows.at(wish.column);
  if (!(price > 0)) return refused("asset_without_price", wish.asset);
  const slippage = configuration.slippageBps / BPS;
  const expected = price * (wish.direction === "long" ? 1 + slippage : 1 - slippage);
  const wanted = (wish.share * data.account.cash * POSTURE_SHARES[posture]) / expected;
  const instrument = configuration.instruments[wish.asset];
  const quantity = instrument === undefined ? wanted : stepsDown(wanted, instrument.lot);
  if (!(quantity > 0) || quantity * expected < (instrument?.minimumNotional ?? 0)) {
    return refused("below_minimum", wish.asset);
  }
  const broken = limitBrokenBy(trader, quantity * expected);
  if (broken !== null) {
    latch(trader, broken);
    return refused(broken);
  }
  return { kind: "allowed", quantity, price, posture };
}

/** What is open or on its way stands in the way of another order in the same asset. */
function orderInTheWay(trader: Trader, asset: string): EntryVerdict | null {
  const { working, positions } = trader.data;
  for (const { status, order } of working) {
    if (status === "unknown") return refused("order_unknown", order.clientOrderId);
    if (order.asset === asset) return refused("order_working", order.clientOrderId);
  }
  return positions.some((position) => position.asset === asset)
    ? refused("position_open", asset)
    : null;
}

function refused(reason: RefusalReason, subject = ""): Refusal {
  return { kind: "refused", reason, subject };
}
