import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import {
  mainThreadWaits,
  processorWaits,
  type WaitsByThread,
} from "../../../src/adapters/process/process-facts.ts";
import { watchSilence } from "../../../src/adapters/process/process-silence.ts";

const INTERVAL_MS = 10;
const LOOKS = 5;

/** The silence of something that never answers; `waitedMs` of each thread since its start, by look. */
async function silenceOf(waits: (look: number) => WaitsByThread) {
  let look = 0;
  const silence = watchSilence({
    waits: () => waits(look),
    intervalMs: INTERVAL_MS,
    measuredFromMs: () => 0,
  });
  for (; look < LOOKS; look += 1) {
    await delay(2 * INTERVAL_MS);
    silence.poll("silent");
  }
  return { excusedMs: LOOKS * INTERVAL_MS - silence.countedMs() };
}

const waiting = (thread: string, waitedMs: number) => [thread, { waitedMs, runs: 1 }] as const;

test("what waits for a processor is excused; a thread that is not read, and waits, excuses nobody", async () => {
  const starved = await silenceOf((look) => new Map([waiting("main", look * INTERVAL_MS)]));
  expect(starved.excusedMs).toBeGreaterThanOrEqual(0.5 * LOOKS * INTERVAL_MS);
  const hung = await silenceOf(() => new Map([waiting("main", 0)]));
  expect(hung.excusedMs).toBeLessThanOrEqual(0);
});

test.skipIf(process.platform !== "linux")(
  "of a process that answers with its main thread, no other thread's waits are read",
  async () => {
    const other = new Worker("setInterval(() => {}, 1_000)", { eval: true });
    try {
      expect(processorWaits(process.pid).size).toBeGreaterThan(1);
      expect([...mainThreadWaits(process.pid).keys()]).toEqual([String(process.pid)]);
    } finally {
      await other.terminate();
    }
  },
);
