/** What an operator sees of a real system: healthy, with a server that is silent, without scans. */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { connectTemporal } from "../../src/adapters/temporal-client.ts";
import type { UpFile } from "../../src/wire/up-file.ts";
import { supervisorIdOf } from "../../src/workflows/names.ts";
import { processesOn, until } from "../helpers/processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN, type RunningUp, startUp } from "../helpers/up.ts";

const Status = z.object({
  status: z.string(),
  exit: z.number(),
  services: z.array(
    z.looseObject({
      service: z.string(),
      status: z.string(),
      why: z.string(),
      pid: z.number().nullable(),
      last_seq: z.number().nullable(),
      source: z.string(),
    }),
  ),
  servers: z.array(z.looseObject({ server: z.string(), answered_ms: z.number().nullable() })),
  latest_scan: z.looseObject({ seq: z.number() }).nullable(),
});

let parent = "";
let running: RunningUp;
let up: UpFile;

beforeAll(async () => {
  parent = makeTemporaryDirectory("status");
  running = startUp(join(parent, "data"), ["--demo", "--ports", "auto"]);
  up = await running.untilUp();
  await untilStatus(0);
});
afterAll(async () => {
  process.kill(running.pid, "SIGTERM");
  await running.ended;
  for (const { pid } of processesOn(parent)) process.kill(pid, "SIGKILL");
  removeTemporaryDirectory(parent);
});

function dolphin(...args: string[]) {
  return spawnSync(DOLPHIN, ["--data-dir", join(parent, "data"), ...args], { encoding: "utf8" });
}

function readStatus() {
  const { status: exitCode, stdout } = dolphin("status", "--json");
  return { exitCode, ...Status.parse(JSON.parse(stdout)) };
}

async function untilStatus(exitCode: number): Promise<void> {
  await until(() => dolphin("status").status === exitCode, {
    ms: 60_000,
    tell: () => `${dolphin("status").stdout}\n${running.output()}`,
  });
}

describe("dolphin status of a healthy system", () => {
  test("says so in words, in JSON and by its exit code", () => {
    const { exitCode, status, services, servers, latest_scan } = readStatus();
    expect([exitCode, status]).toEqual([0, "Healthy"]);
    expect(services).toMatchObject([
      { service: "scan-bridge", status: "Healthy", source: "temporal", restarts: 0 },
      { service: "trader-blue", status: "Healthy", source: "temporal", restarts: 0 },
      // Nobody asked for it, so it says nothing of the system.
      { service: "trader-green", status: "Stopped", source: "temporal", restarts: 0 },
    ]);
    expect(services[0]?.pid).toBe(up.services["scan-bridge"]?.pid);
    expect(services[0]?.why).toMatch(/^newest data \d+ s old$/);
    for (const server of servers) expect(server.answered_ms).toBeGreaterThan(0);
    expect(latest_scan?.seq).toBeGreaterThan(0);
    expect(dolphin("status").stdout).toMatch(/scan-bridge\s+Healthy\s+\d+/);
    expect(services[1]?.["counters"]).toMatchObject({ book: "BLUE", warm: "yes" });
  });

  test("says the same as the Web UI, and the dashboard says the same as both", async () => {
    const temporal = connectTemporal(up.temporal);
    const { memo } = await temporal.client.workflow
      .getHandle(supervisorIdOf("scan-bridge"))
      .describe();
    await temporal.close();
    expect(memo?.["status"]).toMatchObject({ word: "Healthy" });
    const response = await fetch(`${up.dashboard}/api/status`);
    const shown = Status.parse(await response.json());
    expect(shown.services[0]).toMatchObject({
      status: "Healthy",
      pid: readStatus().services[0]?.pid,
    });
  });

  test("config tells what comes from the running system; logs show its services", () => {
    const config = dolphin("config").stdout;
    expect(config).toMatch(/\(temporal\) address +127\.0\.0\.1:\d+ +the running dolphin up/);
    expect(dolphin("logs", "scan-bridge").stdout).toContain("[Bridge]");
    expect(dolphin("logs", "-n", "500").stdout).toMatch(/ up +.* scan-bridge +/s);
  });
});

describe("dolphin status with a silent server", () => {
  test.each([
    ["temporal", "hazelcast", /Temporal does not answer, this is from its run file and its heartb/],
    ["hazelcast", "temporal", /./],
  ])("%s stopped: exit 3, %s tells the rest", async (name, source, why) => {
    const pid = up.services[name]?.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    try {
      const { exitCode, status, services, servers } = readStatus();
      expect([exitCode, status]).toEqual([3, "Server silent"]);
      const silent = servers.filter((server) => server.answered_ms === null);
      expect(silent.map((server) => server.server)).toEqual([name]);
      expect(services).toMatchObject([
        { pid: up.services["scan-bridge"]?.pid, source },
        { pid: up.services["trader-blue"]?.pid, source },
        { service: "trader-green", pid: null },
      ]);
      expect(services[0]?.why).toMatch(why);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await untilStatus(0);
  });
});

describe("an operator's commands to the trader", () => {
  test("are done at once while Temporal is silent, and say so where no trader runs", () => {
    const pid = up.services["temporal"]?.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    try {
      expect(dolphin("halt", "BLUE").stdout).toMatch(
        /^BLUE: halt by .*; (flat|1 open), equity .*, halted/,
      );
      expect(JSON.parse(dolphin("flatten", "BLUE", "--json", "--id", "f").stdout)).toMatchObject({
        id: "f",
        ok: true,
        status: { halted: true },
      });
      expect(dolphin("enter", "BLUE", "BTCUSDT", "--direction", "long")).toMatchObject({
        status: 1,
        stdout: expect.stringMatching(/^BLUE: enter by .*: halted: the book is halted until/),
      });
      expect(dolphin("resume", "BLUE").stdout).toMatch(/, (trading|warming), /);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    const green = dolphin("halt", "GREEN");
    expect(green.status).toBe(1);
    expect(green.stderr).toContain("no trader of GREEN runs on");
    expect(dolphin("halt", "PURPLE").status).toBe(64);
  });
});

describe("dolphin status without", () => {
  test("anything running: both servers silent, and no process is made up", () => {
    const { status, stdout } = spawnSync(
      DOLPHIN,
      ["--data-dir", join(parent, "nothing"), "status", "--json"],
      {
        encoding: "utf8",
        env: {
          PATH: process.env["PATH"],
          TEMPORAL_ADDRESS: "127.0.0.1:1",
          DOLPHIN_HAZELCAST_ADDRESS: "127.0.0.1:1",
        },
      },
    );
    expect(status).toBe(3);
    const { services } = Status.parse(JSON.parse(stdout));
    const down = { status: "Down", pid: null, source: "none" };
    expect(services).toMatchObject([down, down, down]);
  });

  test("scans: waiting for the upstream engine is a warning, not a fault", async () => {
    const dir = join(parent, "idle");
    const archive = join(parent, "empty");
    mkdirSync(archive);
    const idle = startUp(dir, ["--ports", "auto", "--archive", archive]);
    await idle.untilUp();
    const look = () => spawnSync(DOLPHIN, ["--data-dir", dir, "status"], { encoding: "utf8" });
    const tell = () => `${look().stdout}\n${idle.output()}`;
    await until(() => look().stdout.includes("Waiting"), { ms: 60_000, tell });
    expect(look()).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("no scan in the archive yet"),
    });
    process.kill(idle.pid, "SIGTERM");
    await idle.ended;
  });
});
