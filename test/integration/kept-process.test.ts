import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startGuarded } from "../../src/embedded/guarded-process.ts";
import { keepProcess } from "../../src/embedded/kept-process.ts";
import type { KeptProcess } from "../../src/embedded/kept-process.ts";
import { processesOn, sendSignal, until } from "../helpers/processes.ts";
import { KEEPING, startKeeping } from "../helpers/supervision/keeping.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";

/** A start and an end take less than the window on any machine. */
const POLICY = { restartsMax: 1, windowMs: 8_000, delaysMs: [0, 100], fatalRetryMs: 300 };
let dir = "";
let events: string[] = [];
let kept: KeptProcess | null = null;

beforeEach(() => {
  dir = makeTemporaryDirectory("kept");
  events = [];
});
afterEach(async () => {
  await kept?.stop();
  const tell = () => JSON.stringify(processesOn(dir));
  await until(() => processesOn(dir).length === 0, { ms: 2_000, tell });
  removeTemporaryDirectory(dir);
});

/** Runs until it is killed; while the file `broken` is there it ends at once. */
function keep(): Promise<KeptProcess> {
  const log = join(dir, "log");
  const start = () =>
    startGuarded({
      command: "/bin/sh",
      args: ["-c", "[ -e broken ] && echo it is broken && exit 78; while :; do sleep 0.1; done"],
      cwd: dir,
      env: process.env,
      logFile: log,
      graceSeconds: 1,
    });
  return keepProcess(
    { name: "program", log, start, probe: null, silentMsMax: Infinity },
    { policy: POLICY, onEvent },
  );
}

function failToStart(): Promise<never> {
  return Promise.reject(new Error("no such program"));
}

function onEvent(level: string, text: string): void {
  events.push(`${level}: ${text}`);
}

function tellEvents(): string {
  return events.join("\n");
}

function breakIt(): void {
  writeFileSync(join(dir, "broken"), "");
}

const silent = () => Promise.resolve("silent" as const);

describe("a kept process that says nothing", () => {
  /** On the processor that the others keep busy: the first of those that we may use. */
  const status = readFileSync("/proc/self/status", "utf8");
  const onOne = ["-c", /^Cpus_allowed_list:\s*(\d+)/m.exec(status)?.[1] ?? "0"];
  let others: ChildProcess[] = [];
  afterEach(() => {
    for (const one of others) one.kill("SIGKILL");
    others = [];
  });

  test("is left alone while it waits for a processor, and is killed when it is stopped", async () => {
    const spin = ["/bin/sh", "-c", "while :; do :; done"];
    // Sessions of their own: the kernel shares a processor among sessions first.
    const apart = { detached: true };
    others = Array.from({ length: 6 }, () => spawn("taskset", [...onOne, ...spin], apart));
    const start = () =>
      startGuarded({
        command: "nice",
        args: ["-n", "19", "taskset", ...onOne, ...spin],
        cwd: dir,
        env: process.env,
        logFile: join(dir, "log"),
        graceSeconds: 1,
      });
    const spec = { name: "program", log: join(dir, "log"), start, probe: silent };
    // The kernel counts a wait when it is over: the first one may be of seconds.
    const silentMsMax = 5_000;
    kept = await keepProcess(
      { ...spec, silentMsMax },
      { policy: POLICY, probeEveryMs: 200, onEvent },
    );
    const { pid } = kept.process()!;
    const waitedMs = () =>
      Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1]) / 1e6;
    await until(() => 1.5 * silentMsMax < waitedMs(), { ms: 60_000, tell: tellEvents });
    expect([kept.process()?.pid, kept.restarts()]).toEqual([pid, 0]);
    sendSignal(pid, "SIGSTOP");
    for (const one of others) one.kill("SIGKILL");
    await until(() => 0 < kept!.restarts(), { ms: 60_000, tell: tellEvents });
    expect(tellEvents()).toMatch(/error: program has not answered for \d+ s and is killed/);
  });
});

describe("a kept process", () => {
  test("is started again when it was killed, and counts that as a restart", async () => {
    kept = await keep();
    const first = kept.process()?.pid;
    sendSignal(first, "SIGKILL");
    const isBack = () => kept?.restarts() === 1 && kept.process() !== null;
    await until(isBack, { ms: 5_000, tell: tellEvents });
    expect(kept.state()).toBe("running");
    expect(kept.process()?.pid).not.toBe(first);
    expect(tellEvents()).toContain("warn: program ended (SIGKILL)");
  });

  test("is FATAL when the budget is spent, and recovers once what broke it is gone", async () => {
    kept = await keep();
    breakIt();
    sendSignal(kept.process()?.pid, "SIGKILL");
    await until(() => kept?.state() === "fatal", { ms: 5_000, tell: tellEvents });
    expect(kept.restarts()).toBe(POLICY.restartsMax);
    expect(tellEvents()).toContain("warn: program ended (exit 78: it is broken)");
    expect(tellEvents()).toMatch(/error: program is FATAL: 1 restarts? in .*; next try in \d+ s/);
    rmSync(join(dir, "broken"));
    await until(() => kept?.state() === "running", { ms: 10_000, tell: tellEvents });
  });

  test("is not started again when it was asked to stop, whatever it was doing", async () => {
    kept = await keep();
    await kept.stop();
    expect([kept.state(), kept.restarts()]).toEqual(["stopped", 0]);

    const other = await keep();
    breakIt();
    sendSignal(other.process()?.pid, "SIGKILL");
    await until(() => other.state() === "fatal", { ms: 5_000, tell: tellEvents });
    await other.stop();
    expect(other.state()).toBe("stopped");
  });

  test("is left alone when its keeper was paused, and killed when it is silent", async () => {
    const keeping = startKeeping(dir);
    await keeping.said("asked: answered");
    const first = keeping.pid();
    writeFileSync(join(dir, "mute"), "");
    await keeping.saidNext("asking");
    keeping.process.kill("SIGSTOP");
    await delay(1.5 * KEEPING.silentMsMax);
    rmSync(join(dir, "mute"));
    keeping.process.kill("SIGCONT");
    await keeping.saidNext("asked: silent");
    await keeping.saidNext("asked: answered");
    expect([keeping.lines().filter((line) => line.includes("killed")), keeping.pid()]).toEqual([
      [],
      first,
    ]);
    writeFileSync(join(dir, "mute"), "");
    await keeping.saidNext("killed");
    await keeping.end();
  });

  test("that does not start at first is the caller's to hear", async () => {
    const spec = { name: "program", log: "", probe: null, silentMsMax: Infinity };
    const keeping = keepProcess({ ...spec, start: failToStart }, { policy: POLICY, onEvent });
    await expect(keeping).rejects.toThrow("no such program");
    expect(existsSync(join(dir, "log"))).toBe(false);
  });
});
