import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { cgroupPlaces, groupsOf } from "../../../src/adapters/process/limits/cgroup-places.ts";
import { confine, ownPlaces } from "../../../src/adapters/process/limits/confine.ts";
import { throttledMsIn } from "../../../src/adapters/process/limits/throttled.ts";
import { NODE_FLAGS } from "../../../src/adapters/process/node-flags.ts";
import { bridgeService } from "../../../src/domain/supervision/services.ts";
import { THREAD_CODE_MB } from "../../../src/domain/supervision/thread-code.ts";
import { spawnSync } from "../../helpers/run-program.ts";

const MIB = 1_048_576;
const NOWHERE = { memory: null, cpu: null, pids: null };
const LIMITS = { memoryMaxBytes: 120 * MIB, cpuMaxPercent: 200, tasksMax: 64 };
/** Fills memory beyond every cap, as a buffer that is written to, and says so if it got there. */
const FILL = `
const held = [];
for (let mib = 0; mib < 1_500; mib += 10) held.push(Buffer.alloc(10 * 1_048_576, 1));
process.stdout.write("took it all");
`;
const SECOND = "0::/user.slice/app.slice/dolphin.service/worker\n";
const MOUNT_2 = "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw";
const FIRST = "8:pids:/\n4:memory:/box/a\n1:cpu,cpuacct:/\n0::/\n";
const MOUNT_1 = [
  "32 31 0:29 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct",
  "35 31 0:32 /box /cg/memory rw - cgroup cgroup rw,memory",
  "41 31 0:38 / /cg/unified rw - cgroup2 cgroup2 rw",
].join("\n");
const DELEGATED = "/sys/fs/cgroup/user.slice/app.slice/dolphin.service";

describe("control groups are made", () => {
  test.each([
    ["nowhere, without any", "", "", false, "", [null, null, null]],
    [
      "beside us, in the group that was delegated to us",
      SECOND,
      MOUNT_2,
      false,
      DELEGATED,
      [DELEGATED, null, DELEGATED],
    ],
    ["nowhere, by root in another manager's", SECOND, MOUNT_2, true, DELEGATED, [null, null, null]],
    ["below us, with version 1", FIRST, MOUNT_1, true, "", ["/cg/memory/a", "/cg/cpu", null]],
  ])("%s", (_, cgroup, mountinfo, isRoot, delegated, folders) => {
    const handedDown = (folder: string) => (folder === delegated ? ["memory", "pids"] : []);
    const { memory, cpu, pids } = cgroupPlaces({ cgroup, mountinfo, isRoot, handedDown });
    expect([memory, cpu, pids].map((place) => place?.folder ?? null)).toEqual(folders);
  });
});

test.each([
  ["version 2", SECOND, MOUNT_2, [`${DELEGATED}/worker`, DELEGATED, "/sys/fs/cgroup"]],
  ["version 1", FIRST, MOUNT_1, ["/cg/cpu"]],
  ["none", "", "", []],
])(
  "a quota may be of the group itself, or of one around it: %s",
  (_what, cgroup, mountinfo, some) => {
    const folders = groupsOf("cpu", { cgroup, mountinfo });
    expect(folders).toEqual(expect.arrayContaining(some));
    expect(folders.slice(0, 2)).toEqual(some.slice(0, 2));
  },
);

test.each([
  ["version 2", "usage_usec 9\nnr_throttled 3\nthrottled_usec 1500000\n", 1_500],
  ["version 1", "nr_periods 9\nnr_throttled 3\nthrottled_time 1500000000\n", 1_500],
  ["no quota", "usage_usec 9\n", 0],
])("the time held back by a quota is read: %s", (_what, text, ms) => {
  expect(throttledMsIn(text)).toBe(ms);
});

/** A process that is started as a keeper starts a service. */
async function fillMemory(places: ReturnType<typeof ownPlaces>) {
  const folder = mkdtempSync(join(tmpdir(), "dolphin-limits-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const caps = confine("test", LIMITS, places);
  const program = caps.wrap({ file: process.execPath, args: ["-e", FILL] });
  const child = spawn(program.file, program.args, { stdio: ["ignore", "pipe", "ignore"] });
  caps.enter(child.pid!);
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await once(child, "close");
  const { exitCode: code, signalCode: signal } = child;
  const found = { code, signal, said, hasRunOut: caps.hasRunOut(), words: caps.words() };
  caps.leave();
  return found;
}

describe("a process that takes more memory than its cap", () => {
  test("is killed by the kernel where there are control groups, which are removed after it", async (context) => {
    const places = ownPlaces();
    const { memory } = places;
    const probe = confine("probe", LIMITS, places);
    probe.leave();
    if (memory === null || !probe.words().startsWith("memory 120 MiB by cgroup")) {
      return context.skip(`no control group can be made here: ${probe.words()}`);
    }
    const found = await fillMemory(places);
    expect(found).toMatchObject({ signal: "SIGKILL", said: "", hasRunOut: true });
    expect(existsSync(join(memory.folder, `dolphin-test-${process.pid}`))).toBe(false);
  });

  test("ends where there is only an rlimit; what is not enforced is said", async () => {
    const found = await fillMemory(NOWHERE);
    expect(found).toMatchObject({ said: "", hasRunOut: false });
    expect(found.code).not.toBe(0);
    expect(found.words).toBe(
      "memory 120 MiB by rlimit, plus reserved address space, CPU 200 % not enforced " +
        "(no cgroup to write), 64 tasks not enforced (no cgroup to write)",
    );
  });
});

/** As many as the bridge has: its pump, its upkeep, and the reader of rare layouts. */
const THREADS = `
  const { Worker } = require("node:worker_threads");
  const limits = { resourceLimits: { codeRangeSizeMb: ${THREAD_CODE_MB} }, eval: true };
  const wait = "require('node:worker_threads').parentPort.once('message', () => process.exit())";
  const threads = [1, 2, 3].map(() => new Worker(wait, limits));
  let up = 0;
  for (const thread of threads) thread.on("online", () => {
    up += 1;
    if (up < 3) return;
    console.log("all run");
    for (const each of threads) each.postMessage("end");
  });`;

test("a service has room for its threads where there is only an rlimit", () => {
  const { limits, nodeArgs } = bridgeService();
  const caps = confine("test", limits, NOWHERE);
  const args = [...NODE_FLAGS, ...nodeArgs, "-e", THREADS];
  const program = caps.wrap({ file: process.execPath, args });
  const run = spawnSync(program.file, program.args, { encoding: "utf8" });
  expect([run.stdout, run.status]).toEqual(["all run\n", 0]);
});

test("a group that can't be written costs a word, and no start", () => {
  const folder = mkdtempSync(join(tmpdir(), "dolphin-limits-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "absent");
  const caps = confine("test", LIMITS, { ...NOWHERE, pids: { version: 2, folder: file } });
  const program = caps.wrap({ file: "true", args: [] });
  expect(program.args.at(-1)).toBe("true");
  caps.enter(process.pid);
  expect(caps.words()).toMatch(/64 tasks not enforced \(.*ENOENT/);
  expect(() => readFileSync(file)).toThrow("ENOENT");
});

test("a process that could not be put into its group is not said to be capped", () => {
  const folder = mkdtempSync(join(tmpdir(), "dolphin-limits-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, `dolphin-test-${process.pid}`, "cgroup.procs"), { recursive: true });
  const caps = confine("test", LIMITS, { ...NOWHERE, memory: { version: 2, folder } });
  expect(caps.words()).toMatch(/^memory 120 MiB by cgroup/);
  caps.enter(process.pid);
  expect(caps.words()).toMatch(/^memory 120 MiB not enforced \(.*EISDIR/);
});
