/** How the configurations of two books with the same strategy differ, in words. */
import type { TraderConfiguration } from "../configuration.ts";
import type { Trader } from "../state.ts";

/**
 * Null when they do not differ. Capital and the fills of the paper desk are not compared here: they show as cash and
 * fills.
 */
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
  const { slippageBps, instruments, ageBudgetsMs, configuredPosture } = configuration;
  return new Map([
    ...leaves("parameters", strategy.parameters),
    ...leaves("limits", limitsOf(configuration)),
    ...leaves("ageBudgetsMs", ageBudgetsMs),
    ...leaves("instruments", instruments),
    ["slippageBps", String(slippageBps)],
    ["configuredPosture", String(configuredPosture)],
  ]);
}

/** A limit equal to the capital is the default. */
function limitsOf({ limits, capital }: TraderConfiguration): object {
  const said = (notional: number) => (notional === capital ? "the capital" : notional);
  const { positionNotionalMax, grossNotionalMax, ...rest } = limits;
  return {
    positionNotionalMax: said(positionNotionalMax),
    grossNotionalMax: said(grossNotionalMax),
    ...rest,
  };
}

function leaves(name: string, value: unknown): readonly (readonly [string, string])[] {
  if (typeof value !== "object" || value === null) return [[name, String(value)]];
  return Object.entries(value).flatMap(([key, item]) => leaves(`${name}.${key}`, item));
}
