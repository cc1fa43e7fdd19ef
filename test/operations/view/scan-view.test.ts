import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ScanJournal } from "../../../src/adapters/scan-journal/scan-journal.ts";
import { createScanView } from "../../../src/operations/view/scan-view.ts";
import { eventMs, journaledScan } from "../../helpers/trading/traced-book.ts";

const PERIOD_MS = 500;
const SCANS = 3_000;
const MISSING = new Set([1_000, 1_001, 2_500]);
const LATE = 2_000;
const SLOW = 1_500;
const from = eventMs(0, PERIOD_MS);
const until = eventMs(SCANS + 1, PERIOD_MS);
let dir = "";
let path = "";
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "dolphin-scan-view-"));
  path = join(dir, "scan-bridge.db");
});
afterEach(() => rmSync(dir, { recursive: true }));

function writeJournal(): void {
  const journal = new ScanJournal(path);
  journal.claimEpoch(1);
  const seqs = Array.from({ length: SCANS }, (_, at) => at + 1).filter((seq) => !MISSING.has(seq));
  journal.append(
    seqs.map((seq) => {
      const row = journaledScan(seq, PERIOD_MS, { late: seq === LATE });
      return seq === SLOW ? { ...row, mtimeUs: row.mtimeUs - 400_000 } : row;
    }),
    ["b.arrow", "a.arrow"].map((name, at) => ({
      file: `2026-03-25/${name}`,
      size: 10,
      mtimeUs: 0,
      verdict: { kind: "quarantined", reason: "torn", detail: `<b>${name}</b>` } as const,
      atUs: (from + at) * 1_000,
    })),
  );
  journal.close();
}

test("no bridge has run: there is nothing to tell", () => {
  expect(createScanView(path).history({ sinceMs: from, untilMs: until })).toBeNull();
});

test("parts of a period add up to it, and keep the slowest scan, the late one, and every hole", () => {
  writeJournal();
  const view = createScanView(path);
  for (const _ of [1, 2]) {
    const history = view.history({ sinceMs: from, untilMs: until })!;
    const { atMs, perSecond, partMs, lagHighMs, lagLowMs, total } = history;
    expect(atMs.length).toBeLessThanOrEqual(1_000);
    const counted = perSecond.reduce((sum, rate) => sum + (rate * partMs) / 1_000, 0);
    expect(Math.round(counted)).toBe(SCANS - MISSING.size);
    expect(total).toEqual({ scans: SCANS - 3, late: 1, replayed: 0, missing: 3 });
    expect(Math.max(...lagHighMs.map(Number))).toBeCloseTo(401.7);
    expect(Math.min(...lagLowMs.filter((low) => low !== null))).toBeCloseTo(1.7);
    expect(history.gaps).toEqual([
      { after: 2_499, before: 2_501 },
      { after: 999, before: 1_002 },
    ]);
    expect(history.late.map(({ seq }) => seq)).toEqual([LATE]);
    expect(history.newest?.seq).toBe(SCANS);
    expect(history.quarantined.map(({ file, reason }) => [file, reason])).toEqual([
      ["2026-03-25/a.arrow", "torn"],
      ["2026-03-25/b.arrow", "torn"],
    ]);
    expect(history.verdicts).toContainEqual({ verdict: "quarantined", reason: "torn", count: 2 });
  }
});

test("a period without a scan has parts without any", () => {
  writeJournal();
  const later = { sinceMs: until + 60_000, untilMs: until + 120_000 };
  const history = createScanView(path).history(later)!;
  expect(history.total).toEqual({ scans: 0, late: 0, replayed: 0, missing: 0 });
  expect(new Set(history.perSecond)).toEqual(new Set([0]));
  expect(new Set(history.lagMeanMs)).toEqual(new Set([null]));
});
