import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import {
  connectHazelcast,
  type HazelcastHandle,
} from "../../src/adapters/hazelcast/hazelcast-client.ts";
import { createScanStore, type ScanStore } from "../../src/adapters/hazelcast/scan-store.ts";
import { ScanJournal } from "../../src/adapters/scan-journal/scan-journal.ts";
import type { HazelcastMember } from "../../src/embedded/hazelcast-member.ts";
import type { CommitStep } from "../../src/services/scan-bridge/commit/commit.ts";
import { createScanEncoder } from "../../src/wire/arrow-writer.ts";
import { DONE_MAP, FEATURES_MAP, parseScanHead, SCANS_RING } from "../../src/wire/scan-value.ts";
import { stateOf } from "../helpers/processes.ts";
import {
  makeTemporaryDirectory,
  removeTemporaryDirectory,
  startTestHazelcast,
} from "../helpers/servers.ts";

const MAIN = fileURLToPath(new URL("../../src/services/scan-bridge/main.ts", import.meta.url));
const FAILING_PUMP = fileURLToPath(new URL("../helpers/failing-pump.ts", import.meta.url));
const DAY = "2026-03-25";
const RING_MAX = 2_000;
const WITHIN_MS = 120_000;
const encode = createScanEncoder(["BTCUSDT", "ETHUSDT", "SOLUSDT"]);

let dir = "";
let member: HazelcastMember;
let hazelcast: HazelcastHandle;
let store: ScanStore;
let bridges: ChildProcess[] = [];

beforeAll(async () => {
  dir = makeTemporaryDirectory("bridge-commit");
  member = await startTestHazelcast(dir);
  hazelcast = await connectHazelcast({
    address: member.address,
    cluster: "dolphin",
    name: "bridge-commit-test",
    deadlineMs: 60_000,
  });
  await hazelcast.waitConnected(60_000);
  store = createScanStore(hazelcast);
});
afterAll(async () => {
  await hazelcast.shutdown();
  await member.stop();
  removeTemporaryDirectory(dir);
});
beforeEach(async () => {
  bridges = [];
  for (const map of [FEATURES_MAP, DONE_MAP]) await (await hazelcast.client.getMap(map)).clear();
  await (await hazelcast.client.getRingbuffer(SCANS_RING)).destroy();
  store = createScanStore(hazelcast);
  for (const part of ["data", "scans", "armed"])
    rmSync(join(dir, part), { recursive: true, force: true });
  mkdirSync(join(dir, "scans", DAY), { recursive: true });
  const settings = { data_dir: "data", archive: "scans", hazelcast: { address: member.address } };
  writeFileSync(join(dir, "dolphin.yaml"), JSON.stringify(settings));
});
afterEach(async () => {
  for (const bridge of bridges) bridge.kill("SIGKILL");
  await Promise.all(bridges.map((bridge) => exitOf(bridge)));
});

type Failure = {
  readonly step: CommitStep;
  readonly signal: "SIGKILL" | "SIGSTOP";
};

/** What arrives before the bridge runs makes a batch; one file while it runs is live. */
type Arrival = "batch" | "live" | "late";

const COMMITS: readonly (readonly [CommitStep, Arrival])[] = (
  ["journaled", "claimed", "published"] as const
).flatMap((step) => (["batch", "live", "late"] as const).map((how) => [step, how] as const));

test.each(COMMITS)(
  "a bridge killed when it has %s a %s scan loses and doubles nothing",
  async (step, how) => {
    const files = await checkFailure({ step, signal: "SIGKILL" }, how);
    startBridge();
    await expectAll(files);
  },
);

test.each(COMMITS)(
  "a bridge stopped when it has %s a %s scan is fenced when it wakes",
  async (step, how) => {
    const files = await checkFailure({ step, signal: "SIGSTOP" }, how);
    const [older] = bridges;
    startBridge();
    await expectAll(files);
    // Its last write: it may have published the scan before again in between.
    await until("the younger bridge has told the newest in order", async () => {
      const head = parseScanHead(await store.readLatest());
      return head?.epoch === 2 && head.seq === (how === "late" ? files - 1 : files);
    });
    const latest = await store.readLatest();
    older?.kill("SIGCONT");
    expect(await exitOf(older)).toBe(76);
    expect(await store.readLatest()).toBe(latest);
    writeScan(files + 1, { atMs: Date.now() });
    await expectAll(files + 1);
  },
);

test.each([
  ["epoch journaled", "SIGKILL"],
  ["checkpoint taken", "SIGKILL"],
  ["latest taken", "SIGKILL"],
  ["epoch journaled", "SIGSTOP"],
  ["checkpoint taken", "SIGSTOP"],
  ["latest taken", "SIGSTOP"],
] as const)("a start that fails after %s by %s is taken over", async (step, signal) => {
  for (let n = 1; n <= 5; n += 1) writeScan(n, { atMs: Date.now() - 60_000 + n });
  const first = startBridge();
  await expectAll(5);
  first.kill("SIGKILL");
  await exitOf(first);
  writeScan(6, { atMs: Date.now() });
  arm();
  const failing = startBridge({ step, signal });
  await expectFailed(failing, signal);
  startBridge();
  await expectAll(6);
  failing.kill("SIGCONT");
  expect(await exitOf(failing)).toBe(signal === "SIGSTOP" ? 76 : null);
  writeScan(7, { atMs: Date.now() });
  await expectAll(7);
});

test("two bridges that start together agree on one writer", async () => {
  for (let n = 1; n <= 200; n += 1) writeScan(n, { atMs: Date.now() - 60_000 + n });
  const pair = [startBridge(), startBridge()];
  await expectAll(200);
  const codes = await Promise.race(pair.map((bridge) => exitOf(bridge)));
  expect(codes).toBe(76);
  writeScan(201, { atMs: Date.now() });
  await expectAll(201);
  expect(bridges.filter((bridge) => bridge.exitCode === null)).toHaveLength(1);
});

/** Drives a bridge to its failure; returns how many files there are. */
async function checkFailure(failure: Failure, how: Arrival): Promise<number> {
  for (let n = 1; n <= 10; n += 1) writeScan(n, { atMs: Date.now() - 60_000 + n });
  if (how === "batch") arm();
  const bridge = startBridge(failure);
  if (how === "batch") {
    await expectFailed(bridge, failure.signal);
    return 10;
  }
  await expectAll(10);
  if (how === "live") arm();
  writeScan(11, { atMs: Date.now() });
  if (how === "live") {
    await expectFailed(bridge, failure.signal);
    return 11;
  }
  await expectAll(11);
  arm();
  writeScan(5, { atMs: Date.now() - 30_000, name: "late" });
  await expectFailed(bridge, failure.signal);
  return 12;
}

/** From now on the bridge fails at its step. */
function arm(): void {
  writeFileSync(join(dir, "armed"), "");
}

/** Renamed into place, with the time of its folder's day or any other. */
function writeScan(n: number, { atMs, name = "scan" }: { atMs: number; name?: string }): void {
  const bytes = encode({
    scanNumber: n,
    timestampMicros: atMs * 1_000,
    prices: Float64Array.of(n, n + 0.5, atMs / 1e6),
    eigenvalues: Float64Array.of(2, 1),
  });
  const path = join(dir, "scans", DAY, `${name}_${String(n).padStart(6, "0")}.arrow`);
  const hidden = join(dir, "scans", DAY, `.${name}.tmp`);
  writeFileSync(hidden, bytes);
  utimesSync(hidden, atMs / 1_000, atMs / 1_000);
  renameSync(hidden, path);
}

function startBridge(failure?: Failure): ChildProcess {
  const bridge = spawn(
    process.execPath,
    [...NODE_FLAGS, MAIN, ...(failure === undefined ? [] : [FAILING_PUMP])],
    {
      cwd: dir,
      stdio: ["ignore", "inherit", "inherit"],
      env: {
        ...process.env,
        DOLPHIN_CONFIG: join(dir, "dolphin.yaml"),
        ...(failure !== undefined && {
          TEST_STEP: failure.step,
          TEST_SIGNAL: failure.signal,
          TEST_ARMED: join(dir, "armed"),
        }),
      },
    },
  );
  bridges.push(bridge);
  return bridge;
}

async function expectFailed(bridge: ChildProcess, signal: Failure["signal"]): Promise<void> {
  await until(`bridge ${bridge.pid} took ${signal}`, () =>
    signal === "SIGKILL" ? bridge.signalCode === signal : stateOf(bridge.pid) === "T",
  );
}

/** Journal, ringbuffer and latest hold `count` scans, each once, gapless, in order. */
async function expectAll(count: number): Promise<void> {
  await until(`latest and journal hold ${count} scans`, async () => {
    const seqs = await ringSeqs();
    return seqs.has(count) && journalSeqs().length === count;
  });
  const expected = Array.from({ length: count }, (_, i) => i + 1);
  expect(journalSeqs()).toEqual(expected);
  await until("the ringbuffer holds every seq", async () => (await ringSeqs()).size === count);
  const files = new Map<number, string>();
  for (const value of await store.readRingTail(RING_MAX)) {
    const head = parseScanHead(value);
    if (head === null) throw new Error(`not a scan in the ringbuffer: ${String(value)}`);
    expect(files.get(head.seq) ?? head.file).toBe(head.file);
    files.set(head.seq, head.file);
  }
  expect(new Set(files.values()).size).toBe(count);
}

async function ringSeqs(): Promise<Set<number>> {
  const values = await store.readRingTail(RING_MAX);
  return new Set(values.flatMap((value) => parseScanHead(value)?.seq ?? []));
}

function journalSeqs(): number[] {
  const journal = new ScanJournal(join(dir, "data", "journal", "scan-bridge.db"), {
    readonly: true,
  });
  try {
    return journal.scans(1, 1_000_000).map((scan) => scan.seq);
  } finally {
    journal.close();
  }
}

async function exitOf(bridge: ChildProcess | undefined): Promise<number | null> {
  if (bridge === undefined) throw new Error("there is no such bridge");
  if (bridge.exitCode === null && bridge.signalCode === null) {
    await new Promise((resolve) => bridge.once("exit", resolve));
  }
  return bridge.exitCode;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  for (;;) {
    try {
      if (await holds()) return;
    } catch (error) {
      // A journal that does not exist yet is one that does not hold it.
      if (deadline < Date.now()) throw error;
    }
    if (deadline < Date.now()) throw new Error(`not within ${WITHIN_MS} ms: ${what}`);
    await sleep(20);
  }
}
