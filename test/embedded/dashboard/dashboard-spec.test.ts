import { createServer, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { dashboardSpec } from "../../../src/embedded/dashboard/dashboard-spec.ts";
import type { ProcessEnd } from "../../../src/embedded/guarded-process.ts";

let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

async function answering(text: () => string): Promise<number> {
  const made = createServer((_request, response) => void response.end(text()));
  server = made;
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  const address = made.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** As a guard reports it. */
function processOf(pid: number) {
  const ended = Promise.withResolvers<ProcessEnd>();
  const process = {
    pid,
    guardPid: pid + 1,
    startedTicks: null,
    exited: ended.promise,
    lastLine: () => null,
    stop: async () => undefined,
    kill: () => undefined,
  };
  return { process, end: () => ended.resolve({ code: 1, signal: null }) };
}

test("the address is reported from the first answer of the very process that was started until it ends", async () => {
  let says = '{"pid":99}';
  const port = await answering(() => says);
  const first = processOf(7);
  const second = processOf(8);
  const started = [first.process, second.process];
  const log = "dashboard.log";
  const of = { port, log, start: async () => started.shift()! };
  const { spec, url, probeEveryMs } = dashboardSpec(of);
  await spec.start();
  expect(await spec.probe?.()).toBe("silent");
  expect(url()).toBeNull();
  const urgentMs = probeEveryMs();
  says = '{"pid":7}';
  expect(await spec.probe?.()).toBe("answered");
  expect(url()).toBe(`http://127.0.0.1:${port}`);
  // Nobody waits for its address any more.
  expect(probeEveryMs()).toBeGreaterThan(urgentMs);
  // Slow for a moment: it is where it was.
  says = "";
  expect(await spec.probe?.()).toBe("silent");
  expect(url()).toBe(`http://127.0.0.1:${port}`);
  first.end();
  await first.process.exited;
  await Promise.resolve();
  expect(url()).toBeNull();
  await spec.start();
  expect(url()).toBeNull();
  expect(probeEveryMs()).toBe(urgentMs);
  says = '{"pid":8}';
  expect(await spec.probe?.()).toBe("answered");
  expect(url()).not.toBeNull();
});

test.each(["no JSON", "null", "[]", "x".repeat(2_000)])("%s is no answer", async (text) => {
  const port = await answering(() => text);
  const { spec, url } = dashboardSpec({ port, log: "", start: async () => processOf(7).process });
  await spec.start();
  expect([await spec.probe?.(), url()]).toEqual(["silent", null]);
});
