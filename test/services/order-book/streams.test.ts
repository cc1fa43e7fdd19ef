import { afterEach, describe, expect, test } from "vitest";
import { openVenueSocket } from "../../../src/adapters/order-book/venue-socket.ts";
import { dealSymbols } from "../../../src/domain/order-book/connections.ts";
import { bookTrouble } from "../../../src/domain/order-book/book.ts";
import type { StreamFault } from "../../../src/embedded/simulated-venues/depth-streams.ts";
import {
  type SimulatedVenues,
  startSimulatedVenues,
} from "../../../src/embedded/simulated-venues/simulated-venues.ts";
import { BookBoard } from "../../../src/services/order-book/book-board.ts";
import { Snapshots } from "../../../src/services/order-book/snapshots.ts";
import { VenueStreams } from "../../../src/services/order-book/streams.ts";
import { readSnapshot } from "../../../src/wire/order-book/slow-depth.ts";
import { until as awaited } from "../../helpers/processes.ts";

const SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];
const stages: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.stop();
});

describe("books over a real WebSocket from the simulated venue", () => {
  test("come for every symbol, over several connections, marked simulated", async () => {
    const { board, streams } = await open();
    await until(() => board.books().length === SYMBOLS.length);
    for (const one of board.books()) {
      expect(one.source).toBe("simulated binance-usdm");
      expect(bookTrouble(one.book)).toBeNull();
      expect(one.book.bids.count).toBe(20);
    }
    expect(streams.state()).toMatchObject({ connections: 2, open: 2, reconnects: 0 });
  });

  test.each<[StreamFault, (stage: Stage) => boolean]>([
    [{ kind: "garbage" }, ({ board }) => 5 < board.counts.garbage],
    [{ kind: "duplicate", share: 0.5 }, ({ board }) => 3 < board.counts.old],
    [{ kind: "drop", share: 0.3 }, ({ board }) => 3 < board.counts.gaps],
    [{ kind: "reorder", share: 0.3 }, ({ board }) => 1 < board.counts.old && 1 < board.counts.gaps],
    [{ kind: "crossed" }, ({ board }) => 5 < board.counts.incoherent],
    [{ kind: "repeat" }, ({ board }) => 5 < board.counts.old],
    [{ kind: "close" }, ({ streams }) => 1 < streams.state().reconnects],
    [{ kind: "slow", ms: 700 }, ({ board }) => board.books().every((one) => 500 < delayMs(one))],
    [{ kind: "silence" }, ({ streams }) => 1 < streams.state().reconnects],
  ])("survive %j, and go on once it is over", async (fault, isNoticed) => {
    const stage = await open("depth20", fault.kind === "silence" ? { silentS: 2 } : {});
    await until(() => stage.board.books().length === SYMBOLS.length);
    stage.venues.streams.misbehave(fault);
    await until(() => isNoticed(stage));
    stage.venues.streams.misbehave(null);
    const times = new Map(stage.board.books().map(({ asset, asOfMs }) => [asset, asOfMs]));
    await until(() => stage.board.books().every(({ asset, asOfMs }) => times.get(asset)! < asOfMs));
    for (const { book } of stage.board.books()) expect(bookTrouble(book)).toBeNull();
  });

  test("that no venue sends any more grow old, each by itself", async () => {
    const { board, venues } = await open();
    await until(() => board.books().length === SYMBOLS.length);
    venues.setSymbols(["BTCUSDT", "ETHUSDT"]);
    const ageOf = (at: number) => board.agesMs(performance.now())[at] ?? 0;
    await until(() => 1_000 < ageOf(2) && ageOf(0) < ageOf(2));
    expect(board.books().length).toBe(SYMBOLS.length);
  });

  test("by changes are the venue's, through drops and new snapshots", async () => {
    const { board, venues } = await open("changes");
    await until(() => board.books().length === SYMBOLS.length);
    venues.streams.misbehave({ kind: "drop", share: 0.2 });
    await until(() => 2 < board.counts.gaps);
    venues.streams.misbehave(null);
    const asked = venues.asked.length;
    await until(() => board.wanting().length === 0 || asked < venues.asked.length);
    const times = new Map(board.books().map(({ asset, asOfMs }) => [asset, asOfMs]));
    await until(() => board.books().every(({ asset, asOfMs }) => times.get(asset)! < asOfMs));
    for (const { book } of board.books()) expect(bookTrouble(book)).toBeNull();
    expect(venues.asked.some((path) => path.startsWith("/fapi/v1/depth?"))).toBe(true);
  });

  test("no check is due soon except while a connection is due", () => {
    const nobody = { lacking: () => 0, venue: "none", silentS: 60, say: () => undefined };
    const streams = new VenueStreams({
      ...nobody,
      urls: ["ws://127.0.0.1:1/a", "ws://127.0.0.1:1/b"],
      open: (_url, { onEnd }) => {
        onEnd("nobody listens");
        return { close: () => undefined };
      },
      chance: () => 0,
      renewMs: () => Number.POSITIVE_INFINITY,
      onMessage: () => undefined,
    });
    const openingAfter = (nowMs: number) => {
      streams.tick(nowMs);
      return streams.isOpening(nowMs);
    };
    expect(streams.isOpening(0)).toBe(true);
    // The second one is still to be opened.
    expect(openingAfter(0)).toBe(true);
    openingAfter(60);
    // Both have ended, and wait for their next attempt.
    expect(openingAfter(120)).toBe(false);
  });

  test("are answered with pongs, and sent nothing else", async () => {
    const { board, venues, streams } = await open("depth20", { pingEveryMs: 20 });
    await until(() => 30 < board.counts.messages);
    expect(venues.streams.heard()).toBe(0);
    expect(streams.state().reconnects).toBe(0);
  });

  test("a connection gives way to a new one before the venue ends it, without a gap", async () => {
    const stage = await open("depth20", { renewMs: [300, 300] });
    await until(() => 4 === stage.venues.streams.opened());
    const { messages } = { ...stage.board.counts };
    await until(() => messages + 30 < stage.board.counts.messages);
    expect(stage.streams.state()).toMatchObject({ open: 2, reconnects: 0, trouble: null });
    expect(stage.board.counts.gaps).toBe(0);
  });

  test("an address where nobody listens is tried again and again, with growing pauses", async () => {
    const stage = await open();
    await until(() => stage.board.books().length === SYMBOLS.length);
    await stage.venues.stop();
    await until(() => 4 < stage.streams.state().reconnects);
    expect(stage.said.filter((line) => line.includes("a connection ended")).length).toBe(2);
  });
});

function delayMs({ asOfMs, receivedMs }: { asOfMs: number; receivedMs: number }): number {
  return receivedMs - asOfMs;
}

function moment() {
  return { wallMs: Date.now(), monotonicMs: performance.now() };
}

/** Bounds a failure only. */
function until(isTrue: () => boolean): Promise<void> {
  return awaited(isTrue, { ms: 60_000, tell: () => isTrue.toString() });
}

type Stage = Awaited<ReturnType<typeof open>>;

async function open(
  mode: "depth20" | "changes" = "depth20",
  options: {
    readonly pingEveryMs?: number;
    readonly renewMs?: readonly number[];
    readonly silentS?: number;
  } = {},
) {
  const venues: SimulatedVenues = await startSimulatedVenues({
    port: 0,
    nowMs: () => Date.now(),
    symbols: SYMBOLS,
    ...(options.pingEveryMs === undefined ? {} : { pingEveryMs: options.pingEveryMs }),
  });
  const board = new BookBoard(SYMBOLS, { isByChanges: mode === "changes" });
  const stream = mode === "changes" ? "depth@100ms" : "depth20@100ms";
  const renewals = [...(options.renewMs ?? [])];
  const said: string[] = [];
  const streams = new VenueStreams({
    urls: dealSymbols(SYMBOLS, { perConnection: 2, connectionsMin: 2 }).map((symbols) => {
      const names = symbols.map((symbol) => `${symbol.toLowerCase()}@${stream}`);
      return `${venues.url.replace("http", "ws")}/public/stream?streams=${names.join("/")}`;
    }),
    lacking: () => 0,
    venue: "binance-usdm",
    // On a slow machine the simulated venue is silent, too: a test that needs no silence gets no reconnection.
    silentS: options.silentS ?? 60,
    open: openVenueSocket,
    chance: () => 0,
    renewMs: () => renewals.shift() ?? Number.POSITIVE_INFINITY,
    onMessage: (bytes, origin) => void board.take(bytes, moment(), origin),
    say: (_level, line) => said.push(line),
  });
  const ask = async (asset: string) => {
    const response = await fetch(`${venues.url}/fapi/v1/depth?symbol=${asset}&limit=1000`);
    const found = readSnapshot(Buffer.from(await response.arrayBuffer()), 1_000);
    if (typeof found === "string") throw new Error(found);
    return found;
  };
  const snapshots = new Snapshots({ board, ask, nowMs: () => performance.now(), wallMs: Date.now });
  const timer = setInterval(() => {
    streams.tick(performance.now());
    snapshots.tick();
  }, 20);
  const stage = { board, streams, venues, said };
  stages.push({
    async stop() {
      clearInterval(timer);
      streams.close();
      await venues.stop();
    },
  });
  return stage;
}
