/**
 * The connections to a venue's streams: which symbols share one, when it is renewed, and how often connections are
 * opened at most. Binance ends a connection after 24 hours, and bans a client that opens more than 300 in 5 minutes.
 */
import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from "../time.ts";

/**
 * Deals symbols to connections: as few as hold them but at least `connectionsMin`, each with
 * about the same number.
 */
export function dealSymbols(
  symbols: readonly string[],
  about: { readonly perConnection: number; readonly connectionsMin: number },
): readonly (readonly string[])[] {
  const least = Math.ceil(symbols.length / about.perConnection);
  const count = Math.min(symbols.length, Math.max(least, about.connectionsMin));
  return Array.from({ length: count }, (_, at) =>
    symbols.filter((_symbol, index) => index % count === at),
  );
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = MS_PER_MINUTE;
const DOUBLINGS_MAX = 10;

/** Back-off after consecutive failures; `chance`, from 0 to 1, is the jitter. */
export function reconnectWaitMs(failures: number, chance: number): number {
  const waitMs = FIRST_WAIT_MS * 2 ** Math.min(Math.max(0, failures - 1), DOUBLINGS_MAX);
  return Math.min(waitMs, LONGEST_WAIT_MS) * (0.5 + chance / 2);
}

/** The age at which a connection is replaced by a new one, well before the venue ends it. */
export function renewAfterMs(chance: number): number {
  return (22 + chance) * MS_PER_HOUR;
}

const ATTEMPTS_MAX = 150;
const ATTEMPTS_WITHIN_MS = 5 * MS_PER_MINUTE;

/** How long the next attempt must wait, given the times of earlier ones; removes old ones from the list. */
export function attemptWaitMs(attemptsMs: number[], nowMs: number): number {
  while (0 < attemptsMs.length && attemptsMs[0]! <= nowMs - ATTEMPTS_WITHIN_MS) attemptsMs.shift();
  if (attemptsMs.length < ATTEMPTS_MAX) return 0;
  return attemptsMs[0]! + ATTEMPTS_WITHIN_MS - nowMs;
}

/** Limit of what we send (answers to pings): half of what the venue allows. */
export const SENT_PER_SECOND_MAX = 5;

/** A connection without any message for this long is considered dead. */
export function silentAfterMs(silentS: number): number {
  return silentS * MS_PER_SECOND;
}
