/**
 * What metaHealth does about the roots of a diagnosis. It acts only on a root that is ours and has a remedy, through
 * the actor that keeps the faulty process, and tries every reason to wait first. Invariants: waits count from the
 * last attempt, never from recovered health (a cool-down that starts with "healthy again" never starts while restarts
 * fail); a decision records the rule, the threshold and the value behind it.
 */
import type { Mode } from "../supervision/next-step.ts";
import type { Diagnosis, Root } from "./diagnose.ts";
import {
  checksOnRoot,
  checksOnTarget,
  confirmedFrom,
  HOLDS,
  type RecoveryPolicy,
  type RecoveryRule,
  secondsOf,
  type Standing,
  type Target,
  type TargetHistory,
  type Voice,
} from "./recovery-rules.ts";

type Attempt = { readonly atMs: number; /** False: it was only said. */ readonly isReal: boolean };
type KnownRoot = Standing & {
  /** Null while the root is gone. */
  readonly root: Root | null;
  /** Rule of the last decision on it, so that the same decision is not reported twice. */
  readonly told: RecoveryRule | null;
};
/** `toldMs` is the supervisor's own time of the restart; it stays unchanged when the clock is set back. */
type ReportedRestart = { readonly toldMs: number; readonly atMs: number };
type Times = Readonly<Record<string, readonly number[]>>;

/** Plain JSON: a workflow carries it through continue-as-new. */
export type RecoveryState = {
  readonly mode: Mode;
  /** Time of the last news. */
  readonly seenMs: number;
  readonly voice: Voice;
  readonly roots: Readonly<Record<string, KnownRoot>>;
  /** By target. */
  readonly attempts: Readonly<Record<string, readonly Attempt[]>>;
  /** The restarts that supervisors last reported, ascending. */
  readonly restarts: Readonly<Record<string, readonly ReportedRestart[]>>;
  /** When a root that is being held back may be acted on. */
  readonly wakeAtMs: number | null;
};

/** A diagnosis that differs from the previous one. */
export type Transition = { readonly atMs: number; readonly diagnosis: Diagnosis };

/**
 * A key that changes whenever the report or a decision may change: the word, a root, its owner, or whether a restart
 * mends it.
 */
export function transitionKey({ word, roots }: Diagnosis): string {
  return [word, ...roots.map(({ id, owner, remedy }) => `${id} ${owner} ${remedy.kind}`)].join(
    "\n",
  );
}

export type News = {
  readonly atMs: number;
  /** Null: no news, only a timer. */
  readonly diagnosis: Diagnosis | null;
  /** When the diagnosis was made, by the clock of the health service; default: now. */
  readonly foundMs?: number;
  /** Age of health's last sample; null: not known. */
  readonly healthAgeMs: number | null;
  /**
   * Restarts that count, by the supervisors' own records; a target that is not named keeps what was last reported.
   */
  readonly restartsMs?: Times;
};

export type RecoveryDecision = {
  /** Idempotency key for whoever carries it out. */
  readonly id: string;
  readonly atMs: number;
  readonly root: string;
  readonly action: "restart" | "would-restart" | "hold";
  readonly target: Target | null;
  readonly rule: RecoveryRule;
  readonly threshold: number | string;
  readonly value: number | string;
  /** When it is decided again; null: at the next change. */
  readonly untilMs: number | null;
  readonly says: string;
};

/** The outcome of a decision. `done`: as far as is known, something was restarted. */
export type RecoveryOutcome = { readonly done: boolean; readonly says: string };

const ROOTS_MAX = 64;
const ATTEMPTS_MAX = 16;
export function initialRecovery(mode: Mode): RecoveryState {
  const nothing = { roots: {}, attempts: {}, restarts: {}, wakeAtMs: null };
  return { mode, seenMs: 0, voice: { heardMs: null, speaksMs: null }, ...nothing };
}

export function withMode(state: RecoveryState, mode: Mode): RecoveryState {
  // What was only logged in monitor-only mode is reported again as an action.
  const roots = mapValues(state.roots, (known) => ({ ...known, told: null }));
  return { ...state, mode, roots };
}

export function decide(
  before: RecoveryState,
  news: News,
  policy: RecoveryPolicy,
): { readonly state: RecoveryState; readonly decisions: readonly RecoveryDecision[] } {
  const nowMs = news.atMs;
  let state = takeNews(shiftedTo(before, nowMs), news, policy);
  const decisions: RecoveryDecision[] = [];
  let wakeAtMs: number | null = null;
  let hasActed = false;
  for (const [id, known] of Object.entries(state.roots)) {
    if (known.root === null) continue;
    const decision = decideOn(known.root, known, { state, policy, nowMs });
    const { rule, target, action, untilMs } = decision;
    if (action !== "hold" && hasActed) {
      // An action takes time, so the next decision is made on a fresh look.
      wakeAtMs = nowMs;
      continue;
    }
    hasActed ||= action !== "hold";
    const decided = { ...known, told: rule };
    state = { ...state, roots: { ...state.roots, [id]: decided } };
    if (action !== "hold" && target !== null) {
      state = withAttempt(state, target, { atMs: nowMs, isReal: action === "restart" });
    }
    const nextMs = action === "hold" ? untilMs : nowMs + policy.coolDownMs;
    if (nextMs !== null) wakeAtMs = Math.min(wakeAtMs ?? nextMs, nextMs);
    if (action !== "hold" || rule !== known.told) decisions.push(decision);
  }
  return { state: { ...state, wakeAtMs }, decisions };
}

/** Recomputes from a recorded decision, by its own figures, the action that must have followed. */
export function actionFrom(decision: RecoveryDecision): RecoveryDecision["action"] {
  const { rule, value, threshold } = decision;
  if (rule === "monitor-only") return value === threshold ? "would-restart" : "hold";
  if (rule === "root-lasts") return value < threshold ? "hold" : "restart";
  const holds = HOLDS[rule](value, threshold);
  return holds ? "hold" : "restart";
}

type Now = {
  readonly state: RecoveryState;
  readonly policy: RecoveryPolicy;
  readonly nowMs: number;
};
function decideOn(root: Root, known: KnownRoot, now: Now): RecoveryDecision {
  const { nowMs, policy, state } = now;
  const target = targetOf(root);
  const ofTarget = target === null ? [] : checksOnTarget(target, historyOf(target, state), now);
  const { voice } = state;
  const checks = [...checksOnRoot(root, known, { policy, nowMs, voice }), ...ofTarget];
  const blocking = checks.find(({ rule, value, threshold }) => HOLDS[rule](value, threshold));
  const common = { id: `${root.id}@${nowMs}`, atMs: nowMs, root: root.id, target };
  if (blocking !== undefined) {
    const { rule, value, threshold, says } = blocking;
    const untilMs = blocking.untilMs ?? null;
    return { ...common, action: "hold", rule, threshold, value, untilMs, says };
  }
  const lastsS = secondsOf(nowMs - confirmedFrom(known, voice));
  const why = `${root.id} has lasted for ${lastsS} s: ${root.evidence.join("; ")}`;
  if (state.mode === "monitor-only") {
    const mode = { rule: "monitor-only", threshold: "monitor-only", value: state.mode } as const;
    const says = `would restart ${target?.name ?? "nothing"}: ${why}`;
    return { ...common, action: "would-restart", ...mode, untilMs: null, says };
  }
  const lasts = {
    rule: "root-lasts",
    threshold: secondsOf(policy.graceMs),
    value: lastsS,
  } as const;
  const says = `restarts ${target?.name ?? "nothing"}: ${why}`;
  return { ...common, action: "restart", ...lasts, untilMs: null, says };
}

/**
 * The attempts that count against a target: in auto mode only those carried out, in monitor-only also those that were
 * only logged.
 */
function historyOf(target: Target, state: RecoveryState): TargetHistory {
  const attemptsMs = (state.attempts[keyOf(target)] ?? [])
    .filter(({ isReal }) => isReal || state.mode === "monitor-only")
    .map(({ atMs }) => atMs);
  return { attemptsMs, restartsMs: (state.restarts[target.name] ?? []).map(({ atMs }) => atMs) };
}

function targetOf({ remedy }: Root): Target | null {
  if (remedy.kind === "none") return null;
  return remedy.kind === "restart-service"
    ? { kind: "service", name: remedy.service }
    : { kind: "server", name: remedy.server };
}

function keyOf({ kind, name }: Target): string {
  return `${kind}:${name}`;
}

function withAttempt(state: RecoveryState, target: Target, attempt: Attempt): RecoveryState {
  const key = keyOf(target);
  const list = [...(state.attempts[key] ?? []), attempt].slice(-ATTEMPTS_MAX);
  return { ...state, attempts: { ...state.attempts, [key]: list } };
}

function takeNews(state: RecoveryState, news: News, policy: RecoveryPolicy): RecoveryState {
  const roots =
    news.diagnosis === null ? state.roots : rootsAfter(state.roots, news.diagnosis.roots, news);
  return {
    ...state,
    seenMs: news.atMs,
    voice: heard(state.voice, news, policy),
    restarts: restartsAfter(state.restarts, news),
    roots: Object.fromEntries(
      Object.entries(roots)
        .map(([id, known]) => [id, latched(known, news.atMs, policy)] as const)
        .filter(([, { root, comingsMs }]) => root !== null || 0 < comingsMs.length),
    ),
  };
}

function heard(before: Voice, news: News, { unconfirmedMs }: RecoveryPolicy): Voice {
  const { atMs, healthAgeMs, diagnosis } = news;
  const known = [
    before.heardMs ?? [],
    healthAgeMs === null ? [] : atMs - healthAgeMs,
    diagnosis === null ? [] : foundAt(news),
  ].flat();
  const heardMs = known.length === 0 ? null : Math.min(atMs, Math.max(...known));
  const isHeard = heardMs !== null && atMs - heardMs <= unconfirmedMs;
  return { heardMs, speaksMs: isHeard ? (before.speaksMs ?? atMs) : null };
}

function restartsAfter(
  before: RecoveryState["restarts"],
  { restartsMs = {}, atMs }: News,
): RecoveryState["restarts"] {
  const restarts = Object.entries(restartsMs).map(([name, times]) => {
    const known = new Map((before[name] ?? []).map((one) => [one.toldMs, one.atMs]));
    const taken = times.map((toldMs) => ({
      toldMs,
      atMs: known.get(toldMs) ?? Math.min(toldMs, atMs),
    }));
    return [name, taken] as const;
  });
  return { ...before, ...Object.fromEntries(restarts) };
}

/** News that arrives late dates from when it was found. */
function foundAt({ atMs, foundMs }: News): number {
  return Math.min(atMs, foundMs ?? atMs);
}

function rootsAfter(
  known: RecoveryState["roots"],
  found: readonly Root[],
  news: News,
): RecoveryState["roots"] {
  const next: Record<string, KnownRoot> = mapValues(known, (one) => ({
    ...one,
    root: null,
    told: null,
  }));
  for (const root of found.slice(0, ROOTS_MAX)) {
    const before = known[root.id];
    if (before !== undefined && before.root !== null) {
      next[root.id] = { ...before, root };
    } else {
      const comingsMs = [...(before?.comingsMs ?? []), foundAt(news)].toSorted((a, b) => a - b);
      const isLatched = before?.isLatched ?? false;
      next[root.id] = { root, sinceMs: news.atMs, comingsMs, isLatched, told: null };
    }
  }
  return next;
}

function latched(known: KnownRoot, nowMs: number, policy: RecoveryPolicy): KnownRoot {
  const comingsMs = known.comingsMs.filter((at) => nowMs - at < policy.flapWindowMs);
  const isLatched =
    policy.flapComings <= comingsMs.length || (known.isLatched && 0 < comingsMs.length);
  return { ...known, comingsMs, isLatched };
}

/** When the clock is set back, all recorded times move with it, so that no wait becomes longer. */
function shiftedTo(state: RecoveryState, nowMs: number): RecoveryState {
  const byMs = state.seenMs - nowMs;
  if (byMs <= 0) return state;
  const { heardMs, speaksMs } = state.voice;
  const earlier = (times: readonly number[]) => times.map((at) => at - byMs);
  return {
    ...state,
    seenMs: nowMs,
    voice: {
      heardMs: heardMs === null ? null : heardMs - byMs,
      speaksMs: speaksMs === null ? null : speaksMs - byMs,
    },
    roots: mapValues(state.roots, (known) => ({
      ...known,
      sinceMs: known.sinceMs - byMs,
      comingsMs: earlier(known.comingsMs),
    })),
    attempts: mapValues(state.attempts, (list) =>
      list.map((attempt) => ({ ...attempt, atMs: attempt.atMs - byMs })),
    ),
    restarts: mapValues(state.restarts, (list) =>
      list.map((one) => ({ ...one, atMs: one.atMs - byMs })),
    ),
  };
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
