/** Who undoes a fault: the injector, its guard process, or a later process. With real processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { faultUnderWay, undoLeftFaults } from "../../../src/adapters/faults/injected.ts";
import { freezeStrike } from "../../../src/adapters/faults/strikes.ts";
import { startedTicks } from "../../../src/adapters/process/process-facts.ts";
import { killAll, sendSignal, stateOf, until } from "../../helpers/processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const HOLD = fileURLToPath(new URL("../../helpers/faults/hold-frozen.ts", import.meta.url));
const WITHIN = 60_000;
let dir = "";
let target: ChildProcess;

beforeEach(() => {
  dir = makeTemporaryDirectory("injected");
  target = spawn("sleep", ["600"], { stdio: "ignore" });
});
afterEach(() => {
  target.kill("SIGKILL");
  removeTemporaryDirectory(dir);
});

function untilState(state: string): Promise<void> {
  const tell = () => `state ${stateOf(target.pid)}, not ${state}`;
  return until(() => stateOf(target.pid) === state, { ms: WITHIN, tell });
}

function records(): readonly string[] {
  const folder = join(dir, "drills");
  return existsSync(folder) ? readdirSync(folder) : [];
}

test("who injected it undoes it, twice without harm, and leaves no record", async () => {
  const pid = target.pid ?? 0;
  const strike = freezeStrike(dir, { name: "bridge-freeze" }, [
    { name: "sleep", pid, ticks: startedTicks(pid) ?? 0 },
  ]);
  if (strike.kind === "cannot") throw new Error(strike.why);
  const injected = strike.strike();
  await untilState("T");
  expect(faultUnderWay(dir)).toMatchObject({ fault: "bridge-freeze", pid: process.pid });
  // A living drill's fault is left to it.
  expect(undoLeftFaults(dir)).toEqual([]);
  expect(stateOf(pid)).toBe("T");
  injected?.undo();
  injected?.undo();
  await untilState("S");
  expect(records()).toEqual([]);
});

async function killHolder(alsoItsGuard: boolean): Promise<void> {
  const holder = spawn(process.execPath, [HOLD, dir, String(target.pid)], { stdio: "ignore" });
  const ended = new Promise((resolve) => holder.once("exit", resolve));
  await untilState("T");
  if (alsoItsGuard) killAll(guardsOf(holder.pid));
  sendSignal(holder.pid, "SIGKILL");
  await ended;
}

/** Children of the holder, and what they have started. */
function guardsOf(parent: number | undefined): readonly number[] {
  const children = readdirSync("/proc")
    .map(Number)
    .filter((pid) => 0 < pid && parentOf(pid) === parent);
  return [...children, ...children.flatMap((pid) => guardsOf(pid))];
}

function parentOf(pid: number): number | null {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return null;
  }
}

test("its guard undoes it when who injected it was killed", async () => {
  await killHolder(false);
  await untilState("S");
  expect(undoLeftFaults(dir)).toEqual(["bridge-freeze"]);
});

test("whoever comes next undoes what even the guard has left", async () => {
  await killHolder(true);
  expect(stateOf(target.pid)).toBe("T");
  expect(undoLeftFaults(dir)).toEqual(["bridge-freeze"]);
  await untilState("S");
  expect(records()).toEqual([]);
});

test("half of a record is removed, and one of a process that is gone needs nothing", () => {
  const folder = join(dir, "drills");
  mkdirSync(folder);
  writeFileSync(join(folder, "half.json"), '{"fault": "disk-f');
  const gone = {
    fault: "disk-full",
    at: "2026-11-29T00:00:00Z",
    pid: 2 ** 22 - 1,
    started_ticks: 1,
    undo: ["file-size", String(target.pid), "1", "unlimited", "unlimited"],
  };
  writeFileSync(join(folder, "gone.json"), JSON.stringify(gone));
  expect(undoLeftFaults(dir)).toEqual(["disk-full"]);
  expect(records()).toEqual([]);
});
