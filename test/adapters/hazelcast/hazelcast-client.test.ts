import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { connectHazelcast } from "../../../src/adapters/hazelcast/hazelcast-client.ts";

/** As on a busy machine: no turn of the event loop is over sooner, and its timers come before what arrived. */
const BLOCKED_MS = 1_100;

test("a process that is not run for a second after each step still connects", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const arrived = new Promise<[Socket, string]>((resolve) => {
    server.on("connection", (socket) => {
      socket.on("error", () => undefined);
      socket.once("end", () => resolve([socket, "given up"]));
      socket.once("data", (bytes) => resolve([socket, bytes.subarray(0, 3).toString()]));
    });
  });
  const cell = new Int32Array(new SharedArrayBuffer(4));
  let isBlocking = true;
  const block = (): void => {
    Atomics.wait(cell, 0, 0, BLOCKED_MS);
    if (isBlocking) setImmediate(block);
  };
  setImmediate(block);
  const hazelcast = await connectHazelcast({
    address: `127.0.0.1:${port}`,
    cluster: "none",
    name: "starved",
    deadlineMs: 1_000,
  });
  try {
    // The client's first words: it has seen that it is connected.
    const [socket, said] = await arrived;
    expect(said).toBe("CP2");
    server.close();
    socket.destroy();
  } finally {
    isBlocking = false;
    await hazelcast.shutdown();
  }
});
