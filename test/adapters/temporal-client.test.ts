import { connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { isTemporalSilence } from "../../src/adapters/temporal/call-limits.ts";
import { exitCodeOf, lineOf } from "../../src/cli/context.ts";
import { connectTemporal, temporalAnswersFirst } from "../../src/adapters/temporal-client.ts";
import { GRPC_OK, listening, startGrpcServer } from "../helpers/grpc-server.ts";

test("a connection that is closed between two tries of a call ends the call, and throws nowhere", async () => {
  // Nobody listens there: each call is tried again and again.
  const closeAfterMs = [0, 20, 60, 100, 150, 250, 400];
  const calls = closeAfterMs.map(async (ms) => {
    const temporal = connectTemporal("127.0.0.1:9");
    const asked = temporal.connection.workflowService.getSystemInfo({});
    const outcome = asked.then(
      () => "answered",
      () => "refused",
    );
    await delay(ms);
    await temporal.close();
    expect(await outcome).toBe("refused");
  });
  await Promise.all(calls);
});

test("nor does a retry that comes due after the close, because the thread was blocked, throw or leave the call open", async () => {
  for (const ms of [80, 120, 150, 200]) {
    const temporal = connectTemporal("127.0.0.1:9");
    const outcome = temporal.connection.workflowService.getSystemInfo({}).then(
      () => "answered",
      () => "refused",
    );
    await delay(ms);
    // Timers count from the start of a turn of the loop: those that this one sets come due so much sooner.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
    await temporal.close();
    expect(await outcome).toBe("refused");
  }
});

test("calls without a deadline of their own end, at a server that accepts connections and answers nothing", async () => {
  // As a stopped one, for which the kernel still accepts.
  const server = createServer();
  const temporal = connectTemporal(`127.0.0.1:${await listening(server)}`, {
    answerMs: 100,
    waitMs: 150,
  });
  const { client, connection, reads } = temporal;
  const handle = client.workflow.getHandle("nobody");
  const calls = [
    connection.workflowService.getSystemInfo({}),
    connection.operatorService.listSearchAttributes({ namespace: "default" }),
    reads.describe("nobody"),
    handle.describe(),
    handle.query("status"),
    handle.result(),
    handle.executeUpdate("start"),
    client.workflow.start("nothing", { taskQueue: "none", workflowId: "nobody" }),
    client.schedule.getHandle("nobody").describe(),
  ];
  const ends = await Promise.allSettled(calls);
  const reasons = ends.map((end): unknown => (end.status === "rejected" ? end.reason : null));
  expect(reasons.map(isTemporalSilence)).toEqual(calls.map(() => true));
  // A verb that meets one of them ends with a sentence and the exit status for that.
  expect(new Set(reasons.map(exitCodeOf))).toEqual(new Set([3]));
  expect(lineOf(reasons[0])).toMatch(/^Temporal has stopped answering \(.*'dolphin status'/);
  await temporal.close();
  server.close();
});

test("a server that accepts at once and answers late is waited for; one that is not there is not", async () => {
  const real = await startGrpcServer(GRPC_OK);
  // As one on a busy machine: the kernel accepts for it.
  const slow = createServer();
  const port = await listening(slow);
  const accepted = new Promise<Socket>((resolve) => slow.once("connection", resolve));
  const limits = { refusedMs: 100, slowMs: 600_000 };

  const waiting = connectTemporal(`127.0.0.1:${port}`);
  const answer = temporalAnswersFirst(waiting, limits);
  const socket = await accepted;
  await delay(3 * limits.refusedMs);
  const upstream = connect(real.port, "127.0.0.1");
  socket.pipe(upstream).pipe(socket);
  expect(await answer).toBe(true);
  await waiting.close();

  const refused = connectTemporal("127.0.0.1:9");
  expect(await temporalAnswersFirst(refused, limits)).toBe(false);
  await refused.close();
  socket.destroy();
  slow.close();
  real.close();
});
