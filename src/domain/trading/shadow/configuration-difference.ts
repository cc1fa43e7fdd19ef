/** What two books of the same strategy are configured to do otherwise, in words. */
import type { Trader } from "../state.ts";

/** Null when nothing differs. Capital is not of it: it is cash, and so are fills of the paper desk. */
export function configurationDifference(blue: Trader, green: Trader): string | null {
  const mine = settingsOf(blue);
  const theirs = settingsOf(green);
  const names = [...new Set([...mine.keys(), ...theirs.keys()])];
  const differing = names.filter((name) => mine.get(name) !== theirs.get(name));
  if (differing.length === 0) return null;
  return differing
    .map((name) => `${name} is ${mine.get(name) ?? "absent"} and ${theirs.get(name) ?? "absent"}`)
    .join(", ");
}

function settingsOf({ configuration, strategy }: Trader): ReadonlyMap<string, string> {
  const { slippageBps, instruments, limits, ageBudgetsMs, configuredPosture } = configuration;
  return new Map([
    ...leaves("parameters", strategy.parameters),
    ...leaves("limits", limits),
    ...leaves("ageBudgetsMs", ageBudgetsMs),
    ...leaves("instruments", instruments),
    ["slippageBps", String(slippageBps)],
    ["configuredPosture", String(configuredPosture)],
  ]);
}

function leaves(name: string, value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== "object" || value === null) return [[name, String(value)]];
  return Object.entries(value).flatMap(([key, item]) => leaves(`${name}.${key}`, item));
}
