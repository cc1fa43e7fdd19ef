/** The journal's copy when its Postgres goes away between a request and its answer. */
import { once } from "node:events";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { PostgresJournal } from "../../../src/adapters/event-log/postgres/postgres-journal.ts";

/** Of its protocol: the login is accepted, and the next query is awaited. */
const LET_IN = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

test("a connection that breaks under a transaction fails the transaction, and no process", async () => {
  const server = createServer((socket) => {
    socket.once("data", () => {
      socket.write(LET_IN);
      socket.once("data", () => socket.destroy());
    });
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it has a port");
  const opening = PostgresJournal.open(`postgres://dolphin@127.0.0.1:${address.port}/dolphin`);
  // An unhandled error would fail this run of the tests.
  await expect(opening).rejects.toThrow("Connection terminated unexpectedly");
});
