import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadStrategy } from "../../../src/adapters/strategy-file/load-strategy.ts";
import { DEFAULT_RUN_SETTINGS } from "../../../src/domain/backtest/run-settings.ts";
import { runBacktest } from "../../../src/operations/backtest/run-backtest.ts";
import { runSweep } from "../../../src/operations/backtest/sweep/run-sweep.ts";
import { createResearchView } from "../../../src/operations/view/research-view.ts";
import { putChunk } from "../../helpers/trading/archive-of-chunk.ts";
import { realCloses } from "../../helpers/trading/real-closes.ts";

const dir = mkdtempSync(join(tmpdir(), "dolphin-research-"));
const root = join(dir, "backtests");
const hooks = { onProgress: () => {}, onProblem: () => {}, signal: new AbortController().signal };
const axes = [
  { name: "threshold", values: [0.015, 0.02, 0.025] },
  { name: "takeProfit", values: [0.0095, 0.015] },
];

beforeAll(async () => {
  const archive = join(dir, "arrow_scans");
  putChunk(archive, realCloses());
  const about = {
    range: { archive, from: null, to: null },
    settings: DEFAULT_RUN_SETTINGS,
    differsFromBook: [],
    strategy: await loadStrategy("velocity-divergence"),
  };
  await runBacktest({ ...about, name: "one", out: join(root, "one") }, hooks);
  const sweep = { ...about, name: "grid", axes, walkForward: null, workers: 1 };
  await runSweep({ ...sweep, out: join(root, "grid") }, hooks);
  mkdirSync(join(root, "broken"));
  writeFileSync(join(root, "broken", "report.json"), "{");
  mkdirSync(join(root, "begun"));
});
afterAll(() => rmSync(dir, { recursive: true }));

test("runs and sweeps are listed by what their reports say, broken and begun ones among them", () => {
  const view = createResearchView(dir);
  for (const _ of [1, 2]) {
    const { rows, leftOut } = view.list();
    expect(leftOut).toBe(0);
    const kinds = new Map(rows.map((row) => [row.name, row]));
    expect([...kinds.keys()].toSorted()).toEqual(["begun", "broken", "grid", "one"]);
    expect(kinds.get("one")).toMatchObject({ kind: "run", trades: 37, sets: null, hasSheet: true });
    expect(kinds.get("grid")).toMatchObject({ kind: "sweep", sets: 6, hasSheet: true });
    expect(kinds.get("begun")).toMatchObject({ kind: "unfinished", total: null });
    expect(kinds.get("broken")).toMatchObject({
      kind: "unreadable",
      problem: expect.stringContaining("JSON") as unknown,
    });
  }
});

test("a sweep's map has a cell for each set, with the best one's place", () => {
  const map = createResearchView(dir).sweepMap("grid");
  if (typeof map === "string") throw new Error(map);
  expect(map.cells.map((row) => row.length)).toEqual([2, 2, 2]);
  const best = map.cells[map.best[1]]![map.best[0]]!;
  expect(Math.max(...map.cells.flat().map(Number))).toBe(best);
  expect(createResearchView(dir).sweepMap("one")).toContain("no finished sweep");
});

test("only a report of ours is given out: no path, no link, no other file", () => {
  writeFileSync(join(dir, "secret.html"), "secret");
  mkdirSync(join(root, "link"));
  symlinkSync(join(dir, "secret.html"), join(root, "link", "tear-sheet.html"));
  const view = createResearchView(dir);
  expect(view.sheet("one")).toContain("<!doctype html>");
  for (const name of ["link", "..", "../..", "one/../one", "", ".hidden", "begun", "a\0b"]) {
    expect(view.sheet(name)).toBeNull();
  }
  expect(view.sweepMap("../grid")).toBe("no such sweep");
});
