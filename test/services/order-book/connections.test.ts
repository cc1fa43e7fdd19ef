/** Which connections are given up and when, at times that the test chooses. */
import { expect, test } from "vitest";
import type { SocketEvents } from "../../../src/adapters/order-book/venue-socket.ts";
import { VenueStreams } from "../../../src/services/order-book/streams.ts";

const SILENT_S = 10;
const POLL_MS = 50;
const MESSAGE = Buffer.from("{}");

function open(lacking = (): number => 0) {
  const sockets: (SocketEvents & { isClosed: boolean })[] = [];
  const streams = new VenueStreams({
    urls: ["ws://venue"],
    lacking,
    venue: "venue",
    silentS: SILENT_S,
    open(_url, events) {
      const socket = { ...events, isClosed: false };
      sockets.push(socket);
      return { close: () => void (socket.isClosed = true) };
    },
    chance: () => 0,
    renewMs: () => Number.POSITIVE_INFINITY,
    onMessage: () => undefined,
    say: () => undefined,
  });
  const stage = {
    nowMs: 1_000_000,
    sockets,
    streams,
    /** Looks as often as the service does. */
    pass(ms: number, eachPoll = (): void => undefined) {
      for (const endMs = stage.nowMs + ms; stage.nowMs < endMs;) {
        stage.nowMs += POLL_MS;
        eachPoll();
        streams.tick(stage.nowMs);
      }
    },
  };
  stage.pass(POLL_MS);
  sockets[0]!.onOpen({ isSimulated: false });
  return stage;
}

test("a pause of our own is no silence of the venue: what waited in the socket comes after it", () => {
  const { sockets, streams, ...stage } = open();
  sockets[0]!.onMessage(MESSAGE);
  streams.tick(stage.nowMs);
  for (const pausedMs of [SILENT_S * 1_000, 3_600_000]) {
    streams.tick(stage.nowMs + pausedMs);
    expect(sockets[0]!.isClosed).toBe(false);
    sockets[0]!.onMessage(MESSAGE);
  }
  expect(streams.state()).toMatchObject({ open: 1, reconnects: 0, trouble: null });
});

test("a connection that is checked all the time and receives nothing is given up", () => {
  const stage = open();
  stage.pass(2 * SILENT_S * 1_000, () => stage.sockets[0]!.onMessage(MESSAGE));
  stage.pass(SILENT_S * 1_000 - POLL_MS);
  expect(stage.sockets[0]!.isClosed).toBe(false);
  stage.pass(2 * POLL_MS);
  expect(stage.sockets[0]!.isClosed).toBe(true);
  expect(stage.streams.state()).toMatchObject({ reconnects: 1, trouble: "silent for 10 s" });
});

test("one that brings nothing of some books gives way to a new one, each time after twice as long", () => {
  let lacking = 1;
  const stage = open(() => lacking);
  const { sockets, streams } = stage;
  const talk = () => sockets.at(-1)!.onMessage(MESSAGE);
  const periodMs = 30 * SILENT_S * 1_000;
  for (const [at, times] of [1, 2, 4].entries()) {
    stage.pass(times * periodMs - POLL_MS, talk);
    expect(sockets.length).toBe(at + 1);
    stage.pass(4 * POLL_MS, talk);
    expect(sockets.length).toBe(at + 2);
    expect(sockets[at]!.isClosed).toBe(true);
    sockets[at + 1]!.onOpen({ isSimulated: false });
  }
  lacking = 0;
  stage.pass(20 * periodMs, talk);
  expect(sockets.length).toBe(4);
  expect(streams.state()).toMatchObject({ open: 1, reconnects: 0, trouble: null });
});
