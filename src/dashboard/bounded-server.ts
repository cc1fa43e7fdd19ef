/** An HTTP server that no client can keep busy: half a request and a queue of requests end with their connection. */
import type { RequestListener, Server } from "node:http";
import { createServer } from "../adapters/http/node-http.ts";
import type { Socket } from "node:net";

export type ServerBounds = {
  /** Within which the head of a request, and all of it, must arrive. */
  readonly headMs: number;
  readonly requestMs: number;
  /** How often Node looks for connections that are over their time; by default each half minute only. */
  readonly lookEveryMs: number;
  readonly connectionsMax: number;
  /** Requests of one connection that are being answered. A browser sends one after the other. */
  readonly waitingMax: number;
};

export const DASHBOARD_BOUNDS: ServerBounds = {
  headMs: 4_000,
  requestMs: 5_000,
  lookEveryMs: 500,
  connectionsMax: 64,
  waitingMax: 4,
};

export function boundedServer(bounds: ServerBounds, answer: RequestListener): Server {
  const server = createServer({
    headersTimeout: bounds.headMs,
    requestTimeout: bounds.requestMs,
    connectionsCheckingInterval: bounds.lookEveryMs,
  });
  server.maxConnections = bounds.connectionsMax;
  const waiting = new WeakMap<Socket, number>();
  server.on("request", (request, response) => {
    const { socket } = request;
    const count = (waiting.get(socket) ?? 0) + 1;
    // What it has sent ahead is not parsed any more, either.
    if (bounds.waitingMax < count) return void socket.destroy();
    waiting.set(socket, count);
    response.once("close", () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    answer(request, response);
  });
  return server;
}
