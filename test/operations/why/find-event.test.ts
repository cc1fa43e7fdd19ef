import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { EventLog } from "../../../src/adapters/event-log/event-log.ts";
import { MS_PER_DAY } from "../../../src/domain/time.ts";
import { findEvent } from "../../../src/operations/why/find-event.ts";
import { placeIn } from "../../helpers/trading/recorded-book.ts";
import { DAY_START_MS } from "../../helpers/trading/random-day.ts";
import { scanNumbered } from "../../helpers/trading/scripted.ts";

let dir = "";
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("days without a scan: the day is that of the scan that is asked about, not of the last tick", () => {
  dir = mkdtempSync(join(tmpdir(), "find-"));
  const place = placeIn(dir);
  const log = new EventLog(place, { epoch: 1, carriedCount: 0 });
  log.append({ ...scanNumbered(1, DAY_START_MS), index: 1, nowMs: DAY_START_MS });
  for (const day of [1, 2, 3]) {
    log.append({ kind: "tick", index: day + 1, nowMs: DAY_START_MS + day * MS_PER_DAY });
  }
  log.close();
  const found = { askedIndex: 1, lastIndex: 4, day: "2026-03-25" };
  expect(findEvent(place, { kind: "now" })).toEqual(found);
  const ms = DAY_START_MS + 2 * MS_PER_DAY;
  expect(findEvent(place, { kind: "time", ms })).toEqual({ ...found, lastIndex: 3 });
  expect(findEvent(place, { kind: "time", ms: DAY_START_MS - 1 })).toBeNull();
});
