/**
 * The rules of recovery. Each returns a reason to wait, with the measured value and the threshold, so that a recorded
 * decision can be recomputed.
 */
import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from "../time.ts";
import type { Root } from "./diagnose.ts";

/** Tried in this order; the first that holds decides. */
export const HOLD_RULES = [
  "not-ours",
  "no-remedy",
  "not-configured",
  "unconfirmed",
  "grace",
  "flap-latch",
  "cool-down",
  "back-off",
  "budget",
] as const;
export const RULES = [...HOLD_RULES, "monitor-only", "root-lasts"] as const;
export type RecoveryRule = (typeof RULES)[number];

export type RecoveryPolicy = {
  /** After this long without a sample of health, its diagnosis counts as unconfirmed. */
  readonly unconfirmedMs: number;
  /**
   * Longest time between looks while the diagnosis is unconfirmed; the interval grows with the duration, because each
   * look lengthens the workflow's history. Absent in looks recorded by an older release, which looked every
   * `unconfirmedMs`.
   */
  readonly restMaxMs?: number;
  /** A younger root is left to the service's own supervisor. */
  readonly graceMs: number;
  /** Shortest time between two attempts on one service or server. */
  readonly coolDownMs: number;
  /** The cool-down doubles with each consecutive attempt, up to this; 0: it does not. */
  readonly backOffMaxMs: number;
  /** After this long without an attempt the next one counts as the first. */
  readonly backOffResetMs: number;
  readonly restartsMax: number;
  readonly windowMs: number;
  /**
   * A root that appeared this often within the window is flapping: it is left alone until it has lasted for the
   * window.
   */
  readonly flapComings: number;
  readonly flapWindowMs: number;
  /** Servers that a configured command restarts. */
  readonly servers: readonly string[];
};

export const RECOVERY_POLICY: RecoveryPolicy = {
  unconfirmedMs: 15 * MS_PER_SECOND,
  restMaxMs: 2 * MS_PER_MINUTE,
  graceMs: MS_PER_MINUTE,
  coolDownMs: 5 * MS_PER_MINUTE,
  backOffMaxMs: MS_PER_HOUR,
  backOffResetMs: 2 * MS_PER_HOUR,
  restartsMax: 3,
  windowMs: 10 * MS_PER_MINUTE,
  flapComings: 5,
  flapWindowMs: 30 * MS_PER_MINUTE,
  servers: [],
};

export type Target = { readonly kind: "service" | "server"; readonly name: string };

/** The health service as the source of the roots. */
export type Voice = {
  /** Time of its newest known sample; null: none. */
  readonly heardMs: number | null;
  /** Start of the unbroken series of looks with a sample; null: the last look had none. */
  readonly speaksMs: number | null;
};

/** The history of a root. */
export type Standing = {
  readonly sinceMs: number;
  /** Times at which it appeared, ascending, within the flap window. */
  readonly comingsMs: readonly number[];
  readonly isLatched: boolean;
};
/** metaHealth's attempts, and the restarts that the supervisor counts; both ascending. */
export type TargetHistory = {
  readonly attemptsMs: readonly number[];
  readonly restartsMs: readonly number[];
};
type Now = { readonly policy: RecoveryPolicy; readonly nowMs: number };
type Confirmed = Now & { readonly voice: Voice };
export type HoldCheck = {
  readonly rule: (typeof HOLD_RULES)[number];
  readonly value: number | string;
  readonly threshold: number | string;
  readonly untilMs?: number;
  readonly says: string;
};

/** A restart that a supervisor records within this time after an attempt is that attempt. */
const SAME_RESTART_MS = 2 * MS_PER_MINUTE;

const isLess: Holds = (value, threshold) => value < threshold;
const isOther: Holds = (value, threshold) => value !== threshold;
type Holds = (value: number | string, threshold: number | string) => boolean;
export const HOLDS: Readonly<Record<(typeof HOLD_RULES)[number], Holds>> = {
  "not-ours": isOther,
  "no-remedy": isOther,
  "not-configured": isOther,
  unconfirmed: (value, threshold) => !(value <= threshold),
  grace: isLess,
  "flap-latch": isLess,
  "cool-down": isLess,
  "back-off": isLess,
  budget: (value, threshold) => threshold <= value,
};

export function checksOnRoot(
  root: Root,
  known: Standing,
  { policy, nowMs, voice }: Confirmed,
): readonly HoldCheck[] {
  const { owner, remedy } = root;
  const fromMs = confirmedFrom(known, voice);
  const lastsS = secondsOf(nowMs - fromMs);
  const silentS = voice.heardMs === null ? "unknown" : secondsOf(nowMs - voice.heardMs);
  const silentMs = nowMs - (voice.heardMs ?? fromMs);
  const checks: HoldCheck[] = [
    { rule: "not-ours", value: owner, threshold: "ours", says: `${root.id} belongs to ${owner}` },
    {
      rule: "no-remedy",
      value: remedy.kind === "none" ? "none" : "restart",
      threshold: "restart",
      says: remedy.kind === "none" ? `nothing to restart: ${remedy.because}` : "",
    },
    {
      rule: "unconfirmed",
      value: silentS,
      threshold: secondsOf(policy.unconfirmedMs),
      untilMs: nowMs + Math.max(policy.unconfirmedMs, Math.min(silentMs, policy.restMaxMs ?? 0)),
      says: `it is not confirmed: the last sample of health is ${silentS === "unknown" ? "not known" : `${silentS} s old`}`,
    },
    {
      rule: "grace",
      value: lastsS,
      threshold: secondsOf(policy.graceMs),
      untilMs: fromMs + policy.graceMs,
      says: `it has lasted for only ${lastsS} s, and its supervisor acts first`,
    },
  ];
  if (remedy.kind === "restart-server") {
    const isKnown = policy.servers.includes(remedy.server);
    checks.splice(2, 0, {
      rule: "not-configured",
      value: isKnown ? "command" : "none",
      threshold: "command",
      says: `no command is configured that restarts ${remedy.server}; under 'up' it is up's own`,
    });
  }
  if (known.isLatched) {
    const lastMs = known.comingsMs.at(-1) ?? nowMs;
    checks.push({
      rule: "flap-latch",
      value: secondsOf(nowMs - lastMs),
      threshold: secondsOf(policy.flapWindowMs),
      untilMs: lastMs + policy.flapWindowMs,
      says: `it comes and goes (${known.comingsMs.length} times of late): a restart does not cure it`,
    });
  }
  return checks;
}

/** While nobody sampled, the root may have been gone: its duration counts from when health reported again. */
export function confirmedFrom({ sinceMs }: Standing, { speaksMs }: Voice): number {
  return Math.max(sinceMs, speaksMs ?? sinceMs);
}

export function checksOnTarget(
  target: Target,
  { attemptsMs, restartsMs }: TargetHistory,
  { policy, nowMs }: Now,
): readonly HoldCheck[] {
  const checks: HoldCheck[] = [];
  const lastMs = Math.max(attemptsMs.at(-1) ?? -Infinity, restartsMs.at(-1) ?? -Infinity);
  const since = secondsOf(nowMs - lastMs);
  if (lastMs !== -Infinity) {
    checks.push({
      rule: "cool-down",
      value: since,
      threshold: secondsOf(policy.coolDownMs),
      untilMs: lastMs + policy.coolDownMs,
      says: `${target.name} was restarted ${since} s ago`,
    });
  }
  const row = inARow(attemptsMs, nowMs, policy);
  if (1 < row) {
    const waitMs = Math.max(
      policy.coolDownMs,
      Math.min(policy.backOffMaxMs, policy.coolDownMs * 2 ** (row - 1)),
    );
    const lastAttemptMs = attemptsMs.at(-1) ?? nowMs;
    checks.push({
      rule: "back-off",
      value: secondsOf(nowMs - lastAttemptMs),
      threshold: secondsOf(waitMs),
      untilMs: lastAttemptMs + waitMs,
      says: `${row} consecutive restarts of ${target.name} have not cured it`,
    });
  }
  const spentMs = spentOf(attemptsMs, restartsMs).filter((at) => nowMs - policy.windowMs < at);
  checks.push({
    rule: "budget",
    value: spentMs.length,
    threshold: policy.restartsMax,
    untilMs: (spentMs.at(-policy.restartsMax) ?? nowMs) + policy.windowMs,
    says: `${target.name} had ${spentMs.length} restarts within ${secondsOf(policy.windowMs)} s`,
  });
  return checks;
}

/** The restarts of both lists, each counted once, ascending. */
function spentOf(attemptsMs: readonly number[], restartsMs: readonly number[]): readonly number[] {
  const own = attemptsMs.filter(
    (at) => !restartsMs.some((one) => at <= one && one - at < SAME_RESTART_MS),
  );
  return [...own, ...restartsMs].toSorted((a, b) => a - b);
}

function inARow(attemptsMs: readonly number[], nowMs: number, policy: RecoveryPolicy): number {
  let row = 0;
  let nextMs = nowMs;
  for (const at of attemptsMs.toReversed()) {
    if (policy.backOffResetMs <= nextMs - at) break;
    row += 1;
    nextMs = at;
  }
  return row;
}

export function secondsOf(ms: number): number {
  return ms / MS_PER_SECOND;
}
