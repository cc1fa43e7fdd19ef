/** The age of each input at an event: the event's own time minus the input's `as_of`, never a clock. */
import { type AssetBook, assetOfInput, bookInput, EACH_BOOK } from "./asset-book.ts";
import { takenOffMs } from "./scan-clock.ts";
import type { InputAge } from "../orders.ts";
import type { Posture } from "../posture.ts";
import type { Trader } from "../state.ts";
import type { StrategyInput } from "../strategy.ts";

/** An input that was never received is infinitely old. */
export function ageOf(trader: Trader, input: StrategyInput): number {
  const { data, configuration } = trader;
  if (input === "scan") return data.nowMs - data.scans.lastAsOfMs - takenOffMs(trader);
  if (input === "posture") {
    return configuration.configuredPosture === null ? data.nowMs - data.posture.asOfMs : 0;
  }
  if (input === EACH_BOOK) return data.nowMs - newestBookMs(trader);
  const asset = assetOfInput(input);
  const reading = asset === null ? data.features.get(input) : data.books?.get(asset);
  return reading === undefined ? Infinity : data.nowMs - reading.asOfMs;
}

/** For an order in this asset, whose order book counts. */
export function agesNow(trader: Trader, asset: string): readonly InputAge[] {
  return trader.strategy.inputs.map((input) => ({
    input,
    ageMs: ageOf(trader, input === EACH_BOOK ? bookInput(asset) : input),
  }));
}

function newestBookMs({ data }: Trader): number {
  let newestMs = -Infinity;
  for (const { asOfMs } of data.books?.values() ?? []) newestMs = Math.max(newestMs, asOfMs);
  return newestMs;
}

/** The order book that a fill in this asset walks: declared, and within its age budget now. */
export function bookInTime(trader: Trader, asset: string): AssetBook | null {
  const { declaredBooks, data } = trader;
  if (declaredBooks === null) return null;
  if (declaredBooks !== "each" && !declaredBooks.has(asset)) return null;
  const input = bookInput(asset);
  if (!isWithinBudget(ageOf(trader, input), budgetOf(trader, input))) return null;
  return data.books?.get(asset) ?? null;
}

/** An input from the future is as untrustworthy as an old one: a clock is wrong. */
export function isWithinBudget(ageMs: number, budgetMs: number): boolean {
  return ageMs <= budgetMs && -budgetMs <= ageMs;
}

export function budgetOf(trader: Trader, input: StrategyInput): number {
  return budgetIn(trader.configuration.ageBudgetsMs, input);
}

type Budgets = Readonly<Record<string, number>>;

/** Of what was true longer ago than this nothing is within its budget. */
export function longestBudgetMs(budgets: Budgets, inputs: readonly StrategyInput[]): number {
  const asked = inputs.includes(EACH_BOOK)
    ? [...inputs, ...Object.keys(budgets).filter((input) => assetOfInput(input) !== null)]
    : inputs;
  return Math.max(0, ...asked.map((input) => budgetIn(budgets, input)));
}

/** What is not said of one asset's book is said of all. */
function budgetIn(budgets: Budgets, input: StrategyInput): number {
  return budgets[input] ?? (assetOfInput(input) === null ? 0 : budgets[EACH_BOOK]) ?? 0;
}

export function postureNow(trader: Trader): Posture | "UNKNOWN" {
  return trader.configuration.configuredPosture ?? trader.data.posture.value;
}
