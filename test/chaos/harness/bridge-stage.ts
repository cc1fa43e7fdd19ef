/**
 * The scan bridge under its supervisor without `dolphin up`, so that the test decides when a server stops and starts,
 * and how many bridges run.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { NODE_FLAGS } from "../../../src/adapters/process/node-flags.ts";
import { connectTemporal } from "../../../src/adapters/temporal-client.ts";
import type { HazelcastMember } from "../../../src/embedded/hazelcast-member.ts";
import { findFreePort } from "../../../src/embedded/ports/ports.ts";
import type { TemporalServer } from "../../../src/embedded/temporal-server.ts";
import { runIdOf, supervisorIdOf } from "../../../src/workflows/names.ts";
import { killProcessesOn, processesOn, until } from "../../helpers/processes.ts";
import {
  makeTemporaryDirectory,
  removeTemporaryDirectory,
  startTestHazelcast,
  startTestTemporal,
} from "../../helpers/servers.ts";
import { DOLPHIN } from "../../helpers/up.ts";
import { dolphin, statusOf } from "./dolphin-json.ts";
import { type ScanCollector, startCollector } from "./scan-collector.ts";
import { type ScanWriter, startScanWriter } from "./scan-writer.ts";

export type BridgeStage = Awaited<ReturnType<typeof openBridgeStage>>;

const BRIDGE_MAIN = fileURLToPath(
  new URL("../../../src/services/scan-bridge/main.ts", import.meta.url),
);
const WELL_WITHIN_MS = 90_000;
const ENDS_WITHIN_MS = 30_000;
const SAMPLE_EVERY_MS = 100;

/** Servers, a worker of the scan layer, its supervisor, a writer that waits, a collector that reads. */
export async function openBridgeStage(name: string) {
  const root = makeTemporaryDirectory(name);
  const ports = { port: await findFreePort(), uiPort: await findFreePort() };
  let temporal: TemporalServer = await startTestTemporal(root, ports);
  const client = connectTemporal(temporal.address);
  const hazelcast: HazelcastMember = await startTestHazelcast(root);
  const dataDir = join(root, "data");
  const archive = join(root, "scans");
  mkdirSync(archive);
  const env = { TEMPORAL_ADDRESS: temporal.address, ...configure(root, "data", hazelcast.address) };
  const worker = spawnWorker(root, env);
  const collector: ScanCollector = startCollector(() => ({
    address: hazelcast.address,
    cluster: "dolphin",
  }));
  const writer: ScanWriter = startScanWriter({
    archive,
    seed: 1,
    scans: 0,
    perSecond: 1,
    aheadMs: 0,
  });
  const created = await dolphin(["create"], env);
  if (created.code !== 0) throw new Error(`dolphin create: ${created.stderr}`);
  const status = async () => {
    const { services } = await statusOf(dataDir, env);
    return services.find((row) => row.service === "scan-bridge")!;
  };
  return {
    root,
    dataDir,
    writer,
    collector,
    status,
    command: (...args: readonly string[]) => dolphin(args, env),
    temporal: () => temporal,
    async setMode(mode: "auto" | "monitor-only"): Promise<void> {
      const supervisor = client.client.workflow.getHandle(supervisorIdOf("scan-bridge"));
      await supervisor.executeUpdate("setMode", { args: [mode] });
    },
    /** Until the server has heard of the bridge again: a live attempt holds it. */
    async untilHeard(): Promise<void> {
      const fromMs = Date.now();
      const isHeard = async () => {
        const run = client.client.workflow.getHandle(runIdOf("scan-bridge"));
        const described = await run.describe().catch(() => null);
        const at = described?.raw.pendingActivities?.[0]?.lastHeartbeatTime;
        return fromMs < 1_000 * Number(at?.seconds ?? 0);
      };
      await until(isHeard, { ms: WELL_WITHIN_MS, tell: () => "no heartbeat came" });
    },
    /** What its database held is lost with it. */
    async forgetTemporal(): Promise<void> {
      temporal.kill();
      await temporal.exited;
      rmSync(join(root, "temporal"), { recursive: true });
      temporal = await startTestTemporal(root, ports);
    },
    async restartTemporal(): Promise<void> {
      temporal = await startTestTemporal(root, ports);
    },
    bridges: () => bridgesOn(root),
    /** On `folder` below the root; another folder than "data" stands for another host. */
    startBridge: (folder: string) =>
      spawnBridge(root, { ...env, ...configure(root, folder, hazelcast.address) }),
    async untilStatus(word: string, pid: number | null = null) {
      let row = await status();
      const isSo = async () => {
        row = await status();
        return row.source === "temporal" && row.status === word && (pid ?? row.pid) === row.pid;
      };
      await until(isSo, { ms: WELL_WITHIN_MS, tell: () => `${word} was ${JSON.stringify(row)}` });
      return row;
    },
    async close(): Promise<void> {
      worker.kill("SIGTERM");
      if (worker.exitCode === null) await new Promise((resolve) => worker.once("exit", resolve));
      await client.close();
      await Promise.all([temporal.stop(), hazelcast.stop()]);
      killProcessesOn(root);
      const tell = () => JSON.stringify(processesOn(root));
      await until(() => processesOn(root).length === 0, { ms: ENDS_WITHIN_MS, tell });
      if (process.env["CHAOS_KEEP"] === undefined) removeTemporaryDirectory(root);
    },
  };
}

/** Looks every 100 ms which bridges run. */
export function sampleBridges(stage: Pick<BridgeStage, "bridges">) {
  const samples: (readonly number[])[] = [];
  const timer = setInterval(() => samples.push(stage.bridges()), SAMPLE_EVERY_MS);
  return {
    /** The most that ran at once. */
    most: () => Math.max(0, ...samples.map((pids) => pids.length)),
    /** Every one that was seen, in the order of its first sighting. */
    all: () => [...new Set(samples.flat())],
    count: () => samples.length,
    stop: () => clearInterval(timer),
  };
}

/** The longest time between two new seqs from `fromMs` on. */
export function longestPauseMs(collector: ScanCollector, fromMs: number): number {
  let highest = 0;
  let beforeMs = fromMs;
  let longestMs = 0;
  for (const { seq, atMs } of collector.values) {
    if (seq <= highest) continue;
    highest = seq;
    if (atMs < fromMs) continue;
    longestMs = Math.max(longestMs, atMs - beforeMs);
    beforeMs = atMs;
  }
  return Math.round(Math.max(longestMs, performance.now() - beforeMs));
}

function configure(root: string, folder: string, address: string): Record<string, string> {
  const file = join(root, `${folder}.yaml`);
  const settings = {
    data_dir: folder,
    archive: "scans",
    hazelcast: { address },
    ports: { metrics: 0 },
    supervision: { restarts_max: 1000, delays_s: [0] },
  };
  writeFileSync(file, JSON.stringify(settings));
  return { DOLPHIN_CONFIG: file };
}

function spawnWorker(root: string, env: NodeJS.ProcessEnv): ChildProcess {
  const log = openSync(join(root, "worker.out"), "a");
  return spawn(DOLPHIN, ["worker", "scan"], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", log, log],
  });
}

function spawnBridge(root: string, env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [...NODE_FLAGS, BRIDGE_MAIN], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: "ignore",
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { pid: child.pid!, ended };
}

function bridgesOn(root: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => 0 < pid && read(pid, "cmdline").includes(BRIDGE_MAIN))
    .filter((pid) => read(pid, "environ").includes(root) && !/\) Z /.test(read(pid, "stat")));
}

function read(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}
