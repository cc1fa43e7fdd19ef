/**
 * A run that was stopped at any point continues from its checkpoint to the same files, and reads no finished day again.
 */
import {
  copyFileSync,
  globSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openArchivePass } from "../../../src/operations/backtest/archive-chunks.ts";
import { loadStrategy } from "../../../src/adapters/strategy-file/load-strategy.ts";
import { runBacktest, type BacktestJob } from "../../../src/operations/backtest/run-backtest.ts";
import { DEFAULT_RUN_SETTINGS } from "../../../src/domain/backtest/run-settings.ts";
import { compact } from "../../helpers/bulk-archive.ts";
import { putChunk, stretched } from "../../helpers/trading/archive-of-chunk.ts";
import { realCloses } from "../../helpers/trading/real-closes.ts";

const STEP_MS = 1_200_000;
const dir = mkdtempSync(join(tmpdir(), "dolphin-checkpoints-"));
const archive = join(dir, "arrow_scans");
const range = { archive, from: null, to: null };
const ATTEMPT = { id: "first", checkpointEveryMs: 0 };
let days: readonly string[];
let runs = 0;

beforeAll(async () => {
  days = putChunk(archive, stretched(realCloses(), STEP_MS));
  // Some days are compacted, one file exists twice, one is not a scan, one arrived a day too late.
  for (const day of days.slice(10, 20)) await compact(archive, day);
  const at = (day: number, name: string) => join(archive, days[day]!, name);
  const [first = "", second = ""] = globSync("*.arrow", {
    cwd: join(archive, days[3]!),
  }).toSorted();
  copyFileSync(at(3, first), at(5, "again.arrow"));
  const fifthS = Date.parse(days[5]!) / 1_000;
  utimesSync(at(5, "again.arrow"), fifthS + 30_000, fifthS + 30_000);
  utimesSync(at(3, second), fifthS + 50_000, fifthS + 50_000);
  writeFileSync(at(4, "wrong.arrow"), "no scan");
  const oldS = fifthS - 1_000;
  utimesSync(at(4, "wrong.arrow"), oldS, oldS);
});
afterAll(() => rmSync(dir, { recursive: true }));

describe("a pass over the archive", () => {
  type Read = { readonly times: number[]; readonly prices: number[] };

  async function readOn(
    pass: ReturnType<typeof openArchivePass>,
    read: Read,
    chunksMax = Infinity,
  ): Promise<void> {
    let chunks = 0;
    if (chunksMax === 0) return;
    for await (const { timesMs, prices, count } of pass.chunks()) {
      read.times.push(...timesMs.subarray(0, count));
      read.prices.push(prices[0] ?? 0);
      chunks += 1;
      if (chunks === chunksMax) return;
    }
  }

  test("goes on from its snapshot at every place to the same scans, counts and hash", async () => {
    const whole: Read = { times: [], prices: [] };
    const pass = openArchivePass(range, () => {});
    await readOn(pass, whole);
    expect(pass.counts).toMatchObject({ scans: 3_932, refused: 1, duplicates: 1 });
    for (const chunks of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 19, 20, 30, 50]) {
      const read: Read = { times: [], prices: [] };
      const before = openArchivePass(range, () => {});
      await readOn(before, read, chunks);
      const kept = structuredClone(before.snapshot());
      const after = openArchivePass(range, () => {}, kept);
      await readOn(after, read);
      expect(read.times, `after ${chunks} chunks`).toEqual(whole.times);
      expect(after.counts).toEqual(pass.counts);
      expect(after.dataHash()).toBe(pass.dataHash());
    }
  });
});

async function run(job: Partial<BacktestJob>, stopAfter = Infinity, problems: string[] = []) {
  let chunks = -1;
  const stop = new AbortController();
  const hooks = {
    onProgress() {
      chunks += 1;
      if (chunks === stopAfter) stop.abort(new Error("stopped"));
    },
    onProblem: (problem: string) => problems.push(problem),
    signal: stop.signal,
  };
  const strategy = await loadStrategy("velocity-divergence");
  const out = job.out ?? join(dir, `run-${(runs += 1)}`);
  const usual = {
    name: "test",
    range,
    settings: DEFAULT_RUN_SETTINGS,
    differsFromBook: [],
    strategy,
    out,
  };
  return runBacktest({ ...usual, ...job }, hooks);
}

function textOf(out: string, name: string): string {
  // Its wall time is the only thing in the page that is not the run's.
  return readFileSync(join(out, name), "utf8").replaceAll(/Wall time.*/g, "");
}

describe("a run", () => {
  const undisturbed = join(dir, "undisturbed");
  beforeAll(async () => {
    await run({ out: undisturbed });
  });

  test.each([[[3]], [[17]], [[2, 9, 30]]])("that is stopped after %j chunks", async (stops) => {
    const out = join(dir, `stopped-${stops.join("-")}`);
    const job = { out, attempt: ATTEMPT };
    for (const stopAfter of stops) await expect(run(job, stopAfter)).rejects.toThrow("stopped");
    const { report, read } = await run(job);
    expect(report).toEqual(JSON.parse(textOf(undisturbed, "report.json")).report);
    expect(read).toMatchObject({ scans: 3_932, refused: 1, duplicates: 1 });
    expect(read.resumedFrom).toBeGreaterThan(0);
    for (const name of ["trades.csv", "tear-sheet.html"]) {
      expect(textOf(out, name)).toBe(textOf(undisturbed, name));
    }
    const files = ["report.json", "tear-sheet.html", "trades.csv"];
    expect(globSync("*", { cwd: out }).toSorted()).toEqual(files);
  });

  test("reads no finished day again: they may be gone", async () => {
    const job = { out: join(dir, "days-gone"), attempt: ATTEMPT };
    await expect(run(job, 12)).rejects.toThrow("stopped");
    for (const day of days.slice(0, 3)) renameSync(join(archive, day), join(dir, day));
    const { report } = await run(job).finally(() => {
      for (const day of days.slice(0, 3)) renameSync(join(dir, day), join(archive, day));
    });
    expect(report).toEqual(JSON.parse(textOf(undisturbed, "report.json")).report);
  });

  test.each([
    ["another workflow run", { attempt: { ...ATTEMPT, id: "second" } }],
    ["other settings", { settings: { ...DEFAULT_RUN_SETTINGS, capital: 1_000 } }],
    ["other days", { range: { ...range, to: "2099-01-01" } }],
  ])("of %s begins anew", async (what, change) => {
    const job = { out: join(dir, what), attempt: ATTEMPT };
    await expect(run(job, 5)).rejects.toThrow("stopped");
    const { read } = await run({ ...job, ...change });
    expect(read).toMatchObject({ scans: 3_932, resumedFrom: 0 });
  });

  test("whose trades are gone starts over, and says so", async () => {
    const out = join(dir, "trades-gone");
    const job = { out, attempt: ATTEMPT };
    await expect(run(job, 5)).rejects.toThrow("stopped");
    for (const name of globSync("trades.csv.*", { cwd: out })) rmSync(join(out, name));
    const problems: string[] = [];
    const { report, read } = await run(job, Infinity, problems);
    expect(read.resumedFrom).toBe(0);
    expect(problems).toEqual([
      expect.stringContaining("the run starts again from the beginning: "),
    ]);
    expect(report).toEqual(JSON.parse(textOf(undisturbed, "report.json")).report);
  });

  test("whose checkpoint is damaged starts over", async () => {
    const out = join(dir, "damaged");
    const job = { out, attempt: ATTEMPT };
    await expect(run(job, 5)).rejects.toThrow("stopped");
    const path = join(out, "checkpoint.bin");
    writeFileSync(path, readFileSync(path).subarray(0, -7));
    expect((await run(job)).read).toMatchObject({ scans: 3_932, resumedFrom: 0 });
  });
});
