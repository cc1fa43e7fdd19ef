import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startedTicks } from "../../../src/adapters/process/process-facts.ts";
import { removeRunFile, writeRunFile } from "../../../src/adapters/process/run-file.ts";
import { SERVICES } from "../../../src/domain/supervision/services.ts";
import { dependenciesOf } from "../../../src/operations/health/dependencies.ts";
import { serviceSample, type Witnesses } from "../../../src/operations/health/service-samples.ts";
import type { Supervision } from "../../../src/operations/status/service-row.ts";
import { ServiceStatus } from "../../../src/wire/supervision.ts";
import { runDetails, REPORTED_AT } from "../../helpers/supervision/run-details.ts";

const DETAILS = runDetails({
  facts: { dependencies: { archive: "hung", hazelcast: "ok" }, inputs: [], queue: null },
});
const STATUS = ServiceStatus.parse({
  service: "scan-bridge",
  layer: "scan",
  intent: "running",
  mode: "auto",
  word: "Healthy",
  cause: "none",
  reason: "as it was",
  life: 4,
  pid: 77,
  host: "a",
  started_at: REPORTED_AT,
  restarts_in_window: 0,
  restart_times: [],
  next_try_at: null,
  last_end: null,
  updated_at: REPORTED_AT,
});
const HEARTBEAT = { ageS: 12, state: "running", facts: null, counters: {} };

let dataDir = "";
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), "dolphin-samples-"));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

function seen(supervision: Supervision | null, changed: Partial<Witnesses> = {}): Witnesses {
  return {
    spec: SERVICES["scan-bridge"],
    policy: { restartsMax: 3, windowMs: 600_000, delaysMs: [0], fatalRetryMs: 300_000 },
    dataDir,
    nowMs: Date.parse(REPORTED_AT),
    supervision,
    heartbeat: null,
    lastIntent: null,
    ...changed,
  };
}

const reported = (changed: Partial<typeof DETAILS> = {}, ageS = 1): Supervision => ({
  status: STATUS,
  run: { kind: "reported", details: { ...DETAILS, ...changed }, ageS },
});
const quiet = (changed: Partial<typeof STATUS>): Supervision => ({
  status: { ...STATUS, ...changed },
  run: { kind: "none" },
});
const DOWN = { word: "Down", cause: "process", action: "restart" } as const;

test.each([
  ["a run that tells", reported(), { phase: "running", beatAgeS: 1, isWanted: true }],
  ["one whose process is silent", reported(DOWN), { phase: "running", beatAgeS: 12 }],
  ["one that starts", reported({ word: "Starting" }), { phase: "starting", beatAgeS: 1 }],
  ["one between two lives", reported({ pid: null }), { phase: "absent", beatAgeS: 12 }],
  ["no run, and a process that has ended", quiet({}), { phase: "absent", beatAgeS: 12 }],
  ["a budget that is spent", quiet({ pid: null, word: "FATAL" }), { phase: "fatal" }],
  [
    "an operator's stop",
    quiet({ pid: null, intent: "stopped", word: "Stopped" }),
    { phase: "stopped", isWanted: false },
  ],
] as const)("with %s", (_what, supervision, expected) => {
  expect(serviceSample(seen(supervision, { heartbeat: HEARTBEAT }))).toMatchObject(expected);
});

test("without word from Temporal the run file tells, and the intent is the last that was heard", () => {
  expect(serviceSample(seen(null))).toMatchObject({ phase: "unknown", isWanted: true });
  const run = { service: "scan-bridge", life: 1, started_at: REPORTED_AT };
  const folder = join(dataDir, "run");
  writeRunFile(folder, { ...run, pid: process.pid, started_ticks: startedTicks(process.pid) });
  const found = seen(null, { lastIntent: false });
  expect(serviceSample(found)).toMatchObject({ phase: "running", isWanted: false, beatAgeS: null });
  // A heartbeat in Hazelcast that is old is a sign, and the supervisor's silence no reason to act on it.
  const old = seen(null, { heartbeat: { ...HEARTBEAT, ageS: 40 } });
  expect(serviceSample(old)).toMatchObject({ beatAgeS: 40, verdict: { word: "Down" } });
  writeRunFile(folder, { ...run, pid: process.pid, started_ticks: 1 });
  expect(serviceSample(seen(null)).phase).toBe("absent");
  removeRunFile(folder, "scan-bridge", process.pid);
});

const ANSWERED = { kind: "answered", ms: 1 } as const;

function dependencies(
  witnesses: readonly Witnesses[],
  freeBytes: number | null = 1e9,
  processorWaitMs: number | null = 0.1,
) {
  return dependenciesOf({
    hazelcast: ANSWERED,
    temporal: ANSWERED,
    queues: [{ layer: "scan", pollers: 2 }],
    witnesses,
    disk: { folder: "/srv/data", freeBytes },
    clock: { stepS: 0, recentStepS: null },
    processorWaitMs,
  });
}

test("what only a service sees is as it tells it, while it tells", () => {
  expect(dependencies([seen(reported())])).toMatchObject({
    dependencies: {
      archive: "hung",
      hazelcast: "ok",
      temporal: "ok",
      "worker:scan": "ok",
      disk: "ok",
    },
    said: { archive: "scan-bridge: the archive does not answer (a file operation hangs)" },
  });
  expect(dependencies([seen(reported({}, 30))]).dependencies["archive"]).toBe("unknown");
});

test.each([
  [null, "unknown", "waits for a processor are not known"],
  [3.21, "ok", "who is to run waits 3.2 ms for a processor"],
  [
    81,
    "error",
    "who is to run waits 81.0 ms for a processor, on average over the worst half minute lately",
  ],
])("a wait of %s ms for a processor: %s", (waitMs, state, says) => {
  const { dependencies: states, said } = dependencies([], 1e9, waitMs);
  expect(states["processor"]).toBe(state);
  expect(said["processor"]).toContain(says);
});

test("a server that a service works with is known to answer him, while he tells it", () => {
  expect(dependencies([seen(reported())]).answered).toEqual({ hazelcast: "scan-bridge" });
  expect(dependencies([seen(reported({}, 30))]).answered).toEqual({});
});

test("runs that nobody tells of have lost their worker, whoever the server still remembers", () => {
  const { dependencies: states, said } = dependencies([seen(reported({}, 30))]);
  expect([states["worker:scan"], said["worker:scan"]]).toEqual([
    "down",
    "no worker of layer scan ('dolphin worker scan') has reported on its services for 30 s",
  ]);
  const other = { status: STATUS, run: { kind: "reported", details: DETAILS, ageS: 1 } } as const;
  const both = [seen(reported({}, 30)), seen(other)];
  expect(dependencies(both).dependencies["worker:scan"]).toBe("ok");
});

test("a disk with little room says how little", () => {
  const { dependencies: states, said } = dependencies([], 12_345_678);
  expect([states["disk"], said["disk"]]).toEqual([
    "error",
    "12 MB are free on the disk of /srv/data (low below 64 MB)",
  ]);
  expect(dependencies([], null).dependencies["disk"]).toBe("unknown");
});
