import { describe, expect, test } from "vitest";
import {
  gravest,
  machineFindings,
  type MachineReadings,
  stackFindings,
  type StackReadings,
} from "../../../src/domain/deployment/machine-checks.ts";

const GB = 1e9;
const GOOD: MachineReadings = {
  nodeMajor: 24,
  toolsProblem: null,
  ports: [{ name: "hazelcast", port: 5_701, isFree: true, holder: null, isOurs: null }],
  disk: { path: "/srv", freeBytes: 50 * GB, syncMs: 2, problem: null },
  isClockSynchronised: true,
  openFilesMax: 65_536,
  memory: { totalBytes: 16 * GB, availableBytes: 8 * GB },
  isRoot: false,
  dataDir: { path: "/srv/data", mode: 0o750, isOurs: true, problem: null },
  secrets: [{ path: "/etc/dolphin/pager.key", mode: 0o600 }],
  archive: { path: "/srv/scans", problem: null, newestAgeS: 3 },
};

function badIn(change: Partial<MachineReadings>, isDeployed = false) {
  return machineFindings({ ...GOOD, ...change }, isDeployed)
    .filter(({ grade }) => grade !== "ok")
    .map(({ check, grade }) => `${grade} ${check}`);
}

describe("of a machine", () => {
  test("nothing is said against a good one, and nothing is left to do", () => {
    const findings = machineFindings(GOOD, false);
    expect(gravest(findings)).toBe("ok");
    expect(findings.filter(({ todo }) => todo !== null)).toEqual([]);
  });

  test.each<[string, Partial<MachineReadings>]>([
    ["fail node", { nodeMajor: 20 }],
    ["fail tools", { toolsProblem: "this checkout is not set up" }],
    ["warn user", { isRoot: true }],
    ["fail disk room", { disk: { ...GOOD.disk, freeBytes: 0.5 * GB } }],
    ["warn disk room", { disk: { ...GOOD.disk, freeBytes: 2 * GB } }],
    ["warn disk speed", { disk: { ...GOOD.disk, syncMs: 60 } }],
    ["fail disk speed", { disk: { ...GOOD.disk, syncMs: 400 } }],
    ["warn clock", { isClockSynchronised: false }],
    ["warn clock", { isClockSynchronised: null }],
    ["warn open files", { openFilesMax: 1_024 }],
    ["fail memory", { memory: { totalBytes: GB, availableBytes: GB } }],
    ["warn memory", { memory: { totalBytes: 16 * GB, availableBytes: 0.5 * GB } }],
    ["warn data_dir", { dataDir: { ...GOOD.dataDir, mode: null } }],
    ["fail data_dir", { dataDir: { ...GOOD.dataDir, mode: 0o777 } }],
    ["fail data_dir", { dataDir: { ...GOOD.dataDir, isOurs: false } }],
    ["fail data_dir", { dataDir: { ...GOOD.dataDir, mode: null, problem: "EACCES" } }],
    ["fail secret", { secrets: [{ path: "/k", mode: 0o640 }] }],
    ["fail secret", { secrets: [{ path: "/k", mode: null }] }],
    ["fail archive", { archive: { ...GOOD.archive, problem: "ENOENT" } }],
    ["warn archive", { archive: { ...GOOD.archive, newestAgeS: 3_600 } }],
    ["warn archive", { archive: { ...GOOD.archive, newestAgeS: -60 } }],
    ["warn archive", { archive: { ...GOOD.archive, newestAgeS: null } }],
  ])("%s where it holds: %j", (expected, change) => {
    expect(badIn(change)).toEqual([expected]);
    const todo = machineFindings({ ...GOOD, ...change }, false).find((one) => one.grade !== "ok");
    expect(todo?.todo).not.toBeNull();
  });

  test("a port must be free before, and held after", () => {
    const inUse = {
      name: "temporal",
      port: 7_233,
      isFree: false,
      holder: "java (pid 7)",
      isOurs: false,
    };
    expect(badIn({ ports: [inUse] })).toEqual(["fail port temporal"]);
    expect(badIn({ ports: [inUse] }, true)).toEqual([]);
    expect(badIn({ ports: [{ ...inUse, isFree: true }] }, true)).toEqual(["fail port temporal"]);
    const dashboard = { ...inUse, name: "dashboard" };
    expect(badIn({ ports: [dashboard] }, true)).toEqual(["fail port dashboard"]);
    expect(badIn({ ports: [{ ...dashboard, isOurs: true }] }, true)).toEqual([]);
  });
});

const RUNNING: StackReadings = {
  servers: [{ server: "temporal", address: "127.0.0.1:7233", problem: null }],
  queues: [{ task_queue: "dolphin-scan", pollers: 2 }],
  schedules: [{ schedule: "compact-archive", paused: null }],
  schedulesWanted: ["compact-archive"],
};

test.each<[string, Partial<StackReadings>, readonly string[]]>([
  ["all that runs", {}, []],
  [
    "a silent server",
    { servers: [{ server: "temporal", address: "a:1", problem: "no answer" }] },
    ["fail temporal"],
  ],
  [
    "a queue that nobody polls",
    { queues: [{ task_queue: "dolphin-scan", pollers: 0 }] },
    ["fail queue dolphin-scan"],
  ],
  ["a schedule that is not there", { schedules: [] }, ["fail schedules"]],
  [
    "a paused schedule",
    { schedules: [{ schedule: "compact-archive", paused: "by hand" }] },
    ["warn schedules"],
  ],
  ["Temporal away", { queues: null, schedules: null }, ["fail pollers", "fail schedules"]],
])("of a stack: %s", (_, change, expected) => {
  const bad = stackFindings({ ...RUNNING, ...change }).filter(({ grade }) => grade !== "ok");
  expect(bad.map(({ check, grade }) => `${grade} ${check}`)).toEqual(expected);
});
