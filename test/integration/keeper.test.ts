/** The keeper with real processes and a Temporal that answers when the test says so. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createKeeper } from "../../src/operations/keeper/keeper.ts";
import type { Keeper } from "../../src/operations/keeper/keeper.ts";
import type { Attachment, KeeperWorld } from "../../src/operations/keeper/kept-service.ts";
import { isProcessAlive, signalGroup } from "../../src/adapters/process/process-facts.ts";
import { connectTemporal } from "../../src/adapters/temporal-client.ts";
import { explainRestart } from "../../src/domain/supervision/why/explain-restart.ts";
import { readLives } from "../../src/operations/why/read-lives.ts";
import { readRunFile } from "../../src/adapters/process/run-file.ts";
import type { Mode } from "../../src/domain/supervision/next-step.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { FAKE_SERVICES } from "../helpers/supervision/fake-services.ts";
import { until } from "../helpers/until.ts";
import type { Behaviour } from "../helpers/supervision/fake-service.ts";

const FAKE_SERVICE = fileURLToPath(
  new URL("../helpers/supervision/fake-service.ts", import.meta.url),
);
const FREEZER = "/sys/fs/cgroup/freezer";
const SPEC = FAKE_SERVICES["fake"]!;
const POLICY = { restartsMax: 3, windowMs: 600_000, delaysMs: [0, 500], fatalRetryMs: 3_000 };
/** A start and an end take less than the window on any machine. */
const RETRIED = { restartsMax: 1, windowMs: 16_000, delaysMs: [0], fatalRetryMs: 3_000 };

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
    whyStopOrphan: () => Promise.resolve(null),
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

test("every restart is explained by what was recorded of it, and by the worker's log alone", async () => {
  const file = join(dir, "logs", "worker.log");
  keeper = openKeeper({
    log: (level, msg) =>
      appendFileSync(file, `${JSON.stringify({ time: new Date().toISOString(), level, msg })}\n`),
  });
  mkdirSync(join(dir, "logs"));
  doesTemporalAnswer = false;
  behave({ exit: 1 });
  const attachment = attach();
  await until("used up", () => attachment.details().word === "FATAL" || null);
  expect(attachment.details().reason).toMatch(/exit code 1 .*; the restarts are used up; next try/);
  doesTemporalAnswer = true;
  const result = await attachment.ended;
  const ends = [...result.local_lives, result];
  expect(ends.length).toBeGreaterThan(POLICY.restartsMax);
  const times = result.restart_times.map((time) => Date.parse(time));
  const explained = ends.map(({ kind, why, at: endedAt }, at) => {
    const expected = { kind, why, atMs: Date.parse(endedAt), unkillable: 0 };
    const end = { ...expected, restartTimesMs: times.slice(0, at) };
    return explainRestart(end, { intent: "running", mode: "auto" }, POLICY);
  });
  expect(explained.map(({ facts }) => facts[0]?.says.split(" (")[0])).toEqual(
    ends.map(({ why }) => why),
  );
  const firsts = explained.slice(0, POLICY.restartsMax);
  expect(firsts.map(({ step, used }) => [step.kind, used])).toEqual(
    firsts.map((_, at) => ["restart", at]),
  );
  // Whatever was started was due by then, and the last one is not.
  const due = explained.map(({ step }) => ("atMs" in step ? step.atMs : Infinity));
  expect(times.map((atMs, at) => due[at]! <= atMs)).toEqual(times.map(() => true));
  expect(explained.at(-1)?.step.kind).toBe("fatal");
  // Nobody listens there: Temporal is away.
  const temporal = connectTemporal("127.0.0.1:9");
  const asked = { service: "fake", dataDir: dir, untilMs: null, count: 100 };
  const { ends: logged, readFrom } = await readLives(temporal, asked);
  await temporal.close();
  expect(readFrom).toContain("does not answer");
  expect(logged.map(({ life, why }) => [life, why])).toEqual(
    ends.toReversed().map(({ life, why }) => [life, why]),
  );
  expect(logged.map(({ isLocal }) => isLocal)).toEqual(ends.map((_, at) => 0 < at));
});

describe("the keeper", () => {
  test("hands the process to the newest attempt that attaches, and informs the previous one", async () => {
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

  test("writes the run file again when it is gone or half of one", async () => {
    const pid = await pidOf(attach());
    const file = join(dir, "run", "fake.json");
    const isBack = () => (readRunFile(join(dir, "run"), "fake")?.pid === pid ? true : null);
    await until("written", isBack);
    rmSync(join(dir, "run"), { recursive: true });
    await until("written again", isBack);
    writeFileSync(file, "{");
    expect(await until("mended", isBack)).toBe(true);
  });

  test("keeps what a service prints on stdout and on stderr in a file each, and shows both", async () => {
    behave({ exit: 3 });
    const said = ["fake service: start 1", "fake service: told to exit with 3"];
    expect(await attach().ended).toMatchObject({ exit_code: 3, last_log: said });
    const files = ["fake.out", "fake.err"].map((name) =>
      readFileSync(join(dir, "logs", name), "utf8"),
    );
    expect(files).toEqual(said.map((line) => `${line}\n`));
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
    keeper = openKeeper({ policy: RETRIED });
    const attachment = attach();
    await pidOf(attachment);
    doesTemporalAnswer = false;
    behave({ exit: 1 });
    await until("used up", () => attachment.details().word === "FATAL" || null);
    expect(starts()).toBe(2);
    expect(attachment.details().next_try_at).not.toBeNull();
    behave({});
    await pidOf(attachment);
    expect(starts()).toBe(3);
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
