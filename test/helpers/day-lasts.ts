/** For tests that say "today" more than once and need the same day. */
import { setTimeout as delay } from "node:timers/promises";
import { MS_PER_DAY } from "../../src/domain/time.ts";

const LASTS_MS = 4 * 60_000;

/** Returns at once, but for the last minutes of a day in UTC, whose end it waits for. */
export async function untilDayLasts(): Promise<void> {
  const leftMs = MS_PER_DAY - (Date.now() % MS_PER_DAY);
  if (leftMs < LASTS_MS) await delay(leftMs + 1_000);
}
