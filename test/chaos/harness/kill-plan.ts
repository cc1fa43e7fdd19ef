/** Which process is killed when, from a seed. */
import { seededRandom } from "../../../src/domain/simulator/random.ts";

export const TARGETS = ["scan-bridge", "worker", "hazelcast", "temporal", "up"] as const;
export type Target = (typeof TARGETS)[number];

export type Kill = {
  readonly target: Target;
  /** Only once scans flow again: else the moment lies within the recovery from the kill before. */
  readonly isCalm: boolean;
  /** Before it, counted from when the target is there and, if calm, scans flow. */
  readonly pauseMs: number;
  /** Of `up`: start the next at once, while its leftovers are still ending. */
  readonly isHasty: boolean;
};

/** Shares of fifteen. */
const SHARES: Readonly<Record<Target, number>> = {
  "scan-bridge": 5,
  worker: 3,
  hazelcast: 3,
  temporal: 2,
  up: 2,
};
const CALM_SHARE = 0.6;
/** One in three comes at once. */
const EARLY_SHARE = 1 / 3;
const EARLY_MS_MAX = 600;

export function planKills(
  seed: number,
  plan: { readonly kills: number; readonly pauseMsMax: number },
): readonly Kill[] {
  const { uniform } = seededRandom(seed);
  // A short plan kills each of them once first.
  const bag = Array.from({ length: Math.max(...Object.values(SHARES)) }, (_, round) =>
    TARGETS.filter((target) => round < SHARES[target]),
  ).flat();
  const targets = Array.from({ length: plan.kills }, (_, i) => bag[i % bag.length]!);
  let ups = 0;
  return shuffled(targets, uniform).map((target) => ({
    target,
    isCalm: uniform() < CALM_SHARE,
    pauseMs: uniform() < EARLY_SHARE ? uniform() * EARLY_MS_MAX : uniform() * plan.pauseMsMax,
    isHasty: target === "up" && ups++ % 2 === 1,
  }));
}

function shuffled<T>(items: readonly T[], uniform: () => number): T[] {
  const left = [...items];
  return items.map(() => left.splice(Math.floor(uniform() * left.length), 1)[0]!);
}
