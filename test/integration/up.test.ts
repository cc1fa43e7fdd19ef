import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ScanJournal } from "../../src/adapters/journal/scan-journal.ts";
import { isProcessAlive } from "../../src/adapters/process/process-facts.ts";
import { UpSummary } from "../../src/wire/up-file.ts";
import { processesOn, until } from "../helpers/processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN, readUp, startUp } from "../helpers/up.ts";
import type { RunningUp } from "../helpers/up.ts";

const PARTS = ["hazelcast", "scan-bridge", "simulator", "temporal", "trader-blue", "worker"];
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
  for (const { pid } of processesOn(parent)) process.kill(pid, "SIGKILL");
  await checkNothingRuns(5_000);
});
afterAll(() => {
  removeTemporaryDirectory(parent);
});

function checkNothingRuns(withinMs: number): Promise<void> {
  return until(() => processesOn(parent).length === 0, { ms: withinMs, tell: whatRuns });
}

function whatRuns(): string {
  return `still there: ${JSON.stringify(processesOn(parent))}`;
}

function lastSeq(): number {
  const path = join(dir, "journal", "scan-bridge.db");
  if (!existsSync(path)) return 0;
  const journal = new ScanJournal(path, { readonly: true });
  try {
    return journal.lastSeq();
  } finally {
    journal.close();
  }
}

async function untilScansFlow(up: RunningUp): Promise<void> {
  const from = lastSeq();
  await until(() => from + 5 <= lastSeq(), { ms: 60_000, tell: up.output });
}

describe("dolphin up", () => {
  test("scans flow end to end, and the summary says so", async () => {
    const summaryFile = join(parent, "summary.json");
    const args = ["--demo", "--for", "20s", "--ports", "auto", "--summary", summaryFile];
    const up = startUp(dir, args);
    const file = await up.untilUp();
    expect(Object.keys(file.services).toSorted()).toEqual(PARTS);
    expect((await fetch(file.temporal_ui)).status).toBe(200);
    expect(file.dashboard === null ? 0 : (await fetch(file.dashboard)).status).toBe(200);
    expect(await up.ended).toEqual({ code: 0, signal: null });
    const summary = UpSummary.parse(JSON.parse(readFileSync(summaryFile, "utf8")));
    expect(summary).toMatchObject({ ok: true, seq_gaps: 0, restarts: 0, problems: [] });
    expect(summary.scans_written).toBeGreaterThan(5);
    expect(summary.scans_pushed).toBe(summary.scans_written);
    expect(summary.scans_seen).toBe(summary.scans_written);
    expect(summary.lag_ms.p50).toBeGreaterThan(0);
    expect(summary.trades).toBeGreaterThanOrEqual(0);
    expect(summary.equity).toBeGreaterThan(99_000);
    expect(Object.keys(summary.rss_mb).toSorted()).toEqual([...PARTS, "up"].toSorted());
    expect(readUp(dir)).toBeNull();
    await checkNothingRuns(1_000);
  });

  test("without scans it is not ok, and says why", async () => {
    const summaryFile = join(parent, "summary.json");
    const empty = join(parent, "empty");
    const args = ["--for", "6s", "--ports", "auto", "--archive", empty, "--summary", summaryFile];
    const up = startUp(join(parent, "idle"), args);
    expect((await up.ended).code).toBe(1);
    const summary = UpSummary.parse(JSON.parse(readFileSync(summaryFile, "utf8")));
    expect(summary.ok).toBe(false);
    expect(summary.problems.join("\n")).toContain("no scan was written");
  });

  test("whatever is killed comes back, and scans go on without a gap", async () => {
    const summaryFile = join(parent, "summary.json");
    const up = startUp(dir, ["--demo", "--ports", "auto", "--summary", summaryFile]);
    await up.untilUp();
    await untilScansFlow(up);
    for (const name of ["hazelcast", "temporal", "worker", "simulator"]) {
      const before = readUp(dir)?.services[name];
      // One in two by its guard: the program is left behind then, and must not stay.
      const isByGuard = name === "temporal" || name === "simulator";
      process.kill((isByGuard ? before?.guard_pid : before?.pid) ?? 0, "SIGKILL");
      const isReplaced = () => {
        const now = readUp(dir)?.services[name];
        return now !== undefined && now.pid !== before?.pid;
      };
      await until(isReplaced, { ms: 60_000, tell: up.output });
      expect(isProcessAlive(before?.pid ?? 0, before?.started_ticks ?? null)).toBe(false);
      await untilScansFlow(up);
    }
    const isHealthy = () => spawnSync(DOLPHIN, ["--data-dir", dir, "status"]).status === 0;
    await until(isHealthy, { ms: 60_000, tell: up.output });
    process.kill(up.pid, "SIGTERM");
    expect(await up.ended).toEqual({ code: 0, signal: null });
    const summary = UpSummary.parse(JSON.parse(readFileSync(summaryFile, "utf8")));
    expect(summary.problems).toEqual([]);
    expect(summary.restarts).toBeGreaterThanOrEqual(4);
    await checkNothingRuns(1_000);
  });

  test("what does not answer is replaced, too", async () => {
    const up = startUp(dir, ["--demo", "--ports", "auto"]);
    await up.untilUp();
    await untilScansFlow(up);
    const frozen = ["hazelcast", "worker"] as const;
    const before = readUp(dir);
    for (const name of frozen) process.kill(before?.services[name]?.pid ?? 0, "SIGSTOP");
    const isReplaced = () => {
      const now = readUp(dir)?.services ?? {};
      return frozen.every((name) => {
        const was = before?.services[name]?.pid;
        return now[name] !== undefined && now[name].pid !== was;
      });
    };
    await until(isReplaced, { ms: 120_000, tell: up.output });
    await untilScansFlow(up);
    expect(up.output()).toMatch(/hazelcast has not answered for \d+ s and is killed/);
    expect(up.output()).toMatch(/worker has not answered for \d+ s and is killed/);
    expect(up.output()).not.toMatch(/temporal has not answered/);
    process.kill(up.pid, "SIGTERM");
    expect((await up.ended).code).toBe(0);
  });

  test("kill -9 of it leaves nothing, and the next one starts at once", async () => {
    const first = startUp(dir, ["--demo", "--ports", "auto"]);
    const old = await first.untilUp();
    process.kill(first.pid, "SIGKILL");
    await first.ended;
    const second = startUp(dir, ["--demo", "--ports", "auto"]);
    await second.untilUp();
    for (const { pid, started_ticks } of Object.values(old.services)) {
      expect(isProcessAlive(pid, started_ticks)).toBe(false);
    }
    await untilScansFlow(second);
    process.kill(second.pid, "SIGKILL");
    await second.ended;
    await checkNothingRuns(20_000);
  });

  test("a second one on the same directory is refused, and a second signal does not wait", async () => {
    const first = startUp(dir, ["--demo", "--ports", "auto"]);
    await first.untilUp();
    const second = startUp(dir, ["--ports", "auto"]);
    expect((await second.ended).code).toBe(1);
    expect(second.output()).toMatch(
      new RegExp(`already runs on ${dir} \\(pid ${first.pid}, since`),
    );
    process.kill(first.pid, "SIGTERM");
    await until(() => first.output().includes("stopping"), { ms: 10_000, tell: first.output });
    // Signals that come together are one: npm passes a Ctrl-C on that has arrived already.
    const sentMs = performance.now();
    await until(() => 500 < performance.now() - sentMs, { ms: 2_000, tell: first.output });
    try {
      process.kill(first.pid, "SIGTERM");
    } catch {
      // It was quicker than the second signal.
    }
    await first.ended;
    await checkNothingRuns(3_000);
  });
});

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
