import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ScanJournal } from "../../src/adapters/scan-journal/scan-journal.ts";
import { scanSource } from "../../src/dashboard/live-scans.ts";
import { journaledScan } from "../helpers/trading/traced-book.ts";

let dir = "";
let journal: ScanJournal;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "dolphin-live-scans-"));
  mkdirSync(join(dir, "journal"));
  journal = new ScanJournal(join(dir, "journal", "scan-bridge.db"));
  journal.claimEpoch(1);
});
afterAll(() => {
  journal.close();
  rmSync(dir, { recursive: true, force: true });
});

test("of scans that come faster than somebody reads the first is reported at once, then the newest", async () => {
  let nowMs = 1_000;
  const source = scanSource(dir, () => nowMs);
  const sent: unknown[] = [];
  // Fifty a second, looked for ten times a second.
  for (let seq = 1; seq <= 25; seq += 1, nowMs += 20) {
    journal.append([journaledScan(seq, 20)]);
    if (seq % 5 === 1) sent.push(await source.read());
  }
  nowMs += 200;
  sent.push(await source.read(), await source.read());
  expect(sent.map((one) => Object(one ?? {}).seq)).toEqual([
    1,
    undefined,
    11,
    undefined,
    21,
    25,
    undefined,
  ]);
  source.rest?.();
});
