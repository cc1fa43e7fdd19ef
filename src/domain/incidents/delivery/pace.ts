/**
 * How fast a channel is asked: a budget of requests as it publishes it, a pause that it asked for, and a
 * breaker, so that many incidents do not each find out that it is away.
 */
import { MS_PER_MINUTE, MS_PER_SECOND } from "../../time.ts";
import type { Answer } from "./delivery-policy.ts";

export type Budget = {
  readonly perMinute: number;
  /** At once, after a silence. */
  readonly burst: number;
};

/** Times are of a monotonic clock: of one process. */
export type Pace = {
  readonly tokens: number;
  readonly countedAtMs: number;
  /** In a row: attempts that the channel itself failed, whatever the message. */
  readonly failures: number;
  readonly closedUntilMs: number;
};

/** After so many failures in a row it is left alone for a while, then asked once. */
const FAILURES_MAX = 4;
const FIRST_REST_MS = 5 * MS_PER_SECOND;
const REST_MS_MAX = 2 * MS_PER_MINUTE;
const PAUSE_MS_MAX = 15 * MS_PER_MINUTE;

export function freshPace(budget: Budget, nowMs: number): Pace {
  return { tokens: budget.burst, countedAtMs: nowMs, failures: 0, closedUntilMs: nowMs };
}

/** How long until the next request; 0: now. */
export function waitMs(pace: Pace, budget: Budget, nowMs: number): number {
  const missing = 1 - tokensAt(pace, budget, nowMs);
  const forToken = missing <= 0 ? 0 : (missing * MS_PER_MINUTE) / budget.perMinute;
  return Math.max(0, forToken, pace.closedUntilMs - nowMs);
}

/** The breaker is open: it has failed several times in a row, and is left alone. */
export function isResting({ failures, closedUntilMs }: Pace, nowMs: number): boolean {
  return FAILURES_MAX <= failures && nowMs < closedUntilMs;
}

export function afterRequest(
  pace: Pace,
  budget: Budget,
  { answer, nowMs }: { readonly answer: Answer; readonly nowMs: number },
): Pace {
  const counted = { tokens: tokensAt(pace, budget, nowMs) - 1, countedAtMs: nowMs };
  // Who refuses a message is there.
  if (answer.kind !== "failed") return { ...counted, failures: 0, closedUntilMs: nowMs };
  const failures = pace.failures + 1;
  const rest =
    failures < FAILURES_MAX
      ? 0
      : Math.min(REST_MS_MAX, FIRST_REST_MS * 2 ** Math.min(failures - FAILURES_MAX, 20));
  const asked = Math.min(PAUSE_MS_MAX, Math.max(0, answer.afterMs ?? 0));
  return { ...counted, failures, closedUntilMs: nowMs + Math.max(rest, asked) };
}

function tokensAt(pace: Pace, budget: Budget, nowMs: number): number {
  const grown = (Math.max(0, nowMs - pace.countedAtMs) * budget.perMinute) / MS_PER_MINUTE;
  return Math.min(budget.burst, pace.tokens + grown);
}
