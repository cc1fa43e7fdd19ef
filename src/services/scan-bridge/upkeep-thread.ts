/** Entry point of the thread that maintains the journal, so that a slow disk delays no scan. */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { monotonicMs } from "../../adapters/clock.ts";
import { ScanJournalUpkeep } from "../../adapters/scan-journal/journal-upkeep.ts";
import { assert } from "../../domain/assert.ts";
import { messageOf } from "../../domain/failure.ts";
import { MS_PER_HOUR } from "../../domain/time.ts";
import type { UpkeepMessage, UpkeepSettings } from "./upkeep.ts";

/** How much of the journal a power failure may cost. */
const SECURE_MS = 1_000;
/** Deferrable work gets a twentieth of a core, and of the time in which the journal can be written. */
const PAUSE_PER_STEP = 20;
const PAUSE_MIN_MS = 20;
/** Until the next look when there was nothing to do. */
const WORK_EVERY_MS = MS_PER_HOUR;

const port = parentPort;
assert(port !== null, "the upkeep runs as a worker thread");
const settings: UpkeepSettings = workerData;
let upkeep: ScanJournalUpkeep | null = null;
let nextWorkMs = 0;
let trouble: string | null = null;
const stopped = new AbortController();
port.once("message", () => stopped.abort());
const pause = (ms: number) => sleep(ms, null, { signal: stopped.signal }).catch(() => {});
while (!stopped.signal.aborted) {
  const dueMs = monotonicMs() + SECURE_MS;
  try {
    upkeep ??= new ScanJournalUpkeep(settings.journalFile, {
      ...settings,
      onForget: tellForgotten,
    });
    upkeep.secure();
    if (trouble !== null) tell("info", "the journal is synced again");
    trouble = null;
    await workUntil(upkeep, dueMs);
  } catch (error) {
    // On a full disk the pump waits as well; checkpointing the log may still work.
    if (trouble === null) {
      tell("warn", `a power cut may lose more than a second of the journal: ${messageOf(error)}`);
    }
    trouble = messageOf(error);
  }
  await pause(Math.max(PAUSE_MIN_MS, dueMs - monotonicMs()));
}
upkeep?.close();

async function workUntil(of: ScanJournalUpkeep, dueMs: number): Promise<void> {
  while (!stopped.signal.aborted && nextWorkMs <= monotonicMs() && monotonicMs() < dueMs) {
    const startedMs = monotonicMs();
    if (of.work()) nextWorkMs = startedMs + WORK_EVERY_MS;
    await pause(Math.max(PAUSE_MIN_MS, (monotonicMs() - startedMs) * PAUSE_PER_STEP));
  }
}

function tellForgotten({ day, seq }: { readonly day: string; readonly seq: number }): void {
  tell(
    "info",
    `the journal forgets days before ${day} and seqs before ${seq} (scan_bridge.keep_days: ` +
      `${settings.keepDays}): their files are no longer ours, and are never pushed again`,
  );
}

function tell(level: UpkeepMessage["level"], line: string): void {
  const message: UpkeepMessage = { level, line };
  port?.postMessage(message);
}
