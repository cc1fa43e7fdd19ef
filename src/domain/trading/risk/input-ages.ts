/** How old each input is at an event: the event's own time minus the input's `as_of`, never a clock. */
import type { InputAge } from "../orders.ts";
import type { Posture } from "../posture.ts";
import type { Trader } from "../state.ts";
import type { StrategyInput } from "../strategy.ts";

/** Never received is infinitely old. */
export function ageOf(trader: Trader, input: StrategyInput): number {
  const { data, configuration } = trader;
  if (input === "scan") return data.nowMs - data.scans.lastAsOfMs;
  if (input === "posture") {
    return configuration.configuredPosture === null ? data.nowMs - data.posture.asOfMs : 0;
  }
  const reading = data.features.get(input);
  return reading === undefined ? Infinity : data.nowMs - reading.asOfMs;
}

export function agesNow(trader: Trader): readonly InputAge[] {
  return trader.strategy.inputs.map((input) => ({ input, ageMs: ageOf(trader, input) }));
}

/** An input from the future is as untrustworthy as one from the past: a clock is wrong. */
export function isWithinBudget(ageMs: number, budgetMs: number): boolean {
  return ageMs <= budgetMs && -budgetMs <= ageMs;
}

export function budgetOf(trader: Trader, input: StrategyInput): number {
  return trader.configuration.ageBudgetsMs[input] ?? 0;
}

/** The scan, or the first declared input, that is over its budget; the scan's is longer by the slack. */
export function oldInput(trader: Trader, scanSlackMs: number): StrategyInput | null {
  if (!isWithinBudget(ageOf(trader, "scan"), trader.scanBudgetMs + scanSlackMs)) return "scan";
  for (const input of trader.strategy.inputs) {
    if (input === "scan") continue;
    if (!isWithinBudget(ageOf(trader, input), budgetOf(trader, input))) return input;
  }
  return null;
}

export function postureNow(trader: Trader): Posture | "UNKNOWN" {
  return trader.configuration.configuredPosture ?? trader.data.posture.value;
}
