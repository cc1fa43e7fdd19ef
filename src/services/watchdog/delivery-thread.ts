/** Entry point of the thread that delivers alerts: if it hangs or dies, the watchdog continues. */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../domain/assert.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { startDeliveries } from "../../operations/delivery/deliver.ts";
import type { DeliveryMessage, DeliverySettings, WatchdogMessage } from "./delivery.ts";

const BEAT_MS = 500;
const ACKNOWLEDGED_MS_MAX = 5 * MS_PER_SECOND;

const port = parentPort;
assert(port !== null, "delivery runs as a worker thread");
const settings: DeliverySettings = workerData;
const tell = (message: DeliveryMessage): void => port.postMessage(message);
const asked = new Map<number, (text: string) => void>();
let lastId = 0;
let sentFigures = "";
const beat = setInterval(() => {
  Atomics.add(settings.alive, 0, 1);
  const channels = delivery.figures();
  const figures = JSON.stringify(channels);
  if (figures !== sentFigures) tell({ kind: "figures", channels });
  sentFigures = figures;
}, BEAT_MS);

const delivery = startDeliveries({
  file: settings.file,
  channels: settings.channels,
  world: { env: process.env, deadlineMs: settings.deadlineMs },
  say: (level, line) => tell({ kind: "log", level, line }),
  acknowledge: async (request) => {
    lastId += 1;
    const id = lastId;
    const { promise, resolve } = Promise.withResolvers<string>();
    asked.set(id, resolve);
    const timer = setTimeout(
      () => resolve("not recorded: the watchdog did not answer, press again"),
      ACKNOWLEDGED_MS_MAX,
    );
    tell({ kind: "acknowledge", id, ...request });
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      asked.delete(id);
    }
  },
});

port.on("message", (message: WatchdogMessage) => {
  switch (message.kind) {
    case "wake":
      return delivery.wake();
    case "acknowledged":
      return asked.get(message.id)?.(message.text);
    case "stop":
      void end();
  }
});

async function end(): Promise<void> {
  await delivery.stop();
  clearInterval(beat);
  port?.close();
}
