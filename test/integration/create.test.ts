/** `dolphin create` updates a running system to what dolphin.yaml declares, and prints the changes. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { commandService } from "../../src/operations/supervision/supervisor-commands.ts";
import { connectTemporal, type TemporalClient } from "../../src/adapters/temporal-client.ts";
import { SERVICE_NAMES, SERVICES } from "../../src/domain/supervision/services.ts";
import type { TemporalServer } from "../../src/embedded/temporal-server.ts";
import { until } from "../helpers/processes.ts";
import {
  environmentOf,
  makeTemporaryDirectory,
  removeTemporaryDirectory,
  startTestTemporal,
} from "../helpers/servers.ts";

const CLI = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const dir = makeTemporaryDirectory("create");
const file = join(dir, "dolphin.yaml");
/** No process is to be started. */
const BY_HAND = Object.fromEntries(SERVICE_NAMES.map((name) => [name, { autostart: false }]));
let server: TemporalServer;
let temporal: TemporalClient;
let worker: ChildProcess | null = null;

beforeAll(async () => {
  server = await startTestTemporal(dir);
  temporal = connectTemporal(server.address);
});
afterAll(async () => {
  if (worker !== null) {
    const exited = once(worker, "exit");
    worker.kill("SIGTERM");
    await exited;
  }
  await temporal.close();
  await server.stop();
  removeTemporaryDirectory(dir);
});

function environment(): NodeJS.ProcessEnv {
  return environmentOf(server, {
    DOLPHIN_CONFIG: file,
    DOLPHIN_DATA_DIR: dir,
  });
}

/** JSON is YAML. */
function declare(sections: object): void {
  writeFileSync(file, JSON.stringify(sections));
}

function dolphin(...args: string[]): Promise<{ code: number; lines: string[]; problem: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...NODE_FLAGS, CLI, ...args],
      { env: environment() },
      (_error, stdout, stderr) => {
        const lines = stdout.split("\n").filter((line) => line !== "");
        resolve({ code: child.exitCode ?? -1, lines, problem: stderr });
      },
    );
  });
}

const UNSERVED = ["trader", "scan", "health", "batch"].map(
  (layer) =>
    `task queue dolphin-${layer}: no worker polls it; 'dolphin worker ${layer}' starts one`,
);

test("what has no supervisor does not keep the others from a command", async () => {
  declare({ services: BY_HAND });
  const { code, problem } = await dolphin("stop", "all");
  expect(code).toBe(0);
  const lines = SERVICE_NAMES.map((name) => `dolphin: ${name} has no supervisor`);
  for (const one of lines) expect(problem).toContain(one);
});

test("create makes what is missing, changes what is declared differently, and nothing else", async () => {
  declare({ services: BY_HAND });
  const made = await dolphin("create");
  expect(made.code).toBe(0);
  expect(made.lines).toContain("supervisor supervise-trader-blue: created");
  expect(made.lines).toContain("schedule compact-archive: created");
  expect(made.lines.filter((line) => line.startsWith("task queue"))).toEqual(UNSERVED);
  const again = await dolphin("create");
  const rest = again.lines.filter((line) => !line.startsWith("task queue"));
  expect(rest.filter((line) => !line.endsWith(": unchanged"))).toEqual([]);

  const schedule = temporal.client.schedule.getHandle("backtest-daily");
  await schedule.pause("till the move is over");
  declare({
    services: { ...BY_HAND, "trader-blue": { autostart: false, restarts_max: 5 } },
    schedules: { "compact-archive": { at: "03:05" }, "archive-audit": { enabled: false } },
    books: { GREEN: { enabled: false } },
  });
  const unheard = await dolphin("create");
  expect(unheard.code).toBe(1);
  expect(unheard.lines).toContain(
    "supervisor supervise-trader-blue: not changed: restarts_max from 3 to 5: " +
      "no worker polls task queue dolphin-trader",
  );
  expect(unheard.lines).toContain("schedule compact-archive: changed at from 00:20 to 03:05");
  expect(unheard.lines).toContain("schedule archive-audit: changed enabled from true to false");
  expect(unheard.lines).toContain(
    "schedule backtest-daily: unchanged, paused: till the move is over",
  );
  const { spec } = await temporal.client.schedule.getHandle("compact-archive").describe();
  expect(spec.calendars?.[0]).toMatchObject({ hour: [{ start: 3 }], minute: [{ start: 5 }] });
});

test("through a worker create informs the supervisors, which apply it", async () => {
  worker = spawn(process.execPath, [...NODE_FLAGS, CLI, "worker", "trader"], {
    env: environment(),
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(worker.stdout!, "data");
  const lines: string[] = [];
  await until(
    async () => {
      const { code, lines: now } = await dolphin("create");
      lines.push(...now);
      return code === 0;
    },
    { ms: 60_000, tell: () => lines.join("\n") },
  );
  expect(lines).toContain("supervisor supervise-trader-blue: changed restarts_max from 3 to 5");
  expect(lines).toContain("supervisor supervise-trader-green: changed enabled from true to false");
  expect(lines.at(-1)).toBe(UNSERVED.at(-1));
  const refused = await dolphin("start", "trader-green");
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.problem).toContain("trader-green is not enabled in the configuration");
  // Also if the requester's configuration does not mention it.
  expect(await commandService(temporal, SERVICES["trader-green"], "start")).toEqual({
    kind: "refused",
    why: expect.stringContaining("not enabled") as unknown,
  });
});
