import { expect, test } from "vitest";
import { BACKUP_STEPS, backupStepOf } from "../../../src/domain/backup/backup-order.ts";

test.each([
  ["journal/trading/BLUE/told.json", "told"],
  ["temporal/temporal.db", "temporal"],
  ["journal/trading/BLUE.db", "books"],
  ["journal/trading/BLUE/trades.jsonl", "books"],
  ["journal/trading/BLUE/snapshots/0000000000001560.snap", "books"],
  ["journal/trading/BLUE/outcomes/2026-11-30.digests", "books"],
  ["journal/trading/BLUE/2026-11-30.seg", "logs"],
  ["journal/scan-bridge.db.ahead-3", "ahead"],
  ["journal/scan-bridge.db", "rest"],
  ["safety/incidents.sqlite", "rest"],
  ["code/core-94.br", "rest"],
])("%s is copied with %s", (path, step) => {
  expect(backupStepOf(path)).toBe(step);
});

test.each([
  "up.json",
  "lock.db",
  "journal/trading/BLUE/lock.db-journal",
  "journal/scan-bridge.db-wal",
  "journal/trading/BLUE.db-shm",
  "control/trader-blue.sock",
  "run/dolphin.yaml",
  "logs/worker.log",
  "supervisord/supervisord.pid",
  "supervisord/worker-scan.out.3",
  ".restoring/journal/scan-bridge.db",
  "journal/trading/BLUE/told.json.tmp",
])("%s is not copied", (path) => {
  expect(backupStepOf(path)).toBeNull();
});

test("what is derived goes before what it is derived from", () => {
  expect(BACKUP_STEPS).toEqual(["told", "temporal", "books", "logs", "ahead", "rest"]);
});
