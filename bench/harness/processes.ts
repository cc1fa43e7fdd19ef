/** Starts the bridges: ours as its supervisor starts it, and the peer. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { type ServiceName, SERVICES } from "../../src/domain/supervision/services.ts";
import { serviceCommand } from "../../src/workers/service-command.ts";
import { type ServiceBeat, ServiceMessage } from "../../src/wire/control-pipe.ts";
import type { BenchOptions } from "./options.ts";

export const PEER_MAP = "PEER_FEATURES";

export type BridgeProcess = {
  readonly pid: number;
  /** When the process was started and when it said that it is ready, on performance.now(). */
  readonly startedMs: number;
  readonly readyMs: number;
  /** The last beat; null for the peer and before the first. */
  readonly beat: () => ServiceBeat | null;
  /** The end of its log, for error messages. */
  readonly log: () => string;
  readonly stop: () => Promise<void>;
};

export type BridgeSetup = {
  /** Its data directory, log and configuration go below it. */
  readonly dir: string;
  readonly archive: string;
  readonly address: string;
  readonly cluster: string;
  /** Lines of YAML below `scan_bridge:`. */
  readonly scanBridge?: readonly string[];
  /** What stands below `trader:`. */
  readonly trader?: object;
};

const READY_WITHIN_MS = 60_000;

export function startOurs(setup: BridgeSetup): Promise<BridgeProcess> {
  return startService("scan-bridge", { dir: setup.dir, config: writeConfig(setup) });
}

/** Returns its path. */
function writeConfig(setup: BridgeSetup): string {
  mkdirSync(setup.dir, { recursive: true });
  const config = join(setup.dir, "dolphin.yaml");
  const host = setup.address;
  const section = setup.scanBridge ?? [];
  writeFileSync(
    config,
    [
      `data_dir: ${join(setup.dir, "data")}`,
      `archive: ${setup.archive}`,
      `hazelcast: { address: "${host}", cluster: ${setup.cluster} }`,
      ...(section.length === 0 ? [] : ["scan_bridge:", ...section.map((line) => `  ${line}`)]),
      ...(setup.trader === undefined ? [] : [`trader: ${JSON.stringify(setup.trader)}`]),
    ].join("\n"),
  );
  return config;
}

/** A service as its supervisor starts it, by a configuration that stands already. */
export async function startService(
  name: ServiceName,
  { dir, config }: { readonly dir: string; readonly config: string },
): Promise<BridgeProcess> {
  const env = { ...process.env, DOLPHIN_CONFIG: config };
  const command = serviceCommand(SERVICES[name], { env, logFolder: dir });
  const log = openSync(command.outFile, "a");
  const startedMs = performance.now();
  const child = spawn(command.file, command.args, {
    stdio: ["ignore", log, log, "pipe"],
    env: { ...command.env },
    // The kernel shares processors between sessions first: each service has its own, as under its supervisor.
    detached: true,
  });
  let beat: ServiceBeat | null = null;
  const ready = new Promise<void>((settle) => {
    const pipe = child.stdio[3];
    if (!(pipe instanceof Readable)) throw new Error("the control pipe was not opened");
    const lines = createInterface({ input: pipe });
    lines.on("line", (line) => {
      const message = ServiceMessage.parse(JSON.parse(line));
      if (message.kind === "ready") settle();
      else beat = message;
    });
  });
  await untilReady(child, ready, command.outFile);
  return {
    ...running(child, startedMs),
    beat: () => beat,
    log: () => tailOf(join(dir, `data/logs/${name}.log`)),
  };
}

/** The peer in mode `watch` or `poll`. */
export async function startPeer(
  mode: "watch" | "poll",
  setup: BridgeSetup,
  { python, peer }: BenchOptions,
): Promise<BridgeProcess> {
  const startedMs = performance.now();
  const args = [peer, mode, setup.archive, setup.address, setup.cluster, PEER_MAP];
  const child = spawn(python(), args, { stdio: ["ignore", "pipe", "ignore"] });
  const ready = new Promise<void>((settle) => {
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => line === "ready" && settle());
  });
  await untilReady(child, ready, null);
  return { ...running(child, startedMs), beat: () => null, log: () => "" };
}

/** The peer's drain of one day folder: what it prints, and how long the whole process took. */
export async function runPeerBacklog(day: string, setup: BridgeSetup, options: BenchOptions) {
  const startedMs = performance.now();
  const args = [options.peer, "backlog", day, setup.address, setup.cluster, PEER_MAP];
  const child = spawn(options.python(), args, { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  child.stdout.on("data", (chunk) => (text += String(chunk)));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the peer ended with ${code}: ${text}`);
  const printed: { files_per_second: number } = JSON.parse(text);
  return { filesPerSecond: printed.files_per_second, processMs: performance.now() - startedMs };
}

async function untilReady(
  child: ChildProcess,
  ready: Promise<void>,
  log: string | null,
): Promise<void> {
  const gone = once(child, "exit").then(() => "it ended");
  const late = AbortSignal.timeout(READY_WITHIN_MS);
  const timedOut = once(late, "abort").then(() => `it took more than ${READY_WITHIN_MS} ms`);
  const problem = await Promise.race([ready.then(() => null), gone, timedOut]);
  if (problem === null) return;
  child.kill("SIGKILL");
  throw new Error(`${child.spawnargs.join(" ")} was not ready: ${problem}\n${tailOf(log)}`);
}

function running(child: ChildProcess, startedMs: number): Omit<BridgeProcess, "beat" | "log"> {
  return {
    pid: child.pid!,
    startedMs,
    readyMs: performance.now(),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function tailOf(log: string | null): string {
  return log === null ? "" : readFileSync(log, "utf8").slice(-2_000);
}
