/** The thread that keeps BLUE's journal: nothing that it waits for holds up the worker or BLUE. */
import { setTimeout as delay } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { wallMs } from "../adapters/clock.ts";
import { JournalUpkeep, type UpkeepOptions } from "../adapters/trading-journal/journal-upkeep.ts";
import type { UpkeepLine } from "./journal-upkeep.ts";

const LOOK_EVERY_MS = 1_000;

const { dataDir, configuration }: Omit<UpkeepOptions, "say"> = workerData;
const tell = (line: UpkeepLine): void => parentPort?.postMessage(line);
const upkeep = new JournalUpkeep({
  dataDir,
  configuration,
  say: (level, line) => tell({ level, line }),
});
const stopping = new AbortController();
parentPort?.once("message", () => stopping.abort());

while (!stopping.signal.aborted) {
  const hasMore = await upkeep.round(wallMs());
  const waitMs = hasMore ? 1 : LOOK_EVERY_MS;
  await delay(waitMs, undefined, { signal: stopping.signal }).catch(() => undefined);
}
await upkeep.close();
parentPort?.close();
