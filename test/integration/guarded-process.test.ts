import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isProcessAlive } from "../../src/adapters/process/process-facts.ts";
import { startGuarded } from "../../src/embedded/guarded-process.ts";
import { killProcessesOn, processesOn, sendSignal, until } from "../helpers/processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";

/** Says when its traps are set, so that no signal comes before. */
const READY = "echo ready; while :; do sleep 1; done";
const PROGRAMS = {
  obedient: `trap 'echo asked; sleep 0.2; exit 7' TERM; ${READY}`,
  stubborn: `trap '' TERM; ${READY}`,
  withChild: `sleep 1000 & ${READY}`,
  short: "exit 3",
  refusing: "echo why; echo 'no configuration' >&2; exit 78",
};
let dir = "";
beforeEach(() => {
  dir = makeTemporaryDirectory("guard");
});
afterEach(() => {
  killProcessesOn(dir);
  removeTemporaryDirectory(dir);
});

function log(): string {
  const file = join(dir, "log");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

async function start(program: keyof typeof PROGRAMS, graceSeconds: number) {
  const started = await startGuarded({
    command: "/bin/sh",
    args: ["-c", PROGRAMS[program]],
    cwd: dir,
    env: process.env,
    logFile: join(dir, "log"),
    graceSeconds,
  });
  const isBrief = program === "short" || program === "refusing";
  if (!isBrief) await until(() => log().includes("ready"), { ms: 5_000, tell: log });
  return started;
}

function checkGone(withinMs: number): Promise<void> {
  return until(() => processesOn(dir).length === 0, { ms: withinMs, tell: whatRuns });
}

function whatRuns(): string {
  return JSON.stringify(processesOn(dir));
}

describe("a guarded program", () => {
  test("is known by its own pid, and its exit code comes through", async () => {
    const program = await start("short", 1);
    expect(program.pid).not.toBe(program.guardPid);
    expect(await program.exited).toEqual({ code: 3, signal: null });
    await checkGone(2_000);
  });

  test("has the last line that it printed in this life reported", async () => {
    const refusing = await start("refusing", 1);
    expect(await refusing.exited).toEqual({ code: 78, signal: null });
    expect(refusing.lastLine()).toBe("no configuration");
    const short = await start("short", 1);
    await short.exited;
    expect(short.lastLine()).toBeNull();
  });

  test("is asked to stop first", async () => {
    const program = await start("obedient", 5);
    await program.stop();
    expect(await program.exited).toEqual({ code: 7, signal: null });
    expect(log().match(/asked/g)).toHaveLength(1);
    await checkGone(2_000);
  });

  test("is killed when it does not stop within the grace", async () => {
    const program = await start("stubborn", 1);
    await program.stop();
    expect((await program.exited).signal).toBe("SIGKILL");
    await checkGone(1_000);
  });

  test("gets the SIGTERM that its guard gets", async () => {
    const program = await start("obedient", 5);
    sendSignal(program.guardPid, "SIGTERM");
    expect(await program.exited).toEqual({ code: 7, signal: null });
  });

  test("reports by which signal it died", async () => {
    const program = await start("obedient", 5);
    sendSignal(program.pid, "SIGKILL");
    expect(await program.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("goes with its children, whether it is killed or asked to stop", async () => {
    const first = await start("withChild", 5);
    first.kill();
    await first.exited;
    await checkGone(1_000);
    const second = await start("withChild", 5);
    await second.stop();
    await checkGone(1_000);
  });

  test("does not outlive a guard that was killed", async () => {
    const program = await start("stubborn", 5);
    sendSignal(program.guardPid, "SIGKILL");
    await program.exited;
    await until(() => !isProcessAlive(program.pid, program.startedTicks), {
      ms: 1_000,
      tell: () => "the program still runs",
    });
    await checkGone(1_000);
  });

  test.each(["obedient", "stubborn", "withChild"] as const)(
    "that is %s ends when its parent is killed",
    async (kind) => {
      const script = `
        import { startGuarded } from ${JSON.stringify(new URL("../../src/embedded/guarded-process.ts", import.meta.url).href)};
        await startGuarded(${JSON.stringify({
          command: "/bin/sh",
          args: ["-c", PROGRAMS[kind]],
          cwd: dir,
          env: {},
          logFile: join(dir, "log"),
          graceSeconds: 1,
        })});`;
      const parent = spawn(process.execPath, ["--input-type=module", "-e", script], {
        stdio: "inherit",
      });
      await until(() => log().includes("ready"), { ms: 10_000, tell: log });
      parent.kill("SIGKILL");
      await checkGone(4_000);
    },
  );
});
