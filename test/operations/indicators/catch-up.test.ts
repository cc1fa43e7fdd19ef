/** After an outage missed readings of a short pace are not caught up, and of a long pace exactly one is. */
import { globSync } from "node:fs";
import { basename, resolve } from "node:path";
import { expect, test } from "vitest";
import {
  configuredIndicator,
  scheduleOf,
} from "../../../src/operations/indicators/configured-indicators.ts";

const KINDS = resolve(import.meta.dirname, "../../../src/wire/indicators/kinds");
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

test.each(
  globSync("*.ts", { cwd: KINDS }).map((file) => basename(file, ".ts").replaceAll("-", "_")),
)("%s: as many are made up for after an hour as its pace says", async (name) => {
  const indicator = await configuredIndicator(name, {});
  const { everyMs, offsetMs, catchUpMs } = scheduleOf(indicator);
  // Hours that end at any minute; Temporal makes up for what was due within the window before the end.
  for (let endMs = 10 * HOUR_MS; endMs < 11 * HOUR_MS; endMs += 7 * MINUTE_MS + 31_000) {
    let madeUp = 0;
    for (let dueMs = offsetMs; dueMs < endMs; dueMs += everyMs) {
      if (endMs - HOUR_MS <= dueMs && endMs - (catchUpMs ?? 0) <= dueMs) madeUp += 1;
    }
    const isLong = 10 * MINUTE_MS <= everyMs;
    expect([name, endMs, madeUp]).toEqual([name, endMs, isLong ? 1 : 0]);
  }
});
