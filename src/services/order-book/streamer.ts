/** Connects the parts: messages go to the board and the day files at once, all other work is done in ticks. */
import type { BookRecorder } from "../../adapters/order-book/book-recorder.ts";
import type { Config } from "../../config.ts";
import { renewAfterMs } from "../../domain/order-book/connections.ts";
import { BookBoard } from "./book-board.ts";
import { everySoOften } from "./every-so-often.ts";
import type { OrderBookWorld } from "./open-order-book.ts";
import type { OrderBookStanding } from "./order-book-beat.ts";
import { Snapshots } from "./snapshots.ts";
import { VenueStreams, type StreamsOptions } from "./streams.ts";
import { Telling } from "./telling.ts";

export type Streamer = {
  /** Called several times a second. */
  tick(): void;
  standing(): OrderBookStanding;
  stop(): Promise<void>;
};

const FLUSH_EVERY_MS = 1_000;
const PRUNE_EVERY_MS = 600_000;

export function createStreamer(by: {
  readonly world: OrderBookWorld;
  readonly settings: Config["order_book"];
  readonly say: StreamsOptions["say"];
  readonly onFailure: (error: unknown) => void;
}): Streamer {
  const { world, settings, say } = by;
  const { publisher, recorder, instance, monotonicMs, wallMs } = world;
  const { epoch } = publisher;
  const board = new BookBoard(settings.symbols, { isByChanges: settings.mode === "changes" });
  const streams = new VenueStreams({
    urls: world.connections.map(({ url }) => url),
    lacking: (at, sinceMs) => board.lacking(world.connections[at]!.symbols, sinceMs),
    venue: world.venue,
    silentS: settings.silent_s,
    open: world.openSocket,
    chance: Math.random,
    renewMs: () => renewAfterMs(Math.random()),
    say,
    onMessage(bytes, origin) {
      const now = { wallMs: wallMs(), monotonicMs: monotonicMs() };
      const taken = board.take(bytes, now, origin);
      if (taken !== null) recorder?.offer(taken);
    },
  });
  let isAnswered = true;
  const telling = new Telling({
    put: (key, text) => publisher.put(key, text),
    by: { epoch, instance },
    everyMs: settings.publish_every_ms,
    books: () => board.books(),
    onAnswer: (trouble) => (isAnswered = trouble === null),
    onFailure: by.onFailure,
  });
  const ask = (asset: string) => world.snapshot(asset);
  const snapshots = new Snapshots({ board, ask, nowMs: monotonicMs, wallMs });
  const flush = everySoOften(FLUSH_EVERY_MS, () => recorder?.flush(wallMs()));
  const prune = everySoOften(PRUNE_EVERY_MS, () => void pruneRecorded(recorder, wallMs(), say));
  let lastMs = monotonicMs();
  return {
    tick() {
      const nowMs = monotonicMs();
      streams.tick(nowMs);
      snapshots.tick();
      telling.tick({ nowMs, passedMs: nowMs - lastMs, wallMs: wallMs() });
      lastMs = nowMs;
      flush(nowMs);
      prune(nowMs);
    },
    standing: () => ({
      streams: streams.state(),
      counts: board.counts,
      lastRefusal: board.lastRefusal,
      agesMs: board.agesMs(monotonicMs()),
      hazelcast: world.isConnected() && isAnswered ? "ok" : "down",
      recorder: recorder?.state() ?? null,
      told: telling.told,
      epoch,
      snapshots: snapshots.trouble,
    }),
    async stop() {
      streams.close();
      recorder?.close();
      await world.close();
    },
  };
}

async function pruneRecorded(
  recorder: BookRecorder | null,
  nowMs: number,
  say: StreamsOptions["say"],
): Promise<void> {
  const removed = (await recorder?.prune(nowMs)) ?? [];
  for (const name of removed) say("info", `recorded books of ${name} are removed`);
}
