/**
 * The simulated public services for indicators and order books, on loopback: they answer as documented, mark each
 * answer as simulated, and can be made to misbehave.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "../../adapters/http/node-http.ts";
import type { AddressInfo } from "node:net";
import { MS_PER_MINUTE } from "../../domain/time.ts";
import { seededRandom } from "../../domain/simulator/random.ts";
import { createDepthMarket } from "./depth-market.ts";
import { type DepthStreams, serveDepthStreams } from "./depth-streams.ts";
import { answerOf, usualPrice, type VenueWorld } from "./venue-answers.ts";

export type VenueFault =
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: string }
  /** Replaces the answer. */
  | { readonly kind: "text"; readonly text: string; readonly status?: number }
  /** Changes the answer. */
  | { readonly kind: "changed"; readonly change: (body: unknown) => unknown }
  | { readonly kind: "hang" | "drip" | "half" | "huge" };

export type SimulatedVenues = {
  /** One address for all: their paths differ. */
  readonly url: string;
  /** Applies to paths with this prefix until changed; null: normal behaviour. */
  misbehave(path: string, fault: VenueFault | null): void;
  /** Of its WebSocket. */
  readonly streams: DepthStreams;
  setSymbols(symbols: readonly string[]): void;
  setFundingHours(symbol: string, hours: number): void;
  /** The requested paths with their queries. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
};

const HUGE_BYTES = 10_485_760;
const ASKED_MAX = 10_000;
const DRIP_MS = 20;
const SEED = 7;

export async function startSimulatedVenues(options: {
  readonly port: number;
  readonly nowMs: () => number;
  readonly symbols?: readonly string[];
  readonly priceOf?: VenueWorld["priceOf"];
  readonly pingEveryMs?: number;
}): Promise<SimulatedVenues> {
  let symbols = options.symbols ?? ["BTCUSDT", "ETHUSDT"];
  const fundingHours = new Map<string, number>();
  const faults = new Map<string, VenueFault>();
  const asked: string[] = [];
  const used = new Map<number, number>();
  const { priceOf = usualPrice } = options;
  const random = seededRandom(SEED);
  const market = createDepthMarket(
    (symbol) => (symbols.includes(symbol) ? priceOf(symbol, options.nowMs()) : null),
    random,
  );
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    if (asked.length < ASKED_MAX) asked.push(url.pathname + url.search);
    const nowMs = options.nowMs();
    const minute = Math.floor(nowMs / MS_PER_MINUTE);
    const weight = (used.get(minute) ?? 0) + 1;
    used.clear();
    used.set(minute, weight);
    response.setHeader("X-Dolphin-Simulated", "1");
    response.setHeader("X-MBX-USED-WEIGHT-1M", String(weight));
    const world: VenueWorld = { symbols, fundingHours, priceOf, market };
    const found = answerOf(url, world, nowMs) ?? { status: 404, body: { code: -1, msg: "?" } };
    const fault = [...faults].find(([path]) => url.pathname.startsWith(path))?.[1];
    if (fault === undefined) sendJson(response, found.status, found.body);
    else misbehaveBy(fault, { response, request, found });
  };
  const server = createServer(answer);
  const streams = serveDepthStreams({
    server,
    market,
    nowMs: options.nowMs,
    uniform: random.uniform,
    pingEveryMs: options.pingEveryMs,
  });
  await new Promise<void>((settle, fail) => {
    server.once("error", fail);
    server.listen(options.port, "127.0.0.1", settle);
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has no other address
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    streams,
    misbehave(path, fault) {
      if (fault === null) faults.delete(path);
      else faults.set(path, fault);
    },
    setSymbols(now) {
      symbols = now;
    },
    setFundingHours(symbol, hours) {
      fundingHours.set(symbol, hours);
    },
    async stop() {
      streams.stop();
      const closed = new Promise((settle) => server.close(settle));
      server.closeAllConnections();
      await closed;
    },
  };
}

function misbehaveBy(
  fault: VenueFault,
  about: {
    readonly response: ServerResponse;
    readonly request: IncomingMessage;
    readonly found: { readonly status: number; readonly body: unknown };
  },
): void {
  const { response, request, found } = about;
  switch (fault.kind) {
    case "status":
      if (fault.retryAfter !== undefined) response.setHeader("Retry-After", fault.retryAfter);
      sendJson(response, fault.status, { code: -1003, msg: "Way too many requests." });
      return;
    case "text":
      response.writeHead(fault.status ?? 200, { "Content-Type": "text/html" }).end(fault.text);
      return;
    case "changed":
      sendJson(response, found.status, fault.change(found.body));
      return;
    case "hang":
      return;
    case "drip": {
      const drip = setInterval(() => response.write(" "), DRIP_MS);
      response.on("close", () => clearInterval(drip));
      return;
    }
    case "half": {
      const text = JSON.stringify(found.body);
      response.writeHead(200, { "Content-Length": text.length });
      response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
      return;
    }
    case "huge":
      response.end(`{"x":"${"x".repeat(HUGE_BYTES)}"}`);
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
