/**
 * Time from the start of `dolphin up --demo` with everything on (both books, order books, indicators, watchdog,
 * dashboard), on an empty data directory, to the first scan that the bridge has pushed and that the dashboard sends to
 * a page; and when each part started. With --seconds: the cost of each process afterwards, for that long with scans and
 * then without.
 *     npm run bench:start -- [--rounds N] [--seconds 0] [--json]
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { ScanJournal } from "../src/adapters/scan-journal/scan-journal.ts";
import { SERVICES } from "../src/domain/supervision/services.ts";
import { statusOf } from "../test/chaos/harness/dolphin-json.ts";
import { goOn, until, sendSignal } from "../test/helpers/processes.ts";
import { readUp, type RunningUp, startUp } from "../test/helpers/up.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { machine, note } from "./harness/options.ts";
import { type ProcessRow, sampleProcesses } from "./harness/process-samples.ts";
import { median, rounded } from "./harness/statistics.ts";

endWithBench();

/** A line of a log, by file and text, that says when a part of the start was over. */
const MARKS = [
  ["temporal answers", "up.log", "temporal started"],
  ["hazelcast answers", "up.log", "hazelcast started"],
  ["worker serves", "worker.log", "layer scan"],
  ["bridge begins", "scan-bridge.log", "starting as"],
  ["trader begins", "trader-blue.log", "starting as"],
  ["bridge watches", "scan-bridge.log", "watching"],
] as const;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "0" },
    json: { type: "boolean", default: false },
  },
});
const SERVERS = ["temporal", "hazelcast"];
/** What stands for services outside. */
const OUTSIDE = ["simulator", "venues"];
const POLL_MS = 20;
const traders = Object.values(SERVICES).filter(({ role }) => role === "trader");
const parent = mkdtempSync(join(tmpdir(), "dolphin-start-"));
writeFileSync(
  join(parent, "dolphin.yaml"),
  JSON.stringify({
    services: Object.fromEntries(traders.map(({ name }) => [name, { autostart: true }])),
  }),
);
const rounds: Record<string, number>[] = [];
let taken: Readonly<Record<string, Readonly<Record<string, ProcessRow>>>> = {};
try {
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    const figures = await startOnce(join(parent, `data-${round}`), round);
    note(`round ${round}: ${JSON.stringify(figures)}`);
    rounds.push(figures);
  }
} finally {
  rmSync(parent, { recursive: true, force: true });
}
const rows = Object.fromEntries(
  Object.keys(rounds[0] ?? {}).map((name) => {
    const all = rounds.map((figures) => figures[name] ?? NaN);
    return [name, { p50_s: median(all), max_s: Math.max(...all) }];
  }),
);
if (values.json) {
  process.stdout.write(`${JSON.stringify({ ...rows, taken, machine: machine() })}\n`);
} else {
  console.table(rows);
  for (const [when, table] of Object.entries(taken)) {
    process.stdout.write(`${when}\n`);
    console.table({ ...table, ...sums(table) });
  }
}

async function startOnce(dir: string, round: number): Promise<Record<string, number>> {
  const startedMs = Date.now();
  const up = startUp(dir, ["--demo", "--ports", "auto"], { DOLPHIN_SIMULATOR_VENUES: "true" });
  try {
    const secondsAt = (ms: number) => rounded((ms - startedMs) / 1_000);
    const onPage = firstScanOnPage(dir, up).then(() => secondsAt(Date.now()));
    await until(() => 0 < lastSeq(dir), { ms: 120_000, tell: up.output });
    const firstScan = secondsAt(Date.now());
    const page = await onPage;
    const marks = MARKS.map(
      ([name, file, text]) => [name, secondsAt(timeOf(join(dir, "logs", file), text))] as const,
    );
    if (0 < Number(values.seconds) && round === Number(values.rounds)) taken = await take(dir, up);
    return { ...Object.fromEntries(marks), "first scan": firstScan, "on the dashboard": page };
  } finally {
    sendSignal(up.pid, "SIGTERM");
    await up.ended;
  }
}

/** As a page does that is opened as soon as the dashboard listens. */
async function firstScanOnPage(dir: string, up: RunningUp): Promise<void> {
  let url: string | null = null;
  while (url === null) {
    await delay(POLL_MS);
    url = readUp(dir)?.dashboard ?? null;
  }
  const { body } = await fetch(`${url}/api/live`);
  let text = "";
  for await (const chunk of body ?? []) {
    text += Buffer.from(chunk).toString();
    if (/^event: scan$/m.test(text)) return;
  }
  throw new Error(`the dashboard told no scan: ${up.output()}`);
}

/** Once all is healthy; `idle` is a night of the upstream: nothing comes from outside. */
async function take(dir: string, up: RunningUp) {
  const isHealthy = async () => (await statusOf(dir)).exit === 0;
  await until(isHealthy, { ms: 120_000, tell: up.output });
  const pids = () => {
    const named = Object.entries(readUp(dir)?.services ?? {}).map(([name, { pid }]) => [name, pid]);
    return { up: up.pid, ...Object.fromEntries(named) };
  };
  const withScans = await sample(pids);
  const outside = OUTSIDE.flatMap((name) => readUp(dir)?.services[name]?.pid ?? []);
  for (const pid of outside) sendSignal(pid, "SIGSTOP");
  try {
    return { "two scans a second": withScans, idle: await sample(pids) };
  } finally {
    for (const pid of outside) goOn(pid);
  }
}

async function sample(pids: () => Record<string, number>) {
  // What began with the change before is over.
  await delay(10_000);
  const samples = sampleProcesses(pids);
  await delay(Number(values.seconds) * 1_000);
  await samples.stop();
  return samples.rows();
}

function sums(table: Readonly<Record<string, ProcessRow>>) {
  const of = (names: readonly string[]) => ({
    cpu_percent: rounded(names.reduce((sum, name) => sum + (table[name]?.cpu_percent ?? 0), 0)),
    rss_mb: rounded(
      names.reduce((sum, name) => sum + (table[name]?.rss_mb ?? 0), 0),
      1,
    ),
    anonymous_mb: rounded(
      names.reduce((sum, name) => sum + (table[name]?.anonymous_mb ?? 0), 0),
      1,
    ),
  });
  const names = Object.keys(table);
  const ours = names.filter((name) => !SERVERS.includes(name) && !OUTSIDE.includes(name));
  return { "all of them": of(names), "without servers and what is outside": of(ours) };
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

/** 0 while there is no journal, or one that is being created. */
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
