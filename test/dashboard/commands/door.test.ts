/** The routes that change something, over real HTTP: which requests are refused, and how. */
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { controlSocketPath } from "../../../src/adapters/control-socket.ts";
import { auditPath } from "../../../src/dashboard/commands/audit.ts";
import { ensureToken, renewToken } from "../../../src/dashboard/commands/token-file.ts";
import { type Dashboard, startDashboard } from "../../../src/dashboard/server.ts";
import { WATCHDOG } from "../../../src/wire/safety/safety-control.ts";
import { surroundings } from "../../helpers/dashboard.ts";

let folder = "";
let dashboard: Dashboard;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "dolphin-door-"));
  dashboard = await startDashboard({
    port: 0,
    dataDir: folder,
    readSurroundings: () => surroundings(folder),
  });
});
afterEach(async () => {
  await dashboard.close();
  rmSync(folder, { recursive: true, force: true });
});

type Sent = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
  /** In pieces, without saying how long it is. */
  readonly isChunked?: boolean;
};
type Answer = {
  readonly code: number;
  readonly says: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Readonly<Record<string, unknown>>;
};
const Body = z.record(z.string(), z.unknown());
const Line = z.object({ command: z.string(), outcome: z.string() });

function send(path: string, { method = "POST", headers = {}, body = "{}", isChunked }: Sent = {}) {
  const { port } = new URL(dashboard.url);
  const usual = { origin: dashboard.url, "content-type": "application/json", ...headers };
  const given = Object.entries(usual).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const length = isChunked === true ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise<Answer>((resolve, reject) => {
    const asked = request(
      {
        host: "127.0.0.1",
        port,
        path,
        method,
        headers: { ...length, ...Object.fromEntries(given) },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => {
          const fields = Body.parse(text.startsWith("{") ? JSON.parse(text) : { says: text });
          const { statusCode: code = 0, headers: received } = response;
          resolve({ code, says: String(fields["says"]), headers: received, body: fields });
        });
      },
    );
    asked.on("error", reject);
    asked.end(body);
  });
}

async function signIn(): Promise<Readonly<Record<string, string>>> {
  const { code, body, headers } = await send("/command/login", {
    body: JSON.stringify({ token: ensureToken(folder) }),
  });
  expect(code).toBe(200);
  const [cookie = ""] = headers["set-cookie"] ?? [];
  return { cookie: cookie.split(";")[0] ?? "", "x-dolphin-session": String(body["second"]) };
}

function command(name: string, headers: Sent["headers"] = {}, input: object = { book: "BLUE" }) {
  return send(`/command/${name}`, { headers, body: JSON.stringify({ input }) });
}

/** What the audit holds of commands that began. */
function begun(): readonly string[] {
  const lines = readFileSync(auditPath(folder), "utf8").trimEnd().split("\n");
  return lines
    .map((line) => Line.parse(JSON.parse(line)))
    .filter(({ outcome }) => outcome === "begun")
    .map(({ command: name }) => name);
}

test("the cookie is the server's alone, and no page of another site sends it", async () => {
  const { headers } = await send("/command/login", {
    body: JSON.stringify({ token: ensureToken(folder) }),
  });
  const [cookie = ""] = headers["set-cookie"] ?? [];
  const { port } = new URL(dashboard.url);
  expect(cookie).toMatch(new RegExp(`^dolphin_${port}=[\\w-]{43}; `));
  for (const word of ["HttpOnly", "SameSite=Strict", "Path=/command", "Max-Age=43200"]) {
    expect(cookie).toContain(word);
  }
});

test.each(["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])(
  "%s changes nothing",
  async (method) => {
    const session = await signIn();
    for (const name of ["login", "halt", "session", "logout"]) {
      const { code } = await send(`/command/${name}`, { method, headers: session });
      expect([name, code]).toEqual([name, 405]);
    }
    expect(begun()).toEqual([]);
    expect((await command("session", session)).code).toBe(200);
  },
);

const EVIL = "http://evil.example";
const CASES: readonly (readonly [string, number, RegExp, Sent])[] = [
  ["a foreign origin", 403, /not sent by our own page/, { headers: { origin: EVIL } }],
  ["no origin", 403, /not sent by our own page/, { headers: { origin: undefined } }],
  ["an opaque origin", 403, /not sent by our own page/, { headers: { origin: "null" } }],
  [
    "another port of this host",
    403,
    /not sent by our own page/,
    { headers: { origin: "http://127.0.0.1:1" } },
  ],
  [
    "a rebound name, with the origin that belongs to it",
    403,
    /open this page as http/,
    { headers: { host: "evil.example:8080", origin: "http://evil.example:8080" } },
  ],
  ["a cross-site fetch", 403, /another site/, { headers: { "sec-fetch-site": "cross-site" } }],
  ["another port's fetch", 403, /another site/, { headers: { "sec-fetch-site": "same-site" } }],
  ["a form", 415, /application\/json/, { headers: { "content-type": "text/plain" } }],
  ["no content type", 415, /application\/json/, { headers: { "content-type": undefined } }],
  ["a large body", 413, /16384 bytes/, { body: `{"a":"${"x".repeat(20_000)}"}` }],
  [
    "a large body that does not say so",
    413,
    /16384 bytes/,
    { body: `{"a":"${"x".repeat(20_000)}"}`, isChunked: true },
  ],
  ["no JSON", 400, /a command is a JSON object/, { body: "{" }],
  ["a list", 400, /a command is a JSON object/, { body: "[]" }],
  ["nothing", 400, /a command is a JSON object/, { body: "" }],
  ["a strange id", 400, /^id: letters/, { body: '{"id":"<script>","input":{"book":"BLUE"}}' }],
  ["an unknown book", 400, /^book: /, { body: '{"input":{"book":"RED"}}' }],
  ["more than is known", 400, /Unrecognized key/i, { body: '{"input":{"book":"BLUE","x":1}}' }],
  // What is read must not be taken for what is refused.
  ["a body like a refusal", 400, /^book: /, { body: '{"code":200,"says":"fine"}' }],
];

test.each(CASES)("%s is refused, also with a session", async (_, code, says, sent) => {
  const session = await signIn();
  const answer = await send("/command/halt", { ...sent, headers: { ...session, ...sent.headers } });
  expect([answer.code, answer.says]).toEqual([code, expect.stringMatching(says)]);
  expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
  expect(begun()).toEqual([]);
});

test("without a session the page only reads, whatever is missing of it", async () => {
  const { cookie, "x-dolphin-session": second } = await signIn();
  const other = await signIn();
  const wrong = [
    {},
    { cookie },
    { "x-dolphin-session": second },
    { cookie, "x-dolphin-session": "x" },
    { cookie, "x-dolphin-session": other["x-dolphin-session"] },
    { cookie: "dolphin_1=x", "x-dolphin-session": second },
  ];
  for (const headers of wrong) {
    const { code, says } = await command("halt", headers);
    expect([code, says]).toEqual([401, expect.stringMatching(/open the link/)]);
  }
  expect(begun()).toEqual([]);
});

test("wrong tokens are refused, soon all of them, and the right one never", async () => {
  const tokens = ["", "wrong", "x".repeat(10_000), 7, null];
  const answers: Answer[] = [];
  // On a slow machine some more are allowed meanwhile.
  while (answers.at(-1)?.code !== 429 && answers.length < 100) {
    const token = tokens[answers.length % tokens.length];
    answers.push(await send("/command/login", { body: JSON.stringify({ token }) }));
  }
  expect(answers.slice(0, 5).map(({ code }) => code)).toEqual([401, 401, 401, 401, 401]);
  expect(answers.at(-1)?.code).toBe(429);
  expect(Number(answers.at(-1)?.headers["retry-after"])).toBeGreaterThan(0);
  for (const { headers } of answers) expect(headers).not.toHaveProperty("set-cookie");
  await signIn();
});

test("what is asked of a trader that is not there is refused with its reason, and audited twice", async () => {
  const session = await signIn();
  const { code, says } = await command("halt", session);
  expect([code, says]).toEqual([409, expect.stringMatching(/^no trader of BLUE runs on /)]);
  const lines = readFileSync(auditPath(folder), "utf8").trimEnd().split("\n").slice(-2);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { session: 1, command: "halt", arguments: { book: "BLUE" }, outcome: "begun" },
    { session: 1, command: "halt", outcome: "refused", says },
  ]);
});

test.each([
  ["acknowledge", { incident: "x" }, /^no watchdog answers/],
  ["mute", { rule: "x", for_s: 60 }, /^no watchdog answers/],
  ["flatten", { book: "BLUE" }, /^no trader of BLUE/],
  ["enter", { book: "BLUE", asset: "BTCUSDT", direction: "up" }, /^direction: /],
  ["enter", { book: "BLUE", asset: "BTCUSDT", direction: "long", share: 2 }, /^share: /],
])("%s of %o says what is missing", async (name, input, says) => {
  const session = await signIn();
  const answer = await command(name, session, input);
  expect([answer.code, answer.says]).toEqual([409, expect.stringMatching(says)]);
});

test("who took a command and does not answer is reported as unknown, and receives the same id again", async () => {
  const path = controlSocketPath(folder, WATCHDOG);
  mkdirSync(dirname(path), { recursive: true });
  const heard: string[] = [];
  const silent = createServer((socket) =>
    socket.once("data", (line) => {
      heard.push(line.toString());
      socket.destroy();
    }),
  );
  silent.listen(path);
  await once(silent, "listening");
  const headers = await signIn();
  const body = JSON.stringify({ id: "mute-1", input: { rule: "x", for_s: 60 } });
  for (const _ of ["first", "again"]) {
    const { code, says } = await send("/command/mute", { headers, body });
    expect([code, says]).toEqual([504, expect.stringMatching(/may or may not have been executed/)]);
  }
  silent.close();
  expect(heard.map((line): unknown => JSON.parse(line))).toMatchObject([
    { command: "mute", id: "mute-1" },
    { command: "mute", id: "mute-1" },
  ]);
});

test.each([
  ["start", { service: "init" }, /^service: one of /],
  ["backtest", { name: "../x" }, /^name: letters/],
  ["backtest", { strategy: "/tmp/mine.ts" }, /^strategy: a built-in strategy/],
  ["backtest", { from: "yesterday" }, /^from: a day such as/],
  ["mute", { rule: "x", for_s: -1 }, /^for_s: /],
  ["config", {}, /^there is no command 'config'/],
  ["halt/../x", {}, /^there is no command 'x'|no command 'halt/],
])("%s of %o is none", async (name, input, says) => {
  const session = await signIn();
  const answer = await command(name, session, input);
  expect([400, 404]).toContain(answer.code);
  expect(answer.says).toMatch(says);
  expect(begun()).toEqual([]);
});

test("the same id is carried out once", async () => {
  const session = await signIn();
  const body = JSON.stringify({ id: "once", input: { book: "BLUE" } });
  const answers = await Promise.all(
    [1, 2, 3].map(() => send("/command/halt", { headers: session, body })),
  );
  expect(new Set(answers.map(({ says }) => says)).size).toBe(1);
  expect(begun()).toEqual(["halt"]);
});

test("commands are counted: too many of them wait, but not what stops a book", async () => {
  const session = await signIn();
  const codes: number[] = [];
  while (codes.at(-1) !== 429 && codes.length < 200) {
    codes.push((await command("resume", session)).code);
  }
  expect(codes.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 409));
  expect(codes.at(-1)).toBe(429);
  for (const name of ["halt", "flatten"]) {
    expect([name, (await command(name, session)).code]).toEqual([name, 409]);
  }
  // Whose request was refused is known.
  const lines = readFileSync(auditPath(folder), "utf8").trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
    expect.objectContaining({
      session: 1,
      outcome: "refused",
      says: expect.stringMatching(/^too/),
    }),
  );
});

test("signing out ends the session, and a renewed token ends all", async () => {
  const [one, other] = [await signIn(), await signIn()];
  expect((await command("logout", one)).code).toBe(200);
  expect((await command("session", one)).code).toBe(401);
  expect((await command("session", other)).body).toMatchObject({ ok: true, session: 2 });
  renewToken(folder);
  expect((await command("session", other)).code).toBe(401);
});

/** Of an open descriptor; others of this process may be closed meanwhile. */
function fileOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}

test("a dashboard that is closed holds its audit open no more", async () => {
  const isOpen = () => readdirSync("/proc/self/fd").some((fd) => fileOf(fd) === auditPath(folder));
  await signIn();
  expect(isOpen()).toBe(true);
  await dashboard.close();
  expect(isOpen()).toBe(false);
  dashboard = await startDashboard({
    port: 0,
    dataDir: folder,
    readSurroundings: () => surroundings(folder),
  });
});

test("no answer and no line of the audit holds a secret", async () => {
  const token = ensureToken(folder);
  const session = await signIn();
  const said = JSON.stringify([
    await send("/command/login", { body: JSON.stringify({ token: `${token}x` }) }),
    await command("halt", session),
    await command("session", session),
  ]);
  const audit = readFileSync(auditPath(folder), "utf8");
  const secrets = [
    token,
    session["x-dolphin-session"] ?? "",
    session["cookie"]?.split("=")[1] ?? "",
  ];
  for (const secret of secrets) {
    expect(secret).toHaveLength(43);
    expect(said).not.toContain(secret);
    expect(audit).not.toContain(secret);
  }
});
