/**
 * Every reason to refuse an entry, in the order in which they are tried; exits never pass here. Invariant: the gate
 * and its explanation read the same rules, so neither has one that the other lacks.
 */
import { assert } from "../../assert.ts";
import type { Direction, ExitPlan } from "../orders.ts";
import { POSTURE_SHARES, type Posture } from "../posture.ts";
import type { Trader } from "../state.ts";
import type { StrategyInput } from "../strategy.ts";
import {
  type EntryCheck,
  checksOf,
  firstRefusal,
  type Measured,
  type Refusal,
  type EntryRule,
} from "./check.ts";
import { bookInput } from "../market/asset-book.ts";
import { ageOf, budgetOf, isWithinBudget, postureNow } from "../market/input-ages.ts";
import { LIMIT_RULES } from "./limits.ts";
import { MARGIN_RULE } from "./margin-rule.ts";
import { PRE_TRADE_RULES } from "./pre-trade-rules.ts";
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

type Moment = {
  readonly trader: Trader;
  /** Extends the scan's age budget. */
  readonly scanSlackMs: number;
};
type Wished = { readonly trader: Trader; readonly wish: EntryWish };
type Sized = {
  readonly trader: Trader;
  readonly asset: string;
  readonly price: number;
  readonly posture: Posture;
  readonly quantity: number;
  readonly notional: number;
};

const BPS = 10_000;

const HALTED: EntryRule<Moment> = {
  reason: "halted",
  unit: "none",
  passes({ trader }, measured) {
    const { isHalted } = trader.data.risk;
    measured.value = isHalted;
    measured.bound = false;
    return !isHalted;
  },
};

const BANKRUPT: EntryRule<Moment> = {
  reason: "bankrupt",
  unit: "quote",
  passes({ trader }, measured) {
    const { cash } = trader.data.account;
    measured.value = cash;
    measured.bound = 0;
    return cash > 0;
  },
};

const LATCHED: EntryRule<Moment> = {
  reason: "latched",
  unit: "none",
  passes({ trader }, measured) {
    const { latched } = trader.data.risk;
    const limit = latched.length === 0 ? "" : latched[0]!;
    measured.subject = limit;
    measured.value = limit;
    measured.bound = "";
    return limit === "";
  },
};

const POSTURE_RULES: readonly EntryRule<Moment>[] = [
  {
    reason: "posture_unknown",
    unit: "none",
    passes({ trader }, measured) {
      const posture = postureNow(trader);
      measured.value = posture;
      measured.bound = "UNKNOWN";
      return posture !== "UNKNOWN";
    },
  },
  {
    reason: "posture_hibernate",
    unit: "none",
    passes({ trader }, measured) {
      const posture = postureNow(trader);
      measured.value = posture;
      measured.bound = "HIBERNATE";
      return posture === "UNKNOWN" || POSTURE_SHARES[posture] !== 0;
    },
  },
  {
    reason: "posture_stops_entries",
    unit: "none",
    passes({ trader: { configuration, data } }, measured) {
      const isStopped =
        configuration.configuredPosture === null && data.posture.areEntriesStopped === true;
      measured.value = isStopped;
      measured.bound = false;
      return !isStopped;
    },
  },
  {
    reason: "posture_old",
    unit: "ms",
    passes({ trader }, measured) {
      return isInTime(measured, ageOf(trader, "posture"), budgetOf(trader, "posture"));
    },
  },
];

const SCAN_OLD: EntryRule<Moment> = {
  reason: "input_old",
  unit: "ms",
  passes({ trader, scanSlackMs }, measured) {
    measured.subject = "scan";
    return isInTime(measured, ageOf(trader, "scan"), trader.scanBudgetMs + scanSlackMs);
  },
};

const BARRIERS = [HALTED, LATCHED, ...POSTURE_RULES, SCAN_OLD];
const BARRIERS_WITH_MARGIN = [HALTED, BANKRUPT, LATCHED, ...POSTURE_RULES, SCAN_OLD];

function barriersOf({ configuration, strategy }: Trader): readonly EntryRule<Moment>[] {
  const rules = configuration.margin === undefined ? BARRIERS : BARRIERS_WITH_MARGIN;
  // The scan and the posture are checked for every strategy, by rules before this one.
  const others = strategy.inputs.filter((input) => input !== "scan" && input !== "posture");
  return others.length === 0 ? rules : [...rules, ...others.map(inputRule)];
}

function inputRule(input: StrategyInput): EntryRule<Moment> {
  return {
    reason: "input_old",
    unit: "ms",
    passes({ trader }, measured) {
      measured.subject = input;
      return isInTime(measured, ageOf(trader, input), budgetOf(trader, input));
    },
  };
}

function isInTime(measured: Measured, ageMs: number, budgetMs: number): boolean {
  measured.value = ageMs;
  measured.bound = budgetMs;
  return isWithinBudget(ageMs, budgetMs);
}

const WISH_RULES: readonly EntryRule<Wished>[] = [
  {
    // An order of unknown fate blocks all entries, a working one those in its own asset.
    reason: "order_working",
    unit: "none",
    passes({ trader, wish }, measured) {
      const { working } = trader.data;
      measured.value = working.length;
      measured.bound = 0;
      for (const { status, order } of working) {
        if (status !== "unknown" && order.asset !== wish.asset) continue;
        measured.subject = order.clientOrderId;
        if (status === "unknown") measured.reason = "order_unknown";
        return false;
      }
      return true;
    },
  },
  {
    reason: "position_open",
    unit: "none",
    passes({ trader, wish: { asset } }, measured) {
      const isHeld = trader.data.positions.some((position) => position.asset === asset);
      measured.subject = asset;
      measured.value = isHeld;
      measured.bound = false;
      return !isHeld;
    },
  },
  {
    reason: "asset_without_price",
    unit: "none",
    passes({ trader, wish }, measured) {
      const price = trader.windows.at(wish.column);
      measured.subject = wish.asset;
      measured.value = price;
      measured.bound = 0;
      return price > 0;
    },
  },
  ...PRE_TRADE_RULES,
];

/** Only for the asset to be entered: another asset's book does not matter. */
const BOOK_OLD: EntryRule<Wished> = {
  reason: "input_old",
  unit: "ms",
  passes({ trader, wish: { asset } }, measured) {
    const input = bookInput(asset);
    measured.subject = input;
    return isInTime(measured, ageOf(trader, input), budgetOf(trader, input));
  },
};
const WISH_RULES_WITH_BOOK = [BOOK_OLD, ...WISH_RULES];

function wishRulesOf({ declaredBooks }: Trader): readonly EntryRule<Wished>[] {
  return declaredBooks === "each" ? WISH_RULES_WITH_BOOK : WISH_RULES;
}

const BELOW_MINIMUM: EntryRule<Sized> = {
  reason: "below_minimum",
  unit: "quote",
  passes({ trader, asset, quantity, notional }, measured) {
    const bound = trader.configuration.instruments[asset]?.minimumNotional ?? 0;
    measured.subject = asset;
    measured.value = notional;
    measured.bound = bound;
    return quantity > 0 && bound <= notional;
  },
};

const SIZE_RULES = [BELOW_MINIMUM, ...LIMIT_RULES];
const SIZE_RULES_WITH_MARGIN = [...SIZE_RULES, MARGIN_RULE];

function sizeRulesOf({ configuration }: Trader): readonly EntryRule<Sized>[] {
  return configuration.margin === undefined ? SIZE_RULES : SIZE_RULES_WITH_MARGIN;
}

/** Whether an entry in this asset would lack a recent order book now. */
export function lacksBook(trader: Trader, asset: string): boolean {
  if (trader.declaredBooks !== "each") return false;
  const input = bookInput(asset);
  return !isWithinBudget(ageOf(trader, input), budgetOf(trader, input));
}

/** A refusal that applies to any entry now; null for none. */
export function entryBarrier(trader: Trader, scanSlackMs: number): Refusal | null {
  return firstRefusal(barriersOf(trader), { trader, scanSlackMs });
}

export function barrierChecks(trader: Trader, scanSlackMs: number): readonly EntryCheck[] {
  return checksOf(barriersOf(trader), { trader, scanSlackMs });
}

export function judgeEntry(trader: Trader, wish: EntryWish): EntryVerdict {
  const refusal = entryBarrier(trader, 0) ?? firstRefusal(wishRulesOf(trader), { trader, wish });
  if (refusal !== null) return refusal;
  const sized = sizeOf(trader, wish);
  assert(sized !== null, "an entry that nothing refuses has a size");
  const { quantity, price, posture } = sized;
  return firstRefusal(sizeRulesOf(trader), sized) ?? { kind: "allowed", quantity, price, posture };
}

/** Ends early where the refusals so far leave no size to be checked. */
export function entryChecks(trader: Trader, wish: EntryWish): readonly EntryCheck[] {
  const wished = checksOf(wishRulesOf(trader), { trader, wish });
  const before = [...barrierChecks(trader, 0), ...wished];
  const sized = sizeOf(trader, wish);
  return sized === null ? before : [...before, ...checksOf(sizeRulesOf(trader), sized)];
}

function sizeOf(trader: Trader, wish: EntryWish): Sized | null {
  const { data, windows, configuration } = trader;
  const { asset } = wish;
  const price = windows.at(wish.column);
  const posture = postureNow(trader);
  if (!(price > 0) || posture === "UNKNOWN") return null;
  const slippage = configuration.slippageBps / BPS;
  const expected = price * (wish.direction === "long" ? 1 + slippage : 1 - slippage);
  const wanted = (wish.share * data.account.cash * POSTURE_SHARES[posture]) / expected;
  const instrument = configuration.instruments[asset];
  const quantity = instrument === undefined ? wanted : stepsDown(wanted, instrument.lot);
  return { trader, asset, price, posture, quantity, notional: quantity * expected };
}
