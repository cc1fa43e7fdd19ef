import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readHolds, writeHold } from "../../../src/adapters/process/hold/hold-file.ts";
import { kernelPlace } from "../../../src/adapters/process/hold/kernel-place.ts";
import { connectTemporal } from "../../../src/adapters/temporal-client.ts";
import { releaseHolds } from "../../../src/workers/supervision/release-holds.ts";
import { GRPC_NOT_FOUND, listening, startGrpcServer } from "../../helpers/grpc-server.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

/** More than a heartbeat may be missing. */
const LATE_MS = 5_200;
let runFolder = "";
beforeEach(() => {
  runFolder = makeTemporaryDirectory("release-holds");
  writeHold(runFolder, {
    service: "gone",
    run_id: "r-1",
    attempt: 1,
    token: "bm9uZQ==",
    identity: "x",
    // Above what a kernel gives out.
    keeper: { pid: 2 ** 30, started_ticks: 1 },
    place: kernelPlace(),
  });
});
afterEach(() => {
  removeTemporaryDirectory(runFolder);
});

/** What it told. */
async function release(port: number, stop: AbortSignal): Promise<string> {
  const temporal = connectTemporal(`127.0.0.1:${port}`);
  const told: string[] = [];
  const tell = (line: string): void => void told.push(line);
  await releaseHolds({ temporal, runFolder, tell, stop });
  await temporal.close();
  return told.join();
}

test("a server that answers late is waited for, and nothing is left to the next worker", async () => {
  const server = await startGrpcServer(GRPC_NOT_FOUND, LATE_MS);
  const told = await release(server.port, new AbortController().signal);
  expect(told).toBe("gone: its worker died; left as it is: its run is over");
  expect(readHolds(runFolder)).toEqual([]);
  server.close();
});

test("a worker that is asked to end waits for no answer", async () => {
  const stop = new AbortController();
  const silent = createServer(() => stop.abort());
  const told = await release(await listening(silent), stop.signal);
  expect(told).toMatch(/^gone: its worker died, and is not given back: .*\(.*(abort|cancel)/i);
  expect(readHolds(runFolder)).toHaveLength(1);
  silent.close();
});
