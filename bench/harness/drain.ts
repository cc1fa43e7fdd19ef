/** One drain of a backlog by our bridge, from its start to the last scan in a listener. */
import { setTimeout as delay } from "node:timers/promises";
import { processUsage } from "../../src/adapters/process/process-facts.ts";
import type { DayArchive } from "./day-archive.ts";
import { type Listener, monotonicUs } from "./listener.ts";
import { type BridgeProcess, type BridgeSetup, startOurs } from "./processes.ts";

export type Drain = {
  /** From the first push to the last, as the peer counts: listing and start are left out. */
  readonly pushingPerSecond: number;
  /** From the bridge's `ready` to the last push: connecting, listing and sorting included. */
  readonly readyPerSecond: number;
  /** From the start of the process to the last push. */
  readonly processMs: number;
  /** CPU time of all threads a scan: since `ready`, and since the process started. */
  readonly cpuUsPerScan: number;
  readonly cpuUsPerScanWithStart: number;
};

const POLL_EVERY_MS = 20;
const PATIENCE_MS = 600_000;

/** The bridge runs on: `use` may look at it before it is stopped. */
export async function drain(
  from: { readonly setup: BridgeSetup; readonly backlog: DayArchive; readonly listener: Listener },
  use: (bridge: BridgeProcess) => Promise<void> = async () => {},
): Promise<Drain> {
  const { setup, backlog, listener } = from;
  await listener.reset();
  const spawnedUs = monotonicUs();
  const bridge = await startOurs(setup);
  try {
    const readyUs = monotonicUs();
    const atReady = cpuMsOf(bridge.pid);
    const giveUpMs = performance.now() + PATIENCE_MS;
    let seen = await listener.collect();
    while (seen.at(-1)?.scanNumber !== backlog.count) {
      if (giveUpMs < performance.now()) throw new Error(`not drained\n${bridge.log()}`);
      await delay(POLL_EVERY_MS);
      seen = await listener.collect();
    }
    const atEnd = cpuMsOf(bridge.pid);
    const [first, last] = [seen[0]!, seen.at(-1)!];
    await use(bridge);
    return {
      // In a batch the first event stands for all scans up to it.
      pushingPerSecond: ((backlog.count - first.scanNumber) * 1e6) / (last.atUs - first.atUs),
      readyPerSecond: (backlog.count * 1e6) / (last.atUs - readyUs),
      processMs: (last.atUs - spawnedUs) / 1_000,
      cpuUsPerScan: ((atEnd - atReady) * 1_000) / backlog.count,
      cpuUsPerScanWithStart: (atEnd * 1_000) / backlog.count,
    };
  } finally {
    await bridge.stop();
  }
}

export function cpuMsOf(pid: number): number {
  const usage = processUsage(pid);
  if (usage === null) throw new Error(`process ${pid} is gone`);
  return usage.cpuMs;
}
