/**
 * How a venue's streams are had: which symbols go over which connection, when a connection is opened anew, and how
 * often at most. Binance cuts a connection after 24 hours, and whoever opens more than 300 in 5 minutes.
 */
import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from "../time.ts";

/** Symbols by connection: as few connections as hold them, but not one alone, and about the same for each. */
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

/** After so many failures in a row; `chance`, from 0 to 1, spreads those that failed at once. */
export function reconnectWaitMs(failures: number, chance: number): number {
  const waitMs = FIRST_WAIT_MS * 2 ** Math.min(Math.max(0, failures - 1), DOUBLINGS_MAX);
  return Math.min(waitMs, LONGEST_WAIT_MS) * (0.5 + chance / 2);
}

/** The age at which a connection gives way to a new one, well before the venue ends it. */
export function renewAfterMs(chance: number): number {
  return (22 + chance) * MS_PER_HOUR;
}

const ATTEMPTS_MAX = 150;
const ATTEMPTS_WITHIN_MS = 5 * MS_PER_MINUTE;

/** How long the next attempt waits, by the times of those before it; old ones are taken out of the list. */
export function attemptWaitMs(attemptsMs: number[], nowMs: number): number {
  while (0 < attemptsMs.length && attemptsMs[0]! <= nowMs - ATTEMPTS_WITHIN_MS) attemptsMs.shift();
  if (attemptsMs.length < ATTEMPTS_MAX) return 0;
  return attemptsMs[0]! + ATTEMPTS_WITHIN_MS - nowMs;
}

/** Of what we send, answers to pings, half of what the venue bears. */
export const SENT_PER_SECOND_MAX = 5;

/** A connection without any message for so long is taken for dead. */
export function silentAfterMs(silentS: number): number {
  return silentS * MS_PER_SECOND;
}
