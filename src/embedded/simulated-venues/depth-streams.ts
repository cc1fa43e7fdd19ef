/**
 * The WebSocket half of the simulated Binance USD-M: partial books and changes, single and combined streams, with the
 * documented limits; its handshake says that it is simulated, and it can be made to misbehave.
 */
import type { IncomingMessage, Server } from "node:http";
import { type WebSocket, WebSocketServer } from "ws";
import { type Change, type DepthChange, type DepthMarket, levelTexts } from "./depth-market.ts";

export type StreamFault =
  /** A share of messages is dropped, sent twice, or swapped with the next one. */
  | { readonly kind: "drop" | "duplicate" | "reorder"; readonly share: number }
  /** Connections stay open without messages. */
  | { readonly kind: "silence" }
  /** Sent in place of messages. */
  | { readonly kind: "garbage" }
  /** Each connection is closed after its first message. */
  | { readonly kind: "close" }
  | { readonly kind: "slow"; readonly ms: number }
  /** Repeats the same message. */
  | { readonly kind: "repeat" }
  /** Bids above asks. */
  | { readonly kind: "crossed" };

export type DepthStreams = {
  misbehave(fault: StreamFault | null): void;
  /** Number of connections so far. */
  readonly opened: () => number;
  /** Messages received from clients, without pongs. */
  readonly heard: () => number;
  stop(): void;
};

type Options = {
  readonly server: Server;
  readonly market: DepthMarket;
  readonly nowMs: () => number;
  readonly uniform: () => number;
  /** Absent: as the real venue. */
  readonly pingEveryMs?: number | undefined;
};

/** The documented limits. */
const STREAMS_MAX = 200;
const INCOMING_PER_SECOND_MAX = 10;
const PING_EVERY_MS = 180_000;
const BUFFERED_BYTES_MAX = 8 * 1_048_576;
const TICK_MS = 10;
const STEP_MS = 100;
const PHASES = STEP_MS / TICK_MS;

type Stream = {
  readonly name: string;
  readonly symbol: string;
  /** Null: changes. */
  readonly depth: number | null;
  readonly everySteps: number;
  readonly phase: number;
  steps: number;
  sentId: number | null;
  firstId: number | null;
  readonly bids: Map<number, number>;
  readonly asks: Map<number, number>;
};

type Client = {
  readonly socket: WebSocket;
  readonly isCombined: boolean;
  readonly streams: Map<string, Stream>;
  delayed: string | null;
  last: string | null;
  heardInSecond: number;
};

export function serveDepthStreams(options: Options): DepthStreams {
  const { server, market, nowMs, uniform } = options;
  const clients = new Set<Client>();
  let fault: StreamFault | null = null;
  let heard = 0;
  let opened = 0;
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  sockets.on("headers", (headers) => headers.push("X-Dolphin-Simulated: 1"));
  const welcome = (socket: WebSocket, request: IncomingMessage): void => {
    const client = clientOf(socket, request.url ?? "/");
    clients.add(client);
    opened += 1;
    socket.on("close", () => clients.delete(client));
    socket.on("error", () => socket.terminate());
    socket.on("message", (data) => {
      heard += 1;
      client.heardInSecond += 1;
      if (INCOMING_PER_SECOND_MAX < client.heardInSecond) socket.close(1008, "Too many requests");
      else answer(client, Buffer.isBuffer(data) ? data.toString() : "");
    });
    if (STREAMS_MAX < client.streams.size) socket.close(1008, "Too many streams");
  };
  server.on("upgrade", (request, socket, head) => {
    sockets.handleUpgrade(request, socket, head, (made) => welcome(made, request));
  });
  let tick = 0;
  const stepping = setInterval(() => {
    tick += 1;
    stepAll({ clients, market, phase: tick % PHASES, nowMs }, (client, text) =>
      send(client, text, { fault, uniform }),
    );
  }, TICK_MS);
  const seconds = setInterval(() => {
    for (const client of clients) client.heardInSecond = 0;
  }, 1_000);
  const pings = setInterval(() => {
    for (const { socket } of clients) socket.ping();
  }, options.pingEveryMs ?? PING_EVERY_MS);
  return {
    misbehave: (now) => (fault = now),
    opened: () => opened,
    heard: () => heard,
    stop() {
      for (const timer of [stepping, seconds, pings]) clearInterval(timer);
      for (const { socket } of clients) socket.terminate();
      sockets.close();
    },
  };
}

function stepAll(
  about: {
    readonly clients: ReadonlySet<Client>;
    readonly market: DepthMarket;
    readonly phase: number;
    readonly nowMs: () => number;
  },
  tell: (client: Client, text: string) => void,
): void {
  const changes = new Map<string, DepthChange | null>();
  for (const client of about.clients) {
    for (const stream of client.streams.values()) {
      if (stream.phase !== about.phase) continue;
      const { symbol } = stream;
      if (!changes.has(symbol)) changes.set(symbol, about.market.step(symbol, about.nowMs()));
      const change = changes.get(symbol);
      if (change == null) continue;
      const text = textOf(stream, change, about.market);
      if (text === null) continue;
      tell(client, client.isCombined ? `{"stream":"${stream.name}","data":${text}}` : text);
    }
  }
}

/** Null: this stream is not due. */
function textOf(stream: Stream, change: DepthChange, market: DepthMarket): string | null {
  stream.firstId ??= change.firstId;
  if (stream.depth === null) {
    gather(stream.bids, change.bids);
    gather(stream.asks, change.asks);
  }
  stream.steps += 1;
  if (stream.steps % stream.everySteps !== 0) return null;
  const { symbol, depth, firstId } = stream;
  const whole = depth === null ? null : market.whole(symbol, depth);
  const text = JSON.stringify({
    e: "depthUpdate",
    E: change.atMs,
    T: change.atMs,
    s: symbol,
    U: firstId,
    u: change.lastId,
    pu: stream.sentId ?? firstId - 1,
    b: whole?.bids ?? levelTexts([...stream.bids], change.decimals),
    a: whole?.asks ?? levelTexts([...stream.asks], change.decimals),
  });
  stream.sentId = change.lastId;
  stream.firstId = null;
  stream.bids.clear();
  stream.asks.clear();
  return text;
}

function gather(into: Map<number, number>, changes: readonly Change[]): void {
  for (const [ticks, size] of changes) into.set(ticks, size);
}

function send(
  client: Client,
  text: string,
  { fault, uniform }: { fault: StreamFault | null; uniform: () => number },
): void {
  const put = (one: string) => {
    // A client that does not read is disconnected, as by the real venue.
    if (BUFFERED_BYTES_MAX < client.socket.bufferedAmount) client.socket.terminate();
    else client.socket.send(one);
  };
  const { delayed } = client;
  client.delayed = null;
  switch (fault?.kind) {
    case undefined:
      put(text);
      break;
    case "drop":
      if (fault.share <= uniform()) put(text);
      break;
    case "duplicate":
      put(text);
      if (uniform() < fault.share) put(text);
      break;
    case "reorder":
      if (delayed === null && uniform() < fault.share) client.delayed = text;
      else put(text);
      break;
    case "silence":
      break;
    case "garbage":
      put(uniform() < 0.5 ? text.slice(0, text.length / 2) : `{"e":"depthUpdate","s":7,"b":null}`);
      break;
    case "close":
      put(text);
      client.socket.close(1001);
      break;
    case "slow":
      setTimeout(() => put(text), fault.ms).unref();
      break;
    case "repeat":
      put(client.last ?? text);
      break;
    case "crossed":
      put(text.replace(/"b":/, '"x":').replace(/"a":/, '"b":').replace(/"x":/, '"a":'));
      break;
  }
  if (delayed !== null) put(delayed);
  if (fault?.kind !== "repeat" || client.last === null) client.last = text;
}

function clientOf(socket: WebSocket, path: string): Client {
  const url = new URL(path, "http://127.0.0.1");
  const isCombined = url.pathname.endsWith("/stream");
  const alone = /\/ws\/(.+)$/.exec(url.pathname)?.[1]?.split("/") ?? [];
  const names = isCombined ? (url.searchParams.get("streams") ?? "").split("/") : alone;
  const streams = new Map<string, Stream>();
  for (const name of names) addStream(streams, name);
  return { socket, isCombined, streams, delayed: null, last: null, heardInSecond: 0 };
}

const NAME = /^([a-z0-9_]{1,40})@depth(5|10|20)?(?:@(100|250|500)ms)?$/;

function addStream(streams: Map<string, Stream>, name: string): void {
  const found = NAME.exec(name);
  if (found === null) return;
  const [, symbol = "", depth, speed = "250"] = found;
  streams.set(name, {
    name,
    symbol: symbol.toUpperCase(),
    depth: depth === undefined ? null : Number(depth),
    // A quarter of a second is not a multiple of the step.
    everySteps: Math.max(1, Math.floor(Number(speed) / STEP_MS)),
    phase: phaseOf(symbol),
    steps: 0,
    sentId: null,
    firstId: null,
    bids: new Map(),
    asks: new Map(),
  });
}

/** Symbols are spread over a step; a symbol has the same phase in all streams. */
function phaseOf(symbol: string): number {
  let sum = 0;
  for (let at = 0; at < symbol.length; at += 1) sum = (sum * 31 + symbol.charCodeAt(at)) % 9_973;
  return sum % PHASES;
}

function answer(client: Client, text: string): void {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    return;
  }
  if (typeof found !== "object" || found === null || !("method" in found)) return;
  const { method, params, id }: { method: unknown; params?: unknown; id?: unknown } = found;
  const names = Array.isArray(params) ? params.filter((one) => typeof one === "string") : [];
  for (const name of names) {
    if (method === "SUBSCRIBE") addStream(client.streams, name);
    if (method === "UNSUBSCRIBE") client.streams.delete(name);
  }
  client.socket.send(JSON.stringify({ result: null, id: id ?? null }));
}
