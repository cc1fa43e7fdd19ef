import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { connectTemporal } from "../../src/adapters/temporal-client.ts";

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
