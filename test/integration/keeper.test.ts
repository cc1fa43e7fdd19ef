/** The keeper with real processes and a Temporal that answers when the test says so. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKeeper } from "../../src/adapters/process/keeper.ts";
import type { Keeper } from "../../src/adapters/process/keeper.ts";
import type { Attachment, KeeperWorld } from "../../src/adapters/process/kept-service.ts";
import { isProcessAlive, signalGroup } from "../../src/adapters/process/process-facts.ts";
import type { Mode } from "../../src/domain/supervision/next-step.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { FAKE_SERVICES } from "../helpers/supervision/fake-services.ts";
import { until } from "../helpers/supervision/until.ts";
import type { Behaviour } from "../helpers/supervision/fake-service.ts";

const FAKE_SERVICE = fileURLToPath(
  new URL("../helpers/supervision/fake-service.ts", import.meta.url),
);
const FREEZER = "/sys/fs/cgroup/freezer";
const SPEC = FAKE_SERVICES["fake"]!;
const POLICY = { restartsMax: 3, windowMs: 9_000, delaysMs: [0, 500], fatalRetryMs: 3_000 };

let dir: string;
let keeper: Keeper;
let doesTemporalAnswer: boolean;
let mode: Mode;

beforeEach(() => {
  dir = makeTemporaryDirectory("keeper");
  doesTemporalAnswer = true;
  mode = "auto";
  keeper = openKeeper({});
});
afterEach(async () => {
  behave({});
  await keeper.stopAll("the test is over");
  removeTemporaryDirectory(dir);
});

function openKeeper(world: Partial<KeeperWorld>): Keeper {
  return createKeeper({
    policy: POLICY,
    healthCheckMs: 500,
    runFolder: join(dir, "run"),
    commandOf: () => ({
      file: process.execPath,
      args: [FAKE_SERVICE],
      env: { ...process.env, FAKE_SERVICE_DIR: dir },
      outFile: join(dir, "logs", "fake.out"),
    }),
    temporalAnswers: () => Promise.resolve(doesTemporalAnswer),
    modeOf: () => Promise.resolve(mode),
    log: () => undefined,
    ...world,
  });
}

function behave(behaviour: Behaviour): void {
  writeFileSync(join(dir, "behaviour.json"), JSON.stringify(behaviour));
}

function attach(life = 1): Attachment {
  return keeper.attach(SPEC, { life, restartTimesMs: [], isRestart: false, mode: "auto" });
}

async function pidOf(attachment: Attachment): Promise<number> {
  const isReady = () => attachment.details().word === "Healthy" && attachment.details().pid;
  return until("healthy", () => isReady() || null);
}

function starts(): number {
  const file = join(dir, "starts");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").length : 0;
}

describe("the keeper", () => {
  test("hands the process to the newest who attaches, and tells the one before", async () => {
    const first = attach();
    const pid = await pidOf(first);
    const second = attach(2);
    await first.replaced;
    expect(second.details()).toMatchObject({ pid, life: 1 });
    first.stop("a replaced attempt has no say");
    first.detach();
    second.stop("asked");
    expect(await second.ended).toMatchObject({ kind: "stopped", why: "asked", pid });
    expect(keeper.has("fake")).toBe(false);
    expect(keeper.lastResult("fake")).toMatchObject({ pid });
    expect(starts()).toBe(1);
  });

  test("answers an end to Temporal when it is there, and decides by itself when it is not", async () => {
    const first = attach();
    signalGroup(await pidOf(first), "SIGKILL");
    expect(await first.ended).toMatchObject({ kind: "exited", signal: "SIGKILL", local_lives: [] });
    const second = attach(2);
    const pid = await pidOf(second);
    doesTemporalAnswer = false;
    signalGroup(pid, "SIGKILL");
    await until("restarted here", () => second.details().life === 3 || null);
    await pidOf(second);
    doesTemporalAnswer = true;
    second.stop("asked");
    expect(await second.ended).toMatchObject({
      life: 3,
      restart_times: [expect.any(String)],
      local_lives: [{ life: 2, kind: "exited" }],
    });
  });

  test("keeps to the budget by itself, and heals when it may", async () => {
    const attachment = attach();
    await pidOf(attachment);
    doesTemporalAnswer = false;
    behave({ exit: 1 });
    await until("used up", () => attachment.details().word === "FATAL" || null);
    expect(starts()).toBe(4);
    expect(attachment.details().next_try_at).not.toBeNull();
    behave({});
    await pidOf(attachment);
    expect(starts()).toBe(5);
  });

  test("restarts nothing by itself that was fenced", async () => {
    const attachment = attach();
    await pidOf(attachment);
    doesTemporalAnswer = false;
    behave({ exit: 76 });
    await until("fenced", () => attachment.details().word === "Fenced" || null);
    behave({});
    const fencedMs = Date.now();
    await until("a while", () => fencedMs + 2_000 < Date.now() || null);
    expect(starts()).toBe(1);
    doesTemporalAnswer = true;
    expect(await attachment.ended).toMatchObject({ kind: "fenced", exit_code: 76 });
  });

  test("lets a frozen process be in monitor-only mode", async () => {
    mode = "monitor-only";
    const attachment = attach();
    const pid = await pidOf(attachment);
    signalGroup(pid, "SIGSTOP");
    await until("said", () => attachment.details().word === "Down" || null);
    const saidMs = Date.now();
    await until("a while", () => saidMs + 1_500 < Date.now() || null);
    expect(isProcessAlive(pid, null)).toBe(true);
    mode = "auto";
    expect(await attachment.ended).toMatchObject({ kind: "frozen", signal: "SIGKILL" });
  });

  test("ends what an earlier worker left before it starts another", async () => {
    const earlier = openKeeper({});
    const left = await pidOf(
      earlier.attach(SPEC, { life: 1, restartTimesMs: [], isRestart: false, mode: "auto" }),
    );
    const pid = await pidOf(attach(2));
    expect(isProcessAlive(left, null)).toBe(false);
    expect(pid).not.toBe(left);
    await earlier.stopAll("the test is over");
  });

  test("says a command that does not exist", async () => {
    const missing = { file: "/no/such/node", args: [], env: {}, outFile: join(dir, "x.out") };
    const broken = openKeeper({ commandOf: () => missing });
    const attachment = broken.attach(SPEC, {
      life: 1,
      restartTimesMs: [],
      isRestart: false,
      mode: "auto",
    });
    const end = await attachment.ended;
    expect(end.kind).toBe("failed_start");
    expect(end.why).toMatch(/no process: .*ENOENT/);
  });
});

describe.skipIf(!existsSync(join(FREEZER, "tasks")))("a process that hangs in the kernel", () => {
  let group: string;
  beforeEach(() => {
    group = join(FREEZER, `dolphin-test-${process.pid}`);
    mkdirSync(group);
  });
  afterEach(async () => {
    writeFileSync(join(group, "freezer.state"), "THAWED");
    await until("thawed", () => readFileSync(join(group, "tasks"), "utf8") === "" || null);
    rmdirSync(group);
  });
  const freeze = (pid: number): void => {
    writeFileSync(join(group, "cgroup.procs"), String(pid));
    writeFileSync(join(group, "freezer.state"), "FROZEN");
  };

  test("is UNKILLABLE, gets one replacement and no second, and the next start works once it is gone", async () => {
    const first = attach(1);
    const pid = await pidOf(first);
    freeze(pid);
    expect(await first.ended).toMatchObject({ kind: "unkillable", unkillable_pids: [pid] });
    const second = attach(2);
    const replacement = await pidOf(second);
    expect(second.details()).toMatchObject({ action: "alert", unkillable_pids: [pid] });
    expect(second.details().reason).toContain(`pid ${pid} cannot be killed`);
    freeze(replacement);
    const both = [pid, replacement];
    expect(await second.ended).toMatchObject({ kind: "unkillable", unkillable_pids: both });
    expect(await attach(3).ended).toMatchObject({ kind: "unkillable", pid: null });
    expect(starts()).toBe(2);
    writeFileSync(join(group, "freezer.state"), "THAWED");
    await until("gone", () => both.every((one) => !isProcessAlive(one, null)) || null);
    const third = attach(4);
    await pidOf(third);
    expect(third.details().unkillable_pids).toEqual([]);
    expect(starts()).toBe(3);
  });
});
