/**
 * The set-up for tests of supervision: a real Temporal server, a worker process whose table contains the fake service,
 * and observers of real processes.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NODE_FLAGS } from "../../../src/adapters/process/node-flags.ts";
import { isProcessAlive, startedTicks } from "../../../src/adapters/process/process-facts.ts";
import { connectTemporal } from "../../../src/adapters/temporal-client.ts";
import type { TemporalClient } from "../../../src/adapters/temporal-client.ts";
import { findFreePort } from "../../../src/embedded/ports/ports.ts";
import type { ServiceStatus } from "../../../src/wire/supervision.ts";
import {
  restartUpdate,
  startUpdate,
  statusQuery,
  stopUpdate,
} from "../../../src/workflows/messages/supervision.ts";
import type { SuperviseServiceInput } from "../../../src/workflows/messages/supervision.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory, startTestTemporal } from "../servers.ts";
import type { Behaviour } from "./fake-service.ts";
import { until } from "../until.ts";

const WORKER_MAIN = fileURLToPath(new URL("worker-main.ts", import.meta.url));
const FAKE_SERVICE = "supervision/fake-service.ts";

export type Stage = Awaited<ReturnType<typeof openStage>>;

/** `yaml` is the worker's configuration. */
export async function openStage(name: string, yaml = "") {
  const dir = makeTemporaryDirectory(name);
  writeFileSync(join(dir, "dolphin.yaml"), yaml);
  const ports = { port: await findFreePort(), uiPort: await findFreePort() };
  let server = await startTestTemporal(dir, ports);
  const temporal = connectTemporal(server.address);
  let worker: ChildProcess | null = null;
  const sampler = sampleServices(dir);
  const stage = {
    dir,
    temporal,
    address: server.address,
    server: () => server,
    worker: () => worker,
    sampler,
    behave: (behaviour: Behaviour): void =>
      writeFileSync(join(dir, "behaviour.json"), JSON.stringify(behaviour)),
    startWorker(): void {
      worker = spawnWorker(dir, server.address);
    },
    async stopWorker(signal: NodeJS.Signals): Promise<number | null> {
      const leaving = worker;
      if (leaving === null || leaving.exitCode !== null || leaving.signalCode !== null) return null;
      const exited = new Promise<number | null>((resolve) => leaving.once("exit", resolve));
      leaving.kill(signal);
      return exited;
    },
    async killTemporal(): Promise<void> {
      server.kill();
      await server.exited;
    },
    /** What its database held is lost with it. */
    async forgetTemporal(): Promise<void> {
      await stage.killTemporal();
      rmSync(join(dir, "temporal"), { recursive: true });
      await stage.restartTemporal();
    },
    async restartTemporal(): Promise<void> {
      server = await startTestTemporal(dir, ports);
    },
    async close(): Promise<void> {
      sampler.stop();
      await stage.stopWorker("SIGTERM");
      await temporal.close();
      await server.stop();
      if (process.env["KEEP_STAGE"] === undefined) removeTemporaryDirectory(dir);
    },
    ...commandsOf(temporal),
    /** Cancels what runs and waits until nothing of it is left. */
    async clear(): Promise<void> {
      await stage.supervisor.cancel().catch(() => undefined);
      for (const handle of [stage.supervisor, stage.run]) {
        await until("closed", async () => {
          const description = await handle.describe().catch(() => null);
          return description?.status.name !== "RUNNING";
        });
      }
      await until("no process is left", () => aliveServices(dir).length === 0);
      if (1 < sampler.most()) throw new Error("two processes ran at once");
    },
    starts: (): readonly Start[] => readStarts(dir),
    alive: (): readonly number[] => aliveServices(dir),
  };
  return stage;
}

export type Start = { readonly pid: number; readonly atMs: number };

function commandsOf({ client }: TemporalClient) {
  const supervisor = client.workflow.getHandle("supervise-fake");
  const status = (): Promise<ServiceStatus> => supervisor.query(statusQuery);
  return {
    supervisor,
    run: client.workflow.getHandle("run-fake"),
    status,
    supervise: (input: SuperviseServiceInput = {}) =>
      client.workflow.start("superviseService", {
        workflowId: "supervise-fake",
        taskQueue: "dolphin-scan",
        args: [input],
        // The worker may have been first to create again what was terminated.
        workflowIdConflictPolicy: "USE_EXISTING",
      }),
    /** Until the server has heard of the process again: a live attempt holds it. */
    async untilHeard(): Promise<void> {
      const fromMs = Date.now();
      const run = client.workflow.getHandle("run-fake");
      await until("a heartbeat comes", async () => {
        const described = await run.describe().catch(() => null);
        const at = described?.raw.pendingActivities?.[0]?.lastHeartbeatTime;
        return fromMs < 1_000 * Number(at?.seconds ?? 0);
      });
    },
    /** Waits until the status satisfies the check. */
    statusWhere: (what: string, check: (status: ServiceStatus) => boolean, limitMs?: number) =>
      until(what, async () => okStatus(await status().catch(() => null), check), limitMs),
    start: () => supervisor.executeUpdate(startUpdate, { args: [{}] }),
    stop: () => supervisor.executeUpdate(stopUpdate, { args: [{}] }),
    restart: () => supervisor.executeUpdate(restartUpdate, { args: [{}] }),
  };
}

function okStatus(
  status: ServiceStatus | null,
  check: (status: ServiceStatus) => boolean,
): ServiceStatus | null {
  return status !== null && check(status) ? status : null;
}

function spawnWorker(dir: string, address: string): ChildProcess {
  const worker = spawn(process.execPath, [...NODE_FLAGS, WORKER_MAIN, dir], {
    env: { ...process.env, TEMPORAL_ADDRESS: address },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return worker;
}

function readStarts(dir: string): Start[] {
  const file = join(dir, "starts");
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => {
    const [pid, atMs] = line.split(" ").map(Number);
    return { pid: pid ?? 0, atMs: atMs ?? 0 };
  });
}

/** The fake services of this stage that run now, by the command line and environment of real processes. */
function aliveServices(dir: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter(
      (pid) => 0 < pid && isFakeServiceOf(pid, dir) && isProcessAlive(pid, startedTicks(pid)),
    );
}

function isFakeServiceOf(pid: number, dir: string): boolean {
  try {
    return (
      readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(FAKE_SERVICE) &&
      readFileSync(`/proc/${pid}/environ`, "utf8").includes(`FAKE_SERVICE_DIR=${dir}`)
    );
  } catch {
    return false;
  }
}

/**
 * Looks every 100 ms how many services run; two at once is what must never be. A process counts
 * when it is seen twice: between fork and exec a grandchild looks like its parent.
 */
function sampleServices(dir: string) {
  let most = 0;
  let before: readonly number[] = [];
  const timer = setInterval(() => {
    const now = aliveServices(dir);
    most = Math.max(most, now.filter((pid) => before.includes(pid)).length);
    before = now;
  }, 100);
  return { most: () => most, stop: () => clearInterval(timer) };
}
