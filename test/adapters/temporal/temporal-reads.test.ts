/** The thin transport and the SDK's, against the same server of HTTP/2. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import {
  isPlainConnection,
  type OpenReads,
  openTemporalReads,
} from "../../../src/adapters/temporal/open-reads.ts";
import { temporalAddress } from "../../../src/adapters/temporal/temporal-address.ts";

type Headers = Readonly<Record<string, unknown>>;
type Answer = (stream: ServerHttp2Stream, headers: Headers) => void;

let server: Http2Server;
let address = "";
let folder = "";
let answer: Answer = () => undefined;
let asked: Headers[] = [];
const opened: OpenReads[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "dolphin-reads-"));
  server = createServer();
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined).resume();
    asked.push(headers);
    answer(stream, headers);
  });
  server.on("sessionError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const at = server.address();
  address = `127.0.0.1:${typeof at === "object" ? (at?.port ?? 0) : 0}`;
});
beforeEach(() => {
  asked = [];
  for (const name of Object.keys(process.env)) {
    if (/^TEMPORAL_|_proxy$/.test(name)) vi.stubEnv(name, undefined);
  }
  // Not the one of whoever runs the tests.
  configure("");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const reads of opened.splice(0)) await reads.close();
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

function configure(toml: string): void {
  const file = join(folder, "temporal.toml");
  writeFileSync(file, `[profile.default]\n${toml}\n`);
  vi.stubEnv("TEMPORAL_CONFIG_FILE", file);
}

/** Anything configured beside an address makes it the SDK's. */
async function openBy(transport: OpenReads["transport"], deadlineMs = 20_000) {
  if (transport === "sdk") configure('grpc_meta = { "x-by" = "sdk" }');
  const reads = await openTemporalReads({ address, env: process.env, deadlineMs });
  opened.push(reads);
  expect(reads.transport).toBe(transport);
  return reads.reads;
}

/** No message has fields, so each response is empty. */
function answered(stream: ServerHttp2Stream): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(Buffer.alloc(5));
}

function refused(status: number, details = ""): Answer {
  return (stream) => {
    stream.respond(
      {
        ":status": 200,
        "content-type": "application/grpc",
        "grpc-status": String(status),
        "grpc-message": "so%20it%20is",
        "grpc-status-details-bin": Buffer.from(details).toString("base64"),
      },
      { endStream: true },
    );
  };
}

/** A message of five bytes, each in a frame of its own. */
function pieces(lengthWritten: number): Answer {
  return (stream) => {
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    const prefix = Buffer.from([0, 0, 0, 0, lengthWritten]);
    const message = Buffer.from("0a0312016d", "hex");
    for (const byte of Buffer.concat([prefix, message])) stream.write(Buffer.from([byte]));
    stream.end();
  };
}

/** Each in turn, the last for all that follow. */
function inTurn(...answers: readonly Answer[]): Answer {
  let count = 0;
  return (stream, headers) => {
    const next = answers[Math.min(count, answers.length - 1)];
    count += 1;
    next?.(stream, headers);
  };
}

const TRANSPORTS = ["thin", "sdk"] as const;

test.each(TRANSPORTS)("%s: a call sends its namespace and its deadline", async (transport) => {
  vi.stubEnv("TEMPORAL_NAMESPACE", "ours");
  answer = answered;
  const reads = await openBy(transport);
  expect(await reads.polls("dolphin-scan", 1)).toEqual([]);
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({
    ":path": "/temporal.api.workflowservice.v1.WorkflowService/DescribeTaskQueue",
    "temporal-namespace": "ours",
    "grpc-timeout": expect.stringMatching(/^\d+m$/),
  });
});

test.each(TRANSPORTS)("%s: a workflow that is not there is none", async (transport) => {
  answer = refused(5);
  expect(await (await openBy(transport)).describe("supervise-x")).toBeNull();
});

test.each(TRANSPORTS)("%s: a namespace that is not there is an error", async (transport) => {
  answer = refused(5, "type.googleapis.com/temporal.api.errordetails.v1.NamespaceNotFoundFailure");
  await expect((await openBy(transport)).describe("supervise-x")).rejects.toThrow("so it is");
});

test.each(TRANSPORTS)("%s: a server that is busy is asked again", async (transport) => {
  answer = inTurn(refused(14), refused(8), answered);
  expect(await (await openBy(transport)).polls("dolphin-scan", 1)).toEqual([]);
  expect(asked).toHaveLength(3);
});

test.each(TRANSPORTS)("%s: what is refused for good is not asked again", async (transport) => {
  answer = refused(7);
  await expect((await openBy(transport)).polls("dolphin-scan", 1)).rejects.toThrow("so it is");
  expect(asked).toHaveLength(1);
});

test.each(TRANSPORTS)(
  "%s: a silent server costs the deadline, and later answers",
  async (transport) => {
    answer = inTurn(() => undefined, answered);
    const reads = await openBy(transport, 300);
    await expect(reads.polls("dolphin-scan", 1)).rejects.toMatchObject({ status: 4 });
    await vi.waitFor(async () => expect(await reads.polls("dolphin-scan", 1)).toEqual([]), 20_000);
  },
);

test("thin: one slow answer costs no other call its own; silence to all costs the connection", async () => {
  const sessions = new Set<unknown>();
  answer = (stream, headers) => {
    sessions.add(stream.session);
    if (String(headers[":path"]).endsWith("DescribeTaskQueue")) answered(stream);
  };
  const reads = await openBy("thin", 400);
  const slow = reads.describe("x").then(
    () => "answered",
    () => "over",
  );
  while ((await Promise.race([slow, reads.polls("q", 1)])) !== "over") await delay(20);
  expect(await reads.polls("q", 1)).toEqual([]);
  expect(sessions.size).toBe(1);
  await expect(reads.describe("x")).rejects.toMatchObject({ status: 4 });
  expect(await reads.polls("q", 1)).toEqual([]);
  expect(sessions.size).toBe(2);
});

test.each(TRANSPORTS)(
  "%s: a connection that the server has ended is made anew",
  async (transport) => {
    answer = (stream) => {
      answered(stream);
      // As Temporal does with a connection every five minutes.
      stream.session?.goaway();
    };
    const reads = await openBy(transport);
    for (let n = 0; n < 3; n += 1) expect(await reads.polls("dolphin-scan", 1)).toEqual([]);
    answer = inTurn((stream) => stream.session?.destroy(), answered);
    expect(await reads.polls("dolphin-scan", 1)).toEqual([]);
  },
);

test("thin: where nobody listens, the error says so", async () => {
  const reads = await openTemporalReads({ address: "127.0.0.1:9", env: {}, deadlineMs: 50 });
  opened.push(reads);
  await expect(reads.reads.describe("x")).rejects.toThrow(/^connect ECONNREFUSED 127.0.0.1:9$/);
});

test("thin: a response in pieces is one, and one that is cut off is none", async () => {
  const reads = await openBy("thin");
  answer = pieces(5);
  expect(await reads.polls("dolphin-scan", 1)).toEqual([{ identity: "m", atMs: 0 }]);
  answer = pieces(6);
  await expect(reads.polls("dolphin-scan", 1)).rejects.toThrow("cut off");
});

test("an API key and metadata reach the server, by the SDK's transport", async () => {
  configure('api_key = "k-1"\ngrpc_meta = { "x-tenant" = "t-1" }\ntls = { disabled = true }');
  answer = answered;
  const reads = await openTemporalReads({ address, env: process.env, deadlineMs: 20_000 });
  opened.push(reads);
  expect(reads.transport).toBe("sdk");
  await reads.reads.polls("dolphin-scan", 1);
  expect(asked[0]).toMatchObject({ authorization: "Bearer k-1", "x-tenant": "t-1" });
});

test.each([
  ["", {}, true],
  ["tls = { disabled = true }", {}, true],
  ["tls = { server_name = 'x' }", {}, false],
  ["tls = {}", {}, false],
  ["api_key = 'k'", {}, false],
  ["grpc_meta = { a = 'b' }", {}, false],
  ["", { http_proxy: "http://proxy:3128" }, false],
  ["", { https_proxy: "" }, true],
] as const)("profile '%s' with %j is reached in the clear: %s", (toml, env, isIt) => {
  configure(toml);
  expect(isPlainConnection(temporalAddress("temporal:7233"), env)).toBe(isIt);
});

test.each([
  ["temporal:7233", true],
  ["[::1]:7233", true],
  ["temporal", false],
  ["unix:/run/temporal.sock", false],
  ["dns:///temporal:7233", false],
])("address %s is reached in the clear: %s", (where, isIt) => {
  expect(isPlainConnection(temporalAddress(where), {})).toBe(isIt);
});
