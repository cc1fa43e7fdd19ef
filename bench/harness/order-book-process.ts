/**
 * The process that bench:order-book measures: `ours` does the work of the service, with its recorder and its texts
 * (which are not published); `ccxt` is a loop over watchOrderBookForSymbols that computes the same features.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createBookRecorder } from "../../src/adapters/order-book/book-recorder.ts";
import { openVenueSocket } from "../../src/adapters/order-book/venue-socket.ts";
import { createBook, type BookSide } from "../../src/domain/order-book/book.ts";
import { dealSymbols } from "../../src/domain/order-book/connections.ts";
import { bookFeatures } from "../../src/domain/order-book/features.ts";
import { BookBoard } from "../../src/services/order-book/book-board.ts";
import { Snapshots } from "../../src/services/order-book/snapshots.ts";
import { VenueStreams } from "../../src/services/order-book/streams.ts";
import { Publishing } from "../../src/services/order-book/publishing.ts";
import { readSnapshot } from "../../src/wire/order-book/slow-depth.ts";

const { values } = parseArgs({
  options: {
    kind: { type: "string", default: "depth20" },
    url: { type: "string", default: "" },
    symbols: { type: "string", default: "" },
    seconds: { type: "string", default: "20" },
    warm: { type: "string", default: "8" },
    ccxt: { type: "string", default: "" },
  },
});
const { url } = values;
const symbols = values.symbols.split(",");
const TICK_MS = 50;

/** After which each message had its features, in microseconds. */
let tookUs: number[] = [];
/** The part of it that is ours: since the socket gave the message. */
let ownUs: number[] = [];
let messages = 0;

const nowUs = () => Number(process.hrtime.bigint() / 1_000n);
const said = (sentUs: number) => {
  messages += 1;
  tookUs.push(nowUs() - sentUs);
};

const folder = mkdtempSync(join(tmpdir(), "dolphin-bench-books-"));
await (values.kind === "ccxt" ? startCcxt() : startOurs(values.kind));
await measure();
rmSync(folder, { recursive: true, force: true });
process.exit(0);

async function measure(): Promise<void> {
  await delay(Number(values.warm) * 1_000);
  const rssMb = process.memoryUsage().rss / 1e6;
  tookUs = [];
  ownUs = [];
  messages = 0;
  const before = process.cpuUsage();
  const startedMs = performance.now();
  await delay(Number(values.seconds) * 1_000);
  const { user, system } = process.cpuUsage(before);
  const passedMs = performance.now() - startedMs;
  const took = quantiles(tookUs);
  const own = quantiles(ownUs);
  process.send?.({
    messages_per_s: Math.round((messages * 1_000) / passedMs),
    cpu_percent: (user + system) / 10 / passedMs,
    cpu_us_per_message: (user + system) / messages,
    features_after_ms_p50: took(0.5),
    features_after_ms_p99: took(0.99),
    ...(ownUs.length === 0 ? {} : { own_ms_p50: own(0.5), own_ms_p99: own(0.99) }),
    rss_mb: process.memoryUsage().rss / 1e6,
    rss_growth_mb: process.memoryUsage().rss / 1e6 - rssMb,
  });
}

/** Of microseconds, in milliseconds. */
function quantiles(us: readonly number[]): (share: number) => number {
  const sorted = us.toSorted((a, b) => a - b);
  return (share) => (sorted[Math.floor(sorted.length * share)] ?? Number.NaN) / 1_000;
}

function startOurs(mode: string): Promise<void> {
  const isByChanges = mode === "changes";
  const board = new BookBoard(symbols, { isByChanges });
  const kept = { folder, keepDays: 1, keepBytes: 1e9 };
  const recorder = createBookRecorder({ ...kept, epoch: 1, everyMs: 1e6 });
  const stream = isByChanges ? "depth@100ms" : "depth20@100ms";
  const streams = new VenueStreams({
    urls: dealSymbols(symbols, { perConnection: 100, connectionsMin: 2 }).map((dealt) => {
      const names = dealt.map((symbol) => `${symbol.toLowerCase()}@${stream}`);
      return `${url.replace("http", "ws")}/public/stream?streams=${names.join("/")}`;
    }),
    lacking: () => 0,
    venue: "bench",
    silentS: 10,
    open: openVenueSocket,
    chance: Math.random,
    renewMs: () => 1e9,
    say: () => undefined,
    onMessage(bytes, origin) {
      const heardUs = nowUs();
      const now = { wallMs: heardUs, monotonicMs: performance.now() };
      const taken = board.take(bytes, now, origin);
      if (taken === null) return;
      said(taken.asOfMs);
      ownUs.push(nowUs() - heardUs);
    },
  });
  // All at once, because there is no rate limit here.
  const snapshots = new Snapshots({
    board,
    ask,
    nowMs: () => 1e9 * performance.now(),
    wallMs: nowUs,
  });
  const telling = new Publishing({
    put: () => Promise.resolve(),
    by: { epoch: 1, instance: "bench" },
    everyMs: 1_000,
    books: () => board.books(),
    onAnswer: () => undefined,
    onPublished: (book, knownMs) => recorder.keep({ ...book, knownMs }),
    onFailure: (error) => {
      throw error;
    },
  });
  let ticks = 0;
  setInterval(() => {
    streams.tick(performance.now());
    snapshots.tick();
    telling.tick({ nowMs: performance.now(), passedMs: TICK_MS, wallMs: Date.now() });
    ticks += 1;
    if (ticks % 20 === 0) void recorder.flush(Date.now());
  }, TICK_MS);
  return Promise.resolve();
}

async function ask(asset: string) {
  const response = await fetch(`${url}/fapi/v1/depth?symbol=${asset}&limit=1000`);
  const found = readSnapshot(Buffer.from(await response.arrayBuffer()), 1_000);
  if (typeof found === "string") throw new Error(found);
  return found;
}

async function startCcxt(): Promise<void> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it is no package of ours
  const { default: ccxt } = (await import(join(values.ccxt, "js", "ccxt.js"))) as { default: Ccxt };
  const exchange = new ccxt.pro.binanceusdm({ enableRateLimit: false, newUpdates: true });
  exchange.setMarkets(symbols.map(marketOf));
  // Its own texts of addresses, with the venue's in the place of Binance's.
  const ws = url.replace("http", "ws");
  exchange.urls = JSON.parse(
    JSON.stringify(exchange.urls)
      .replaceAll(/wss:\/\/fstream\.binance\.com/g, ws)
      .replaceAll(/https:\/\/fapi\.binance\.com/g, url),
  );
  await exchange.loadHttpProxyAgent();
  const names = symbols.map((symbol) => marketOf(symbol).symbol);
  const watch = async (): Promise<void> => {
    const { bids, asks, timestamp } = await exchange.watchOrderBookForSymbols(names);
    const book = createBook();
    fill(book.bids, bids);
    fill(book.asks, asks);
    bookFeatures(book);
    said(timestamp);
  };
  const watchForEver = async (): Promise<void> => {
    for (;;) {
      try {
        await watch();
      } catch (error) {
        // The venue disconnects a client that falls behind, and it starts over.
        process.stderr.write(`ccxt: ${String(error)}\n`);
        await delay(1_000);
      }
    }
  };
  void watchForEver();
}

type CcxtBook = {
  readonly bids: readonly (readonly [number, number])[];
  readonly asks: readonly (readonly [number, number])[];
  readonly timestamp: number;
};
type Exchange = {
  urls: unknown;
  setMarkets(markets: readonly unknown[]): void;
  /** Without it addresses that begin with ws:// are refused. */
  loadHttpProxyAgent(): Promise<unknown>;
  watchOrderBookForSymbols(symbols: readonly string[]): Promise<CcxtBook>;
};
type Ccxt = { readonly pro: { readonly binanceusdm: new (options: object) => Exchange } };

function marketOf(id: string) {
  const base = id.replace(/USDT$/, "");
  return {
    id,
    lowercaseId: id.toLowerCase(),
    symbol: `${base}/USDT:USDT`,
    base,
    quote: "USDT",
    settle: "USDT",
    baseId: base,
    quoteId: "USDT",
    settleId: "USDT",
    type: "swap",
    spot: false,
    swap: true,
    future: false,
    option: false,
    contract: true,
    linear: true,
    inverse: false,
    active: true,
    contractSize: 1,
    precision: { amount: 0.001, price: 0.01 },
    limits: {},
    info: {},
  };
}

function fill(side: BookSide, levels: readonly (readonly [number, number])[]): void {
  for (const [price, size] of levels.slice(0, side.prices.length)) {
    side.prices[side.count] = price;
    side.sizes[side.count] = size;
    side.count += 1;
  }
}
