/**
 * Connects the parts: the venue's messages go to the board and the day files at once; everything else happens on a
 * tick.
 */
import type { Config } from "../../config.ts";
import { renewAfterMs } from "../../domain/order-book/connections.ts";
import { BookBoard } from "./book-board.ts";
import type { OrderBookWorld } from "./open-order-book.ts";
import type { OrderBookStanding } from "./order-book-beat.ts";
import { createRecording } from "./recording.ts";
import { Snapshots } from "./snapshots.ts";
import { VenueStreams, type StreamsOptions } from "./streams.ts";
import { Publishing } from "./publishing.ts";

export type Streamer = {
  /** Called several times a second; quiet: until the next message nothing has to be done soon. */
  tick(): { readonly isQuiet: boolean };
  standing(): OrderBookStanding;
  stop(): Promise<void>;
};

export function createStreamer(by: {
  readonly world: OrderBookWorld;
  readonly settings: Config["order_book"];
  readonly say: StreamsOptions["say"];
  readonly onFailure: (error: unknown) => void;
  /** Called for each message of the venue. */
  readonly onMessage: () => void;
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
      if (taken !== null) recording.heard(taken, isPublishing());
      isHeard = true;
      by.onMessage();
    },
  });
  const keepsAll = (settings.record_every_ms ?? 0) <= settings.publish_every_ms;
  const recording = createRecording({ recorder, keepsAll, wallMs, say });
  let isAnswered = true;
  let isHeard = false;
  const isPublishing = () => isAnswered && world.isConnected();
  const publishing = new Publishing({
    put: (key, text) => publisher.put(key, text),
    by: { epoch, instance },
    everyMs: settings.publish_every_ms,
    books: () => board.books(),
    onAnswer: (trouble) => (isAnswered = trouble === null),
    onPublished: (book, knownMs) => recording.published(book, knownMs),
    onFailure: by.onFailure,
  });
  const ask = (asset: string) => world.snapshot(asset);
  const snapshots = new Snapshots({ board, ask, nowMs: monotonicMs, wallMs });
  let lastMs = monotonicMs();
  return {
    tick() {
      const nowMs = monotonicMs();
      streams.tick(nowMs);
      snapshots.tick();
      publishing.tick({ nowMs, passedMs: nowMs - lastMs, wallMs: wallMs() });
      lastMs = nowMs;
      recording.tick(nowMs);
      const isQuiet = !isHeard && !publishing.isBehind() && !streams.isOpening(nowMs);
      isHeard = false;
      return { isQuiet };
    },
    standing: () => standingOf({ board, streams, snapshots, publishing, world }, isPublishing()),
    async stop() {
      streams.close();
      await recorder?.close();
      await world.close();
    },
  };
}

function standingOf(
  parts: {
    readonly board: BookBoard;
    readonly streams: VenueStreams;
    readonly snapshots: Snapshots;
    readonly publishing: Publishing;
    readonly world: OrderBookWorld;
  },
  isPublishing: boolean,
): OrderBookStanding {
  const { board, streams, snapshots, publishing, world } = parts;
  return {
    streams: streams.state(),
    counts: board.counts,
    lastRefusal: board.lastRefusal,
    agesMs: board.agesMs(world.monotonicMs()),
    hazelcast: isPublishing ? "ok" : "down",
    recorder: world.recorder?.state() ?? null,
    told: publishing.published,
    epoch: world.publisher.epoch,
    snapshots: snapshots.trouble,
  };
}
