/** A server that speaks as much of gRPC as a call without content needs. */
import { once } from "node:events";
import { createServer } from "node:http2";
import type { Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

export const GRPC_OK = 0;
export const GRPC_NOT_FOUND = 5;

/** Answers every call with an empty message and this status, so late. */
export async function startGrpcServer(status: number, lateMs = 0) {
  const server = createServer();
  server.on("stream", (stream) => {
    stream.on("error", () => undefined);
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(status) }));
    const answer = async () => {
      await delay(lateMs);
      if (stream.closed) return;
      const head = { ":status": 200, "content-type": "application/grpc" };
      stream.respond(head, { waitForTrailers: true });
      // Not compressed, and no bytes.
      stream.end(status === GRPC_OK ? Buffer.alloc(5) : undefined);
    };
    void answer();
  });
  return { port: await listening(server), close: () => server.close() };
}

/** On a free port of loopback; returns that. */
export async function listening(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
