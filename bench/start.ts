/**
 * From the start of `dolphin up --demo` on an empty data directory to the first scan that the bridge
 * has pushed, and when each part began: `npm run bench:start -- [--rounds N] [--json]`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ScanJournal } from "../src/adapters/scan-journal/scan-journal.ts";
import { until, sendSignal } from "../test/helpers/processes.ts";
import { startUp } from "../test/helpers/up.ts";
import { benchOptions, note, report } from "./harness/options.ts";
import { median, rounded } from "./harness/statistics.ts";

/** A line of a log, by file and text, that says when a part of the start was over. */
const MARKS = [
  ["temporal answers", "up.log", "temporal started"],
  ["hazelcast answers", "up.log", "hazelcast started"],
  ["worker serves", "worker.log", "layer scan"],
  ["bridge begins", "scan-bridge.log", "starting as"],
  ["trader begins", "trader-blue.log", "starting as"],
  ["bridge watches", "scan-bridge.log", "watching"],
] as const;

const options = benchOptions({ rounds: 5 });
const parent = mkdtempSync(join(tmpdir(), "dolphin-start-"));
const rounds: Record<string, number>[] = [];
try {
  for (let round = 1; round <= options.rounds; round += 1) {
    const figures = await startOnce(join(parent, `data-${round}`));
    note(`round ${round}: ${JSON.stringify(figures)}`);
    rounds.push(figures);
  }
} finally {
  rmSync(parent, { recursive: true, force: true });
}
const names = Object.keys(rounds[0] ?? {});
const rows = Object.fromEntries(
  names.map((name) => {
    const values = rounds.map((figures) => figures[name] ?? NaN);
    return [name, { p50_s: median(values), max_s: Math.max(...values) }];
  }),
);
report(options, { title: "From the start of `dolphin up --demo`", ...rows }, rows);

async function startOnce(dir: string): Promise<Record<string, number>> {
  const startedMs = Date.now();
  const up = startUp(dir, ["--demo", "--ports", "auto"], { DOLPHIN_SIMULATOR_VENUES: "true" });
  try {
    await until(() => 0 < lastSeq(dir), { ms: 120_000, tell: up.output });
    const secondsAt = (ms: number) => rounded((ms - startedMs) / 1_000);
    const firstScan = secondsAt(Date.now());
    const marks = MARKS.map(
      ([name, file, text]) => [name, secondsAt(timeOf(join(dir, "logs", file), text))] as const,
    );
    return { ...Object.fromEntries(marks), "first scan": firstScan };
  } finally {
    sendSignal(up.pid, "SIGTERM");
    await up.ended;
  }
}

function timeOf(file: string, text: string): number {
  if (!existsSync(file)) return NaN;
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((one) => one.includes(text));
  if (line === undefined) return NaN;
  const { time }: { readonly time: string } = JSON.parse(line);
  return Date.parse(time);
}

/** 0 while there is no journal, or one that is just being made. */
function lastSeq(dir: string): number {
  const path = join(dir, "journal", "scan-bridge.db");
  if (!existsSync(path)) return 0;
  try {
    const journal = new ScanJournal(path, { readonly: true });
    try {
      return journal.lastSeq();
    } finally {
      journal.close();
    }
  } catch {
    return 0;
  }
}
