import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EventLogReader } from "../../src/adapters/event-log/event-log.ts";
import { ScanJournal } from "../../src/adapters/scan-journal/scan-journal.ts";
import { isProcessAlive } from "../../src/adapters/process/process-facts.ts";
import { codeOf } from "../../src/domain/failure.ts";
import { readSegment } from "../../src/wire/order-book/recorded-books.ts";
import { askWatchdog } from "../../src/operations/safety/ask-watchdog.ts";
import { UpSummary } from "../../src/wire/up-file.ts";
import { untilDayLasts } from "../helpers/day-lasts.ts";
import { killProcessesOn, processesOn, sendSignal, until } from "../helpers/processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN, readUp, startUp } from "../helpers/up.ts";
import type { RunningUp } from "../helpers/up.ts";
import { spawnSync } from "../helpers/run-program.ts";
import { checkRecordedDay } from "../helpers/recorded-day.ts";
import { checkBackup, checkRunLeavings } from "../helpers/run-leavings.ts";
import { reportsOf } from "../helpers/same-reports.ts";

const PARTS = [
  "bookkeeper",
  "dashboard",
  "hazelcast",
  "health",
  "order-book",
  "scan-bridge",
  "simulator",
  "temporal",
  "trader-blue",
  "venues",
  "watchdog",
  "worker",
];
const CANARY = "canary-41c7";
let parent = "";
let dir = "";

let count = 0;

beforeAll(() => {
  parent = makeTemporaryDirectory("up");
});
beforeEach(() => {
  // Of its own: what a test kills costs the bridge its restart budget, which Temporal remembers.
  count += 1;
  dir = join(parent, `data-${count}`);
});
afterEach(async () => {
  killProcessesOn(parent);
  await checkNothingRuns();
});
afterAll(() => {
  removeTemporaryDirectory(parent);
});

function checkNothingRuns(): Promise<void> {
  return until(() => processesOn(parent).length === 0, { ms: 60_000, tell: whatRuns });
}

function whatRuns(): string {
  return `still there: ${JSON.stringify(processesOn(parent))}`;
}

/** Where a book was recorded, its source. */
function recordedBook(): string | null {
  const [segment] = globSync("order-books/*/*.arrow", { cwd: dir });
  if (segment === undefined) return null;
  const { source, books } = readSegment(readFileSync(join(dir, segment)));
  return [...books].length === 0 ? null : source;
}

/** A strategy that declares order books and an indicator, and enters by them. */
async function configWithInputs(): Promise<string> {
  await untilDayLasts();
  const path = join(parent, "inputs.yaml");
  const books = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT"].map((one) => `ob_${one}`);
  const trader = {
    strategy: fileURLToPath(new URL("../../examples/strategies/crowded-side.ts", import.meta.url)),
    parameters: { rateMin: 1e-9, imbalanceMin: 0.01, holdScansMax: 2 },
    age_budgets_s: { exf_funding: 3_600, book: 60 },
  };
  const channels = { hook: { kind: "webhook", url_env: "HOOK_URL", severity_min: "critical" } };
  const alerts = { channels, heartbeat_url_env: "BEAT_URL" };
  writeFileSync(path, JSON.stringify({ trader, feeds: ["exf_funding", ...books], alerts }));
  return path;
}

/** Nobody listens on port 1, so errors about it are logged, too. */
const SECRETS = {
  HOOK_URL: `http://127.0.0.1:1/${CANARY}`,
  BEAT_URL: `http://127.0.0.1:1/${CANARY}`,
};

/** Asks the running worker, which knows the demo's indicators: this configuration names it alone. */
function isRefreshed(name: string): boolean {
  const path = join(parent, "asked.yaml");
  writeFileSync(path, JSON.stringify({ indicators: { [name]: {} } }));
  const args = ["--data-dir", dir, "--config", path, "indicators", "refresh", name];
  return spawnSync(DOLPHIN, args).status === 0;
}

/** Whether the trader's log has a reading and a book. */
function areInputsHeard(): boolean {
  const root = join(dir, "journal", "trading");
  const reader = new EventLogReader({ root, book: "BLUE" }, null);
  const kinds = new Set([...reader.poll()].map(({ kind }) => kind));
  reader.close();
  return kinds.has("feature") && kinds.has("book");
}

async function untilInputsAreHeard(up: RunningUp): Promise<void> {
  await until(() => isRefreshed("funding"), { ms: 60_000, tell: up.output });
  await until(areInputsHeard, { ms: 60_000, tell: up.output });
}

function lastSeq(): number {
  const path = join(dir, "journal", "scan-bridge.db");
  if (!existsSync(path)) return 0;
  let journal: ScanJournal;
  try {
    journal = new ScanJournal(path, { readonly: true });
  } catch (error) {
    // Its bridge is about to make it.
    if (codeOf(error)?.startsWith("JOURNAL_") === true) return 0;
    if (error instanceof Error && error.message.includes("no such table")) return 0;
    throw error;
  }
  try {
    return journal.lastSeq();
  } finally {
    journal.close();
  }
}

async function untilHealthy(up: RunningUp): Promise<void> {
  let text = "";
  const isHealthy = () => {
    const { status, stdout } = spawnSync(DOLPHIN, ["--data-dir", dir, "status"]);
    text = String(stdout);
    return status === 0;
  };
  await until(isHealthy, { ms: 60_000, tell: () => `${text}\n${up.output()}` });
}

/** Each asks at its own pace: they agree at one moment, or never. */
async function untilAllSayTheSame(up: RunningUp, service: string): Promise<void> {
  let reports: unknown = null;
  const isSame = async () => {
    const file = readUp(dir);
    if (file === null || file.dashboard === null) return false;
    try {
      const places = await reportsOf(service, { dataDir: dir, up: file });
      reports = places;
      const { status, ...others } = places;
      return (
        status?.word === "Healthy" &&
        typeof status.life === "number" &&
        Object.values(others).every(
          ({ word, life = status.life, pid = status.pid }) =>
            word === status.word && life === status.life && pid === status.pid,
        )
      );
    } catch (error) {
      // One that was just killed is about to answer.
      reports = String(error);
      return false;
    }
  };
  await until(isSame, { ms: 120_000, tell: () => `${JSON.stringify(reports)}\n${up.output()}` });
}

/** By the one that `up` has started last: it sends its posture to the trader. */
function untilWatched(up: RunningUp): Promise<void> {
  return until(isWatched, { ms: 60_000, tell: up.output });
}

async function isWatched(): Promise<boolean> {
  const view = await askWatchdog(dir, { withinMs: 5_000 }).catch(() => null);
  return view?.trader === "ok" && view.pid === readUp(dir)?.services["watchdog"]?.pid;
}

function filesWritten(): number {
  return globSync("arrow_scans/*/*.arrow", { cwd: dir }).length;
}

/** What was written before it ran, too. */
async function untilAllIsTaken(up: RunningUp): Promise<void> {
  await until(() => filesWritten() <= lastSeq() + 2, { ms: 60_000, tell: up.output });
}

async function untilScansFlow(up: RunningUp): Promise<void> {
  const from = lastSeq();
  await until(() => from + 5 <= lastSeq(), { ms: 60_000, tell: up.output });
}

describe("dolphin up", () => {
  test("scans flow end to end, and the summary says so; a second one on the same directory is refused", async () => {
    const summaryFile = join(parent, "summary.json");
    const args = ["--demo", "--ports", "auto", "--summary", summaryFile];
    const config = await configWithInputs();
    const environment = { DOLPHIN_SIMULATOR_VENUES: "true", DOLPHIN_CONFIG: config, ...SECRETS };
    const up = startUp(dir, args, environment);
    const file = await up.untilUp();
    const parts = () => Object.keys(readUp(dir)?.services ?? {}).toSorted();
    await until(() => PARTS.length <= parts().length, { ms: 60_000, tell: up.output });
    expect(parts()).toEqual(PARTS);
    await until(() => recordedBook() !== null, { ms: 60_000, tell: up.output });
    expect(recordedBook()).toBe("simulated binance-usdm");
    expect((await fetch(file.temporal_ui)).status).toBe(200);
    expect((await fetch(file.dashboard ?? "")).status).toBe(200);
    const other = startUp(dir, ["--ports", "auto"]);
    expect((await other.ended).code).toBe(1);
    expect(other.output()).toMatch(new RegExp(`already runs on ${dir} \\(pid ${up.pid}, since`));
    await untilInputsAreHeard(up);
    await untilScansFlow(up);
    checkBackup(dir, join(parent, "backup"));
    expect(existsSync(join(dir, "format.json"))).toBe(true);
    await untilHealthy(up);
    await untilAllIsTaken(up);
    sendSignal(up.pid, "SIGTERM");
    const ended = await up.ended;
    const summary = UpSummary.parse(JSON.parse(readFileSync(summaryFile, "utf8")));
    // With the reason of another exit status.
    expect([ended, summary.problems]).toEqual([{ code: 0, signal: null }, []]);
    checkRecordedDay(dir, config);
    checkRunLeavings(dir, CANARY);
    expect(summary).toMatchObject({ ok: true, seq_gaps: 0, restarts: 0, problems: [] });
    expect(summary.scans_written).toBeGreaterThan(5);
    expect(summary.scans_pushed).toBe(summary.scans_written);
    expect(summary.scans_seen).toBe(summary.scans_written);
    expect(summary.lag_ms.p50).toBeGreaterThan(0);
    expect(summary.trades).toBeGreaterThanOrEqual(0);
    expect(summary.equity).toBeGreaterThan(99_000);
    expect(Object.keys(summary.rss_mb).toSorted()).toEqual([...PARTS, "up"].toSorted());
    expect(readUp(dir)).toBeNull();
    await checkNothingRuns();
  });
});

describe("dolphin up goes on", () => {
  test("after a kill -9 of it, which leaves nothing; whatever is killed, lost or frozen comes back, and scans go on without a gap", async () => {
    const first = startUp(dir, ["--demo", "--ports", "auto"]);
    const old = await first.untilUp();
    sendSignal(first.pid, "SIGKILL");
    await first.ended;
    const summaryFile = join(parent, "killed.json");
    const up = startUp(dir, ["--demo", "--ports", "auto", "--summary", summaryFile]);
    await up.untilUp();
    for (const { pid, started_ticks } of Object.values(old.services)) {
      expect(isProcessAlive(pid, started_ticks)).toBe(false);
    }
    await untilScansFlow(up);
    await killInTurn(up, ["watchdog", "simulator", "hazelcast"]);
    await loseTemporal(up);
    // It keeps the trader and the bridge, whose processes Temporal's loss must not have cost.
    await killInTurn(up, ["worker"]);
    await freezeTogether(up, ["hazelcast", "worker", "watchdog"]);
    await untilHealthy(up);
    await untilAllSayTheSame(up, "trader-blue");
    await untilAllIsTaken(up);
    sendSignal(up.pid, "SIGTERM");
    expect(await up.ended).toEqual({ code: 0, signal: null });
    const summary = UpSummary.parse(JSON.parse(readFileSync(summaryFile, "utf8")));
    expect(summary.problems).toEqual([]);
    // A frozen worker may take a service with it.
    expect(summary.restarts).toBeGreaterThanOrEqual(8);
    await checkNothingRuns();
  });
});

/** One in two by its guard: the program is left behind then, and must not stay. */
async function killInTurn(up: RunningUp, names: readonly string[]): Promise<void> {
  for (const [index, name] of names.entries()) {
    // While it is started anew there is none.
    await until(() => readUp(dir)?.services[name] !== undefined, { ms: 60_000, tell: up.output });
    const before = readUp(dir)?.services[name];
    sendSignal(index % 2 === 0 ? before?.pid : before?.guard_pid, "SIGKILL");
    await untilReplaced(up, { [name]: before?.pid });
    expect(isProcessAlive(before?.pid ?? 0, before?.started_ticks ?? null)).toBe(false);
    if (name === "watchdog") await untilWatched(up);
    await untilScansFlow(up);
  }
}

/** With its database, by its guard: that costs no process and no scan. */
async function loseTemporal(up: RunningUp): Promise<void> {
  const before = readUp(dir)?.services ?? {};
  rmSync(join(dir, "temporal"), { recursive: true });
  sendSignal(before["temporal"]?.guard_pid, "SIGKILL");
  await untilReplaced(up, { temporal: before["temporal"]?.pid });
  await untilHealthy(up);
  await untilScansFlow(up);
  await untilAllIsTaken(up);
  const after = readUp(dir)?.services;
  for (const name of ["scan-bridge", "trader-blue"]) {
    expect([name, after?.[name]?.pid]).toEqual([name, before[name]?.pid]);
  }
}

async function freezeTogether(up: RunningUp, names: readonly string[]): Promise<void> {
  const before = readUp(dir)?.services ?? {};
  for (const name of names) sendSignal(before[name]?.pid, "SIGSTOP");
  await untilReplaced(up, Object.fromEntries(names.map((name) => [name, before[name]?.pid])));
  await untilScansFlow(up);
  for (const name of names) {
    expect(up.output()).toMatch(new RegExp(`${name} has not answered for \\d+ s and is killed`));
  }
  await untilWatched(up);
  expect(up.output()).not.toMatch(/temporal has not answered/);
}

async function untilReplaced(
  up: RunningUp,
  pids: Readonly<Record<string, number | undefined>>,
): Promise<void> {
  const isReplaced = () => {
    const now = readUp(dir)?.services ?? {};
    return Object.entries(pids).every(
      ([name, pid]) => now[name] !== undefined && now[name].pid !== pid,
    );
  };
  await until(isReplaced, { ms: 120_000, tell: up.output });
}

describe("dolphin up refuses", () => {
  test("a port that is taken, and says by whom", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = address !== null && typeof address === "object" ? address.port : 0;
    const up = startUp(join(parent, "taken"), [], { DOLPHIN_PORTS_TEMPORAL_UI: String(port) });
    expect((await up.ended).code).toBe(78);
    expect(up.output()).toContain(`port ${port} (ports.temporal_ui) is taken by `);
    expect(up.output()).toContain(`(pid ${process.pid})`);
    server.close();
  });

  test("a Hazelcast that is not its own", async () => {
    const up = startUp(join(parent, "far"), [], { DOLPHIN_HAZELCAST_ADDRESS: "10.1.2.3:5701" });
    expect((await up.ended).code).toBe(78);
    expect(up.output()).toContain("hazelcast.address is 10.1.2.3:5701");
  });

  test.each([
    [["--for", "soon"], "It must be a time such as 500ms, 60s, 5m or 1h"],
    [["--ports", "some"], "Allowed choices are auto"],
    [["--nonsense"], "unknown option '--nonsense'"],
  ])("%j as bad usage", async (args, text) => {
    const up = startUp(join(parent, "usage"), args);
    expect((await up.ended).code).toBe(64);
    expect(up.output()).toContain(text);
  });
});
