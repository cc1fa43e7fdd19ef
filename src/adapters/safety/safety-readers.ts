/** The watchdog's readers: the trader over its local socket, health's report and the forecast from their files. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BookReading, ForewarnReading, HealthReading } from "../../domain/safety/readings.ts";
import type { Posture } from "../../domain/trading/posture.ts";
import {
  bookReading,
  forewarnReading,
  healthReading,
  isOlderTrader,
} from "../../wire/safety/safety-readings.ts";
import { forewarnNowFile } from "../../wire/forewarn/forewarn-place.ts";
import { WATCHDOG } from "../../wire/safety/safety-control.ts";
import { wallMs } from "../clock.ts";
import { askControl, controlSocketPath } from "../control/ask-control.ts";

export type TellTrader = (posture: {
  readonly posture: Posture;
  readonly entries: "go" | "stop";
}) => Promise<BookReading | "older" | null>;

const ANSWER_CHARS_MAX = 4_194_304;
const HEALTH_BYTES_MAX = 4_194_304;
const FOREWARN_BYTES_MAX = 1_048_576;
const HEALTH_FILE = "meta_health.json";

/**
 * Sends the posture, and reads the book's status from the answer; null where none came in time, `older` where the
 * trader does not know the request.
 */
export function createTellTrader(dataDir: string, service: string, withinMs: number): TellTrader {
  const path = controlSocketPath(dataDir, service);
  const limits = { withinMs, answerCharsMax: ANSWER_CHARS_MAX };
  let count = 0;
  return async ({ posture, entries }) => {
    count += 1;
    const id = `${WATCHDOG} ${count}`;
    const sent = { posture, entries, source: WATCHDOG, as_of_ms: wallMs() };
    const asked = { command: "posture", id, ...sent };
    try {
      const line = await askControl(path, JSON.stringify(asked), limits);
      // An older trader sends no status: only then the line is examined again.
      return bookReading(line, wallMs()) ?? (isOlderTrader(line) ? "older" : null);
    } catch {
      return null;
    }
  };
}

export function createHealthReader(dataDir: string): () => HealthReading | null {
  return createFileReader(join(dataDir, HEALTH_FILE), HEALTH_BYTES_MAX, healthReading);
}

export function createForewarnReader(dataDir: string, book: string): () => ForewarnReading | null {
  return createFileReader(forewarnNowFile(dataDir, book), FOREWARN_BYTES_MAX, forewarnReading);
}

type Aged = { readonly ageMs: number };

/** Reads the file only if it has changed since the last look. */
function createFileReader<T extends Aged>(
  path: string,
  bytesMax: number,
  read: (text: string, nowMs: number) => T | null,
): () => T | null {
  let seen = "";
  let found: { readonly reading: T | null; readonly atMs: number } | null = null;
  return () => {
    const now = wallMs();
    try {
      const { ino, mtimeMs, size } = statSync(path);
      const is = `${ino} ${mtimeMs} ${size}`;
      if (found === null || is !== seen) {
        const text = bytesMax < size ? "" : readFileSync(path, "utf8");
        found = { reading: read(text, now), atMs: now };
        seen = is;
      }
    } catch {
      found = null;
      return null;
    }
    const { reading, atMs } = found;
    return reading === null ? null : { ...reading, ageMs: reading.ageMs + now - atMs };
  };
}
