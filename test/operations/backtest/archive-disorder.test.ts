import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadStrategy } from "../../../src/adapters/strategy-file/load-strategy.ts";
import { runBacktest } from "../../../src/operations/backtest/run-backtest.ts";
import { readWhole } from "../../../src/operations/backtest/whole-archive.ts";
import { DEFAULT_RUN_SETTINGS } from "../../../src/domain/backtest/run-settings.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { createScanEncoder } from "../../../src/wire/arrow-writer.ts";
import type { BacktestRecord } from "../../../src/reports/run-record.ts";
import { compact } from "../../helpers/bulk-archive.ts";
import { realCloses } from "../../helpers/trading/real-closes.ts";

const DAY_MS = 86_400_000;
const SCANS = 1_400;
/** Where the writer begins anew. */
const RESTART = 800;
/** Stamped a day ahead: early, so that most trades come after it. */
const AHEAD = 400;
const dir = mkdtempSync(join(tmpdir(), "dolphin-disorder-"));
const closes = realCloses();
const random = seededRandom(9);
/** Files of a copy that was made on one afternoon, many at a time. */
const copyMs = Array.from(
  { length: SCANS },
  () => Date.parse("2026-05-05T15:00:00Z") + 60_000 * random.uniform(),
);

type Laid = {
  readonly number?: (row: number) => number;
  readonly name?: (row: number) => string;
  readonly stampMs?: (row: number, timeMs: number) => number;
  readonly fileMs?: (row: number, timeMs: number) => number;
};

function put(name: string, laid: Laid = {}): { archive: string; days: readonly string[] } {
  const archive = join(dir, name);
  const encode = createScanEncoder(closes.assets);
  const width = closes.assets.length;
  const days = new Set<string>();
  for (let row = 0; row < SCANS; row += 1) {
    const timeMs = closes.timesMs[row]!;
    const day = new Date(timeMs).toISOString().slice(0, 10);
    if (!days.has(day)) mkdirSync(join(archive, day), { recursive: true });
    days.add(day);
    const largest = closes.eigenvalues[row * closes.eigenvalueCount]!;
    const bytes = encode({
      scanNumber: laid.number?.(row) ?? row + 1,
      timestampMicros: (laid.stampMs?.(row, timeMs) ?? timeMs) * 1_000,
      prices: closes.prices.slice(row * width, (row + 1) * width),
      eigenvalues: largest > 0 ? Float64Array.of(largest) : new Float64Array(0),
    });
    const path = join(
      archive,
      day,
      `${laid.name?.(row) ?? `scan_${String(row).padStart(6, "0")}`}.arrow`,
    );
    writeFileSync(path, bytes);
    const fileS = (laid.fileMs?.(row, timeMs) ?? timeMs) / 1_000;
    utimesSync(path, fileS, fileS);
  }
  for (const day of days) {
    const endS = (Date.parse(day) + DAY_MS) / 1_000;
    utimesSync(join(archive, day), endS, endS);
  }
  return { archive, days: [...days] };
}

async function run(archive: string, acceptDisorder = false): Promise<BacktestRecord> {
  return runBacktest(
    {
      name: "test",
      range: { archive, from: null, to: null, acceptDisorder },
      settings: DEFAULT_RUN_SETTINGS,
      differsFromBook: [],
      strategy: await loadStrategy("velocity-divergence"),
      out: join(dir, "run"),
    },
    { onProgress: () => {}, onProblem: () => {}, signal: new AbortController().signal },
  );
}

let whole: BacktestRecord;
beforeAll(async () => {
  whole = await run(put("whole").archive);
});
afterAll(() => rmSync(dir, { recursive: true }));

function restartedNumber(row: number): number {
  return row < RESTART ? row + 1 : row - RESTART + 1;
}

function stampedAhead(row: number, timeMs: number): number {
  return row === AHEAD ? timeMs + DAY_MS : timeMs;
}

function setBack(row: number, timeMs: number): number {
  return row < 900 ? timeMs : timeMs - 3_600_000;
}

const unpadded = (row: number): string => `scan_${row}`;
const copied = (row: number): number => copyMs[row]!;

test.each<[string, Laid]>([
  ["with padded names", { fileMs: copied }],
  ["with names that are not padded", { fileMs: copied, name: unpadded }],
  [
    "file by file, in the order of the names",
    { fileMs: (row) => copyMs[0]! + row, name: unpadded },
  ],
])("a copy without its files' times, %s, gives the result of the whole", async (how, laid) => {
  const { archive, days } = put(how, laid);
  const { report, read } = await run(archive);
  expect(whole.report.trades.count).toBeGreaterThan(5);
  expect(report.resultHash).toBe(whole.report.resultHash);
  expect(read.reordered > 0).toBe(laid.fileMs === copied);
  expect(read.reorderedDays).toBe(laid.fileMs === copied ? days.length : 0);
  for (const day of days.slice(0, 3)) await compact(archive, day);
  const compacted = await run(archive);
  expect(compacted.report.resultHash).toBe(whole.report.resultHash);
  expect(compacted.read).toEqual(read);
});

test("a writer that restarted is put in order by its times", async () => {
  const restarted = await run(put("restarted", { number: restartedNumber }).archive);
  expect(restarted.read.reordered).toBe(0);
  const name = (row: number): string => `scan_${restartedNumber(row)}${row < RESTART ? "" : "b"}`;
  const { report } = await run(
    put("restarted-copy", { number: restartedNumber, name, fileMs: copied }).archive,
  );
  expect(report.resultHash).toBe(restarted.report.resultHash);
  // A check sees the same scans as a run: the writer's own numbers among them.
  const range = { archive: join(dir, "restarted-copy"), from: null, to: null };
  const checked = await readWhole(range, { scansMax: SCANS, onProblem: () => {} });
  expect(checked?.scanNumbers?.slice(RESTART - 1, RESTART + 1)).toEqual(
    Float64Array.of(RESTART, 1),
  );
});

test.each<[string, Laid]>([
  ["as it was written", {}],
  ["as a copy of it", { fileMs: copied }],
])("one scan stamped a day ahead costs no trade, %s", async (how, laid) => {
  const { archive, days } = put(`ahead ${how}`, { ...laid, stampMs: stampedAhead });
  const loose = await run(archive);
  expect(loose.report.trades).toEqual(whole.report.trades);
  expect(loose.read).toMatchObject({ ahead: 1, backwards: 0, scans: SCANS });
  for (const day of days) await compact(archive, day);
  const compacted = await run(archive);
  expect(compacted.report.resultHash).toBe(loose.report.resultHash);
});

test("scans that go back in time end the run where they are many, unless that is accepted", async () => {
  const { archive } = put("set-back", { stampMs: setBack });
  await expect(run(archive)).rejects.toThrow(/^11 of 1400 scans in .* go back in time/);
  const { read } = await run(archive, true);
  expect(read).toMatchObject({ backwards: 11, ahead: 0, reordered: 0 });
});
