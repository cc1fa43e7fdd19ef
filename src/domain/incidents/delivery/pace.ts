/**
 * The request rate of a channel: its published rate limit, a pause that it asked for, and a circuit breaker, so that
 * many incidents do not each find out that it is down.
 */
import { MS_PER_MINUTE, MS_PER_SECOND } from "../../time.ts";
import type { SendResult } from "./delivery-policy.ts";

export type Budget = {
  readonly perMinute: number;
  /** Requests that may follow at once after a silence. */
  readonly burst: number;
};

/** Times are of this process's monotonic clock. */
export type DeliveryPace = {
  readonly tokens: number;
  readonly countedAtMs: number;
  /** Consecutive attempts that failed at the channel itself, whatever the message. */
  readonly failures: number;
  readonly closedUntilMs: number;
};

/** After this many consecutive failures the breaker opens for a while, then lets one request through. */
const FAILURES_MAX = 4;
const FIRST_REST_MS = 5 * MS_PER_SECOND;
const REST_MS_MAX = 2 * MS_PER_MINUTE;
const PAUSE_MS_MAX = 15 * MS_PER_MINUTE;

export function freshPace(budget: Budget, nowMs: number): DeliveryPace {
  return { tokens: budget.burst, countedAtMs: nowMs, failures: 0, closedUntilMs: nowMs };
}

/** Time until the next request may be made; 0: now. */
export function waitMs(pace: DeliveryPace, budget: Budget, nowMs: number): number {
  const missing = 1 - tokensAt(pace, budget, nowMs);
  const forToken = missing <= 0 ? 0 : (missing * MS_PER_MINUTE) / budget.perMinute;
  return Math.max(0, forToken, pace.closedUntilMs - nowMs);
}

/** Whether the breaker is open after consecutive failures. */
export function isResting({ failures, closedUntilMs }: DeliveryPace, nowMs: number): boolean {
  return FAILURES_MAX <= failures && nowMs < closedUntilMs;
}

export function afterRequest(
  pace: DeliveryPace,
  budget: Budget,
  { answer, nowMs }: { readonly answer: SendResult; readonly nowMs: number },
): DeliveryPace {
  const counted = { tokens: tokensAt(pace, budget, nowMs) - 1, countedAtMs: nowMs };
  // A channel that refuses a message is reachable.
  if (answer.kind !== "failed") return { ...counted, failures: 0, closedUntilMs: nowMs };
  const failures = pace.failures + 1;
  const rest =
    failures < FAILURES_MAX
      ? 0
      : Math.min(REST_MS_MAX, FIRST_REST_MS * 2 ** Math.min(failures - FAILURES_MAX, 20));
  const asked = Math.min(PAUSE_MS_MAX, Math.max(0, answer.afterMs ?? 0));
  return { ...counted, failures, closedUntilMs: nowMs + Math.max(rest, asked) };
}

function tokensAt(pace: DeliveryPace, budget: Budget, nowMs: number): number {
  const grown = (Math.max(0, nowMs - pace.countedAtMs) * budget.perMinute) / MS_PER_MINUTE;
  return Math.min(budget.burst, pace.tokens + grown);
}
