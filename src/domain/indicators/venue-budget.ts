/**
 * What all workers together may ask of a venue: a bucket of weight that refills, a time before which it has told
 * us not to come, and a breaker that opens after failures in a row and lets one probe through.
 * Invariant: what is granted has been taken from the state that is returned; whoever may not keep it asks again.
 */
import { MS_PER_DAY, MS_PER_MINUTE } from "../time.ts";

export type Venue = {
  /** Its budget is one, whatever reads from it. */
  readonly name: string;
  /** Below what it allows: other programs of the same address ask it, too. */
  readonly weightPerMinute: number;
  /** A header that says what of its own limit is used up in this minute, and how much of it we leave to others. */
  readonly used?: { readonly header: string; readonly max: number };
};

export type VenueState = {
  readonly weight: number;
  readonly atMs: number;
  /** By its own word. */
  readonly blockedUntilMs: number;
  /** In a row. */
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

/** How the venue took what was asked of it. */
export type VenueAnswer =
  | { readonly kind: "well"; readonly used: number | null }
  | { readonly kind: "too_many"; readonly waitMs: number }
  | { readonly kind: "failed" };

export const FAILURES_MAX = 5;
const OPEN_FIRST_MS = 30_000;
const OPEN_MAX_MS = 10 * MS_PER_MINUTE;
/** The longest ban that a venue is known to give. */
const BLOCK_MAX_MS = 3 * MS_PER_DAY;
/** The clocks of two hosts differ by less; a state from further ahead is of a clock that was set. */
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
  // One that asks more than there ever is gets all of it.
  const weight = Math.min(about.weight, venue.weightPerMinute);
  if (now.weight < weight) {
    const waitMs = ((weight - now.weight) / venue.weightPerMinute) * MS_PER_MINUTE;
    return { kind: "wait", untilMs: nowMs + Math.ceil(waitMs), why: "over_budget" };
  }
  // Who comes first after an open breaker is its probe: for the others it stays open till that is over.
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
      // Its minute is the one of the clock.
      const nextMinuteMs = (Math.floor(nowMs / MS_PER_MINUTE) + 1) * MS_PER_MINUTE;
      const blockedUntilMs = isUsedUp
        ? Math.max(now.blockedUntilMs, nextMinuteMs)
        : now.blockedUntilMs;
      return { ...now, failures: 0, openUntilMs: 0, blockedUntilMs };
    }
    case "too_many": {
      const untilMs = nowMs + Math.min(answer.waitMs, BLOCK_MAX_MS);
      // It answers: nothing of it is broken. What was saved up is not to be spent at once afterwards.
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

/** Of a clock that was set nothing is known: a time that is kept from it would be waited for until it comes. */
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
