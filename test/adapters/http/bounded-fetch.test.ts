import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { boundedFetch, readRetryAfter } from "../../../src/adapters/http/bounded-fetch.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((settle) => server.listen(0, "127.0.0.1", settle));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has no other address
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const AMPLE = { deadlineMs: 60_000, bytesMax: 65_536 };
const SECRET = "xoxb-very-secret";

test("an answer comes whole, with its status and when to ask again", async () => {
  const url = await serve((request, response) => {
    response.writeHead(429, { "Retry-After": "7", "X-Used": "3" });
    request.pipe(response);
  });
  const answer = await boundedFetch({ url, method: "POST", body: "wie gesagt: ü" }, AMPLE);
  expect(answer).toMatchObject({ kind: "answered", status: 429, text: "wie gesagt: ü" });
  if (answer.kind !== "answered") return;
  expect(answer.retryAfterMs).toBe(7_000);
  expect(answer.header("x-used")).toBe("3");
});

test.each<[string, RequestListener, Partial<typeof AMPLE>]>([
  ["timeout", () => undefined, { deadlineMs: 50 }],
  [
    "timeout",
    (_, response) => {
      // A drip: each byte comes soon after the last.
      const drip = setInterval(() => response.write("x"), 5);
      response.on("close", () => clearInterval(drip));
    },
    { deadlineMs: 100 },
  ],
  ["too_large", (_, response) => response.end("x".repeat(10_000_000)), {}],
  ["redirect", (_, response) => response.writeHead(302, { Location: "http://[::1]/" }).end(), {}],
  ["garbled", (_, response) => response.end(Buffer.from([0x7b, 0xff, 0xfe])), {}],
  [
    "unreachable",
    (request, response) => {
      response.writeHead(200, { "Content-Length": "100" });
      response.write("half", () => request.socket.destroy());
    },
    {},
  ],
])("%s is a failure that says so, and no secret", async (why, answer, limits) => {
  const url = await serve(answer);
  const found = await boundedFetch(
    { url: `${url}/bot${SECRET}?key=${SECRET}`, headers: { Authorization: SECRET } },
    { ...AMPLE, ...limits },
  );
  expect(found).toMatchObject({ kind: "failed", why });
  expect(JSON.stringify(found)).not.toContain(SECRET);
});

test("nobody there, a wrong address and a caller that has ended are failures, too", async () => {
  const closed = await serve(() => undefined);
  const server = servers.pop();
  await new Promise((settle) => server?.close(settle));
  const signal = AbortSignal.abort();
  for (const [url, limits, why] of [
    [closed, AMPLE, "unreachable"],
    [`file:///${SECRET}`, AMPLE, "bad_address"],
    [SECRET, AMPLE, "bad_address"],
    [closed, { ...AMPLE, signal }, "stopped"],
  ] as const) {
    expect(await boundedFetch({ url }, limits)).toMatchObject({ kind: "failed", why });
  }
});

test.each([
  ["120", 120_000],
  ["0.5", 500],
  ["Wed, 25 Mar 2026 10:00:30 GMT", 30_000],
  ["Wed, 25 Mar 2026 09:00:00 GMT", 0],
  ["soon", null],
  [null, null],
])("Retry-After %s is %s ms", (text, expected) => {
  expect(readRetryAfter(text, Date.parse("2026-03-25T10:00:00Z"))).toBe(expected);
});
