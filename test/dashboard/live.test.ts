import { createServer, type IncomingMessage, request, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createLive, type Live } from "../../src/dashboard/live.ts";
import { until } from "../helpers/processes.ts";

let server: Server;
let live: Live;
afterEach(() => {
  live.close();
  server.closeAllConnections();
  server.close();
});

async function serve(sources: Parameters<typeof createLive>[0]): Promise<number> {
  live = createLive(sources);
  server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("\n");
    live.join(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Takes from its first byte on: who does not is let go. */
function open(port: number, take?: (chunk: Buffer) => void): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port }, (response) => {
      if (take !== undefined) response.on("data", take).on("error", () => undefined);
      resolve(response);
    });
    asked.on("error", reject);
    asked.end();
  });
}

function textOf(response: IncomingMessage): () => string {
  let text = "";
  response.on("error", () => undefined);
  response.on("data", (chunk) => (text += String(chunk)));
  return () => text;
}

function countsIn(text: string) {
  return [...text.matchAll(/"value":(\d+)/g)].map((match) => match[1]);
}

const WITHIN = { ms: 30_000, tell: () => "no event" };

test("one reading serves all pages, none is made while nobody listens, and who comes late has the last", async () => {
  let reads = 0;
  let rests = 0;
  const source = { everyMs: 5, read: () => (reads += 1), rest: () => void (rests += 1) };
  const slow = { everyMs: 600_000, read: () => "once" };
  const port = await serve({ count: source, slow });
  expect(reads).toBe(0);
  const first = await open(port);
  const heard = textOf(first);
  await until(() => heard().includes('"value":3'), WITHIN);
  const second = await open(port);
  const late = textOf(second);
  await until(() => late().includes("event: slow"), WITHIN);
  await until(() => countsIn(late()).length > 3, WITHIN);
  const seen = countsIn(heard());
  expect(new Set(seen).size).toBe(seen.length);
  first.destroy();
  second.destroy();
  await until(() => rests === 1, WITHIN);
  expect(live.listeners()).toBe(0);
});

test("a source that fails is reported, and the others continue", async () => {
  const bad = { everyMs: 5, read: () => Promise.reject(new Error("it is away")) };
  const heard = textOf(await open(await serve({ bad, good: { everyMs: 5, read: () => 1 } })));
  await until(
    () => heard().includes("event: good") && heard().includes("event: bad-problem"),
    WITHIN,
  );
  expect(heard()).toContain("it is away");
});

test("a page that takes nothing is let go, and one that takes is not", async () => {
  const big = "x".repeat(200_000);
  const port = await serve({ big: { everyMs: 2, read: () => big } });
  const stuck = await open(port);
  stuck.on("error", () => undefined);
  stuck.pause();
  let taken = 0;
  await open(port, (chunk) => (taken += chunk.length));
  await until(() => live.listeners() === 1, WITHIN);
  const before = taken;
  await until(() => before + 1_000_000 < taken, WITHIN);
  expect(live.hasRoom()).toBe(true);
});

test("there is no room for too many", async () => {
  const port = await serve({ quiet: { everyMs: 600_000, read: () => "once" } });
  const pages = await Promise.all(Array.from({ length: 24 }, () => open(port)));
  for (const page of pages) textOf(page);
  await until(() => live.listeners() === 24, WITHIN);
  expect(live.hasRoom()).toBe(false);
});
