/**
 * The shared rate limit of a venue over all workers: a token bucket of request weight, a time before which the venue
 * has told us not to come, and a circuit breaker that opens after consecutive failures and lets one probe through.
 * Invariant: a grant has been deducted from the returned state; a caller that cannot store that state has to ask
 * again.
 */
import { MS_PER_DAY, MS_PER_MINUTE } from "../time.ts";

export type Venue = {
  /** One budget, whichever component uses it. */
  readonly name: string;
  /** Below what the venue allows: other programs of the same address use it, too. */
  readonly weightPerMinute: number;
  /** A header with the weight used in this minute, and the value at which we stop to leave room for others. */
  readonly used?: { readonly header: string; readonly max: number };
};

export type VenueState = {
  readonly weight: number;
  readonly atMs: number;
  /** As the venue said. */
  readonly blockedUntilMs: number;
  /** Consecutive failures. */
  readonly failures: number;
  readonly openUntilMs: number;
};

export type Grant =
  | { readonly kind: "granted"; readonly state: VenueState }
  | {
      readonly kind: "wait";
      readonly untilMs: number;
      readonly why: "over_budget" | "told_to_wait" | "circuit_open";
    };

/** How the venue answered a request. */
export type VenueAnswer =
  | { readonly kind: "well"; readonly used: number | null }
  | { readonly kind: "too_many"; readonly waitMs: number }
  | { readonly kind: "failed" };

export const FAILURES_MAX = 5;
const OPEN_FIRST_MS = 30_000;
const OPEN_MAX_MS = 10 * MS_PER_MINUTE;
/** The longest ban that the venue is known to impose. */
const BLOCK_MAX_MS = 3 * MS_PER_DAY;
/** Clocks of two hosts differ by less; a state further ahead comes from a clock that was set. */
const AHEAD_MAX_MS = MS_PER_MINUTE;

export function unusedVenue(venue: Venue, nowMs: number): VenueState {
  return {
    weight: venue.weightPerMinute,
    atMs: nowMs,
    blockedUntilMs: 0,
    failures: 0,
    openUntilMs: 0,
  };
}

export function askVenue(
  state: VenueState,
  venue: Venue,
  about: { readonly weight: number; readonly nowMs: number },
): Grant {
  const { nowMs } = about;
  const now = refilled(state, venue, nowMs);
  if (nowMs < now.blockedUntilMs) {
    return { kind: "wait", untilMs: now.blockedUntilMs, why: "told_to_wait" };
  }
  if (nowMs < now.openUntilMs) {
    return { kind: "wait", untilMs: now.openUntilMs, why: "circuit_open" };
  }
  // A request above the whole budget takes all of it.
  const weight = Math.min(about.weight, venue.weightPerMinute);
  if (now.weight < weight) {
    const waitMs = ((weight - now.weight) / venue.weightPerMinute) * MS_PER_MINUTE;
    return { kind: "wait", untilMs: nowMs + Math.ceil(waitMs), why: "over_budget" };
  }
  // The first request after the breaker opened is its probe: for all others it stays open until the probe has
  // finished.
  const openUntilMs = now.failures < FAILURES_MAX ? 0 : nowMs + OPEN_FIRST_MS;
  return { kind: "granted", state: { ...now, weight: now.weight - weight, openUntilMs } };
}

export function venueAnswered(
  state: VenueState,
  venue: Venue,
  about: { readonly answer: VenueAnswer; readonly nowMs: number },
): VenueState {
  const { answer, nowMs } = about;
  const now = refilled(state, venue, nowMs);
  switch (answer.kind) {
    case "well": {
      const isUsedUp =
        venue.used !== undefined && answer.used !== null && venue.used.max <= answer.used;
      // The venue counts by the minute of the clock.
      const nextMinuteMs = (Math.floor(nowMs / MS_PER_MINUTE) + 1) * MS_PER_MINUTE;
      const blockedUntilMs = isUsedUp
        ? Math.max(now.blockedUntilMs, nextMinuteMs)
        : now.blockedUntilMs;
      return { ...now, failures: 0, openUntilMs: 0, blockedUntilMs };
    }
    case "too_many": {
      const untilMs = nowMs + Math.min(answer.waitMs, BLOCK_MAX_MS);
      // The venue answers, so it is not broken. Tokens saved up meanwhile must not be spent at once.
      return {
        ...now,
        weight: 0,
        failures: 0,
        openUntilMs: 0,
        blockedUntilMs: Math.max(now.blockedUntilMs, untilMs),
      };
    }
    case "failed": {
      const failures = Math.min(now.failures + 1, FAILURES_MAX + 20);
      const openMs = Math.min(OPEN_FIRST_MS * 2 ** (failures - FAILURES_MAX), OPEN_MAX_MS);
      return {
        ...now,
        failures,
        openUntilMs: failures < FAILURES_MAX ? now.openUntilMs : nowMs + openMs,
      };
    }
  }
}

/** A state of a clock that was set is discarded: otherwise its times would be waited for. */
function refilled(state: VenueState, venue: Venue, nowMs: number): VenueState {
  if (nowMs + AHEAD_MAX_MS < state.atMs) return unusedVenue(venue, nowMs);
  const forMs = Math.max(0, nowMs - state.atMs);
  const gained = (forMs / MS_PER_MINUTE) * venue.weightPerMinute;
  return {
    ...state,
    weight: Math.min(venue.weightPerMinute, state.weight + gained),
    atMs: Math.max(state.atMs, nowMs),
  };
}
