/** Opens what the order-book streamer works with: Hazelcast, with its own epoch; the venue; the day files. */
import { randomUUID } from "node:crypto";
import { monotonicMs, wallMicros, wallMs } from "../../adapters/clock.ts";
import { configuredCluster, connectHazelcast } from "../../adapters/hazelcast/hazelcast-client.ts";
import { createFeatureStore } from "../../adapters/indicators/feature-store.ts";
import { booksFolder } from "../../adapters/order-book/book-archive.ts";
import { type BookPublisher, openBookPublisher } from "../../adapters/order-book/book-publisher.ts";
import { type BookRecorder, createBookRecorder } from "../../adapters/order-book/book-recorder.ts";
import { openVenueSocket } from "../../adapters/order-book/venue-socket.ts";
import type { Config } from "../../config.ts";
import { dealSymbols } from "../../domain/order-book/connections.ts";
import { fetchSnapshot } from "../../operations/order-book/fetch-snapshot.ts";
import { latestText } from "../../wire/order-book/book-values.ts";
import type { DepthSnapshot } from "../../wire/order-book/slow-depth.ts";
import { MisconfiguredError } from "../shell/misconfigured.ts";
import type { Shell } from "../shell/run-service.ts";

export const ORDER_BOOK = "order-book";
const VENUE = "binance-usdm";

const CONNECTIONS_MIN = 2;
const GB = 1_073_741_824;
const WAIT_MS = 1_000;

export type OrderBookWorld = {
  readonly instance: string;
  /** Prefixed with `simulated` where the venue declares itself simulated. */
  readonly venue: string;
  readonly openSocket: typeof openVenueSocket;
  readonly monotonicMs: () => number;
  readonly wallMs: () => number;
  readonly publisher: BookPublisher;
  readonly recorder: BookRecorder | null;
  readonly connections: readonly { readonly url: string; readonly symbols: readonly string[] }[];
  readonly isConnected: () => boolean;
  snapshot(asset: string): Promise<DepthSnapshot>;
  close(): Promise<void>;
};

export async function openOrderBook({ config, say }: Shell): Promise<OrderBookWorld> {
  const { order_book: settings } = config;
  if (settings.symbols.length === 0) {
    throw new MisconfiguredError("key 'order_book.symbols' is empty: name those to be heard");
  }
  const stopping = new AbortController();
  const hazelcast = await connectHazelcast({
    ...configuredCluster(config.hazelcast),
    name: ORDER_BOOK,
    onLog: (level, line) => say(level, line),
  });
  const instance = randomUUID();
  const first = (epoch: number) => latestText([], { epoch, instance, pushedMs: wallMs() }, VENUE);
  while (!(await hazelcast.waitConnected(WAIT_MS)));
  const publisher = await openBookPublisher(hazelcast, { instance, first });
  const features = createFeatureStore(hazelcast);
  return {
    instance,
    venue: VENUE,
    openSocket: openVenueSocket,
    monotonicMs,
    wallMs,
    publisher,
    recorder: settings.record_every_ms === null ? null : recorderOf(config, publisher.epoch),
    connections: connectionsOf(settings),
    isConnected: () => hazelcast.connected(),
    snapshot: (asset) =>
      fetchSnapshot(asset, {
        url: settings.rest_url,
        features,
        nowUs: wallMicros,
        signal: stopping.signal,
      }),
    async close() {
      stopping.abort();
      await hazelcast.shutdown();
    },
  };
}

function recorderOf(config: Config, epoch: number): BookRecorder {
  const { data_dir, order_book } = config;
  const { keep_days: keepDays, keep_gb: keepGb, record_every_ms, publish_every_ms } = order_book;
  const everyMs = Math.max(record_every_ms ?? 0, publish_every_ms);
  const kept = { folder: booksFolder(data_dir), keepDays, keepBytes: keepGb * GB };
  return createBookRecorder({ ...kept, epoch, everyMs });
}

function connectionsOf(settings: Config["order_book"]): OrderBookWorld["connections"] {
  const dealt = dealSymbols(settings.symbols, {
    perConnection: settings.streams_per_connection,
    connectionsMin: CONNECTIONS_MIN,
  });
  const stream = settings.mode === "depth20" ? "depth20@100ms" : "depth@100ms";
  return dealt.map((symbols) => {
    const streams = symbols.map((symbol) => `${symbol.toLowerCase()}@${stream}`);
    return {
      url: `${settings.url.replace(/\/$/, "")}/stream?streams=${streams.join("/")}`,
      symbols,
    };
  });
}
