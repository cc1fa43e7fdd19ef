import { existsSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { askControl, controlSocketPath, serveControl } from "../../src/adapters/control-socket.ts";
import { writeRunFile } from "../../src/adapters/process/run-file.ts";
import { askTrader } from "../../src/adapters/trader-client.ts";
import { until } from "../helpers/processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";

const ASK = { withinMs: 60_000, answerCharsMax: 1_000 };
let dir = "";
beforeAll(() => {
  dir = makeTemporaryDirectory("socket");
});
afterAll(() => removeTemporaryDirectory(dir));

test.each([
  ["short", "d"],
  ["longer than a socket's address may be", "d".repeat(150)],
])("answers on a path that is %s, for its owner only", async (_what, name) => {
  const path = controlSocketPath(join(dir, name), "x");
  const server = await serveControl(path, { requestCharsMax: 100 }, async (line) => `<${line}>`);
  try {
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(await askControl(path, "hello", ASK)).toBe("<hello>");
    await expect(askControl(path, "h".repeat(200), ASK)).rejects.toThrow(/closed|EPIPE|ECONNRESET/);
    expect(await askControl(path, "again", ASK)).toBe("<again>");
  } finally {
    server.close();
  }
  await expect(askControl(path, "gone", ASK)).rejects.toThrow("ENOENT");
});

test("an asking that is ended ends its connection, and the other side learns of it", async () => {
  const path = controlSocketPath(join(dir, "ended"), "x");
  const over = new AbortController();
  const left = Promise.withResolvers<void>();
  const server = await serveControl(path, { requestCharsMax: 100 }, async (_line, gone) => {
    gone.addEventListener("abort", () => left.resolve());
    over.abort();
    await left.promise;
    return "too late";
  });
  onTestFinished(() => server.close());
  await expect(askControl(path, "work", { ...ASK, signal: over.signal })).rejects.toThrow("abort");
  await left.promise;
});

test("takes the place of what a killed process left", async () => {
  const path = controlSocketPath(join(dir, "left"), "x");
  const first = await serveControl(path, { requestCharsMax: 100 }, async () => "1");
  first.close();
  writeFileSync(path, "");
  const second = await serveControl(path, { requestCharsMax: 100 }, async () => "2");
  expect(await askControl(path, "who", ASK)).toBe("2");
  second.close();
});

test("leaves the socket of another in its place when it ends", async () => {
  const path = controlSocketPath(join(dir, "beside"), "x");
  const first = await serveControl(path, { requestCharsMax: 100 }, async () => "1");
  const second = await serveControl(path, { requestCharsMax: 100 }, async () => "2");
  first.close();
  expect(await askControl(path, "who", ASK)).toBe("2");
  second.close();
  expect(existsSync(path)).toBe(false);
});

test("listens again when its socket is deleted or leads nowhere, and leaves another's alone", async () => {
  const path = controlSocketPath(join(dir, "deleted"), "x");
  const limits = { requestCharsMax: 100 };
  const server = await serveControl(path, limits, async () => "here");
  onTestFinished(() => server.close());
  const harms = [
    () => rmSync(dirname(path), { recursive: true }),
    () => rmSync(path),
    () => {
      rmSync(path);
      writeFileSync(path, "");
    },
  ];
  for (const harm of harms) {
    harm();
    const isBack = () =>
      askControl(path, "who", ASK).then(
        () => true,
        () => false,
      );
    await until(isBack, { ms: 20_000, tell: () => "nobody listens" });
  }
  const other = await serveControl(path, limits, async () => "other");
  onTestFinished(() => other.close());
  const { ino } = statSync(path);
  await delay(2_500);
  expect(statSync(path).ino).toBe(ino);
  expect(await askControl(path, "who", ASK)).toBe("other");
});

test("a trader that runs without its socket is waited for, and not reported as away", async () => {
  const dataDir = join(dir, "unheard");
  const request = { command: "halt", id: "1", by: "test" } as const;
  const run = { service: "trader-blue", pid: process.pid, started_ticks: null, life: 1 };
  writeRunFile(join(dataDir, "run"), { ...run, started_at: "2026-03-02T09:30:00.000Z" });
  expect(await askTrader(dataDir, "BLUE", request)).toMatchObject({
    kind: "no_answer",
    wasAsked: false,
    why: expect.stringContaining(`trader-blue runs (pid ${process.pid}), but does not listen on`),
  });
  const asked = askTrader(dataDir, "BLUE", request);
  const path = controlSocketPath(dataDir, "trader-blue");
  const answer = { id: "1", ok: true, detail: "halted", status: null, trades: null };
  const server = await serveControl(path, { requestCharsMax: 1_000 }, async () =>
    JSON.stringify(answer),
  );
  onTestFinished(() => server.close());
  expect(await asked).toMatchObject({ kind: "answered", answer: { detail: "halted" } });
});

test("distinguishes that no trader runs from one that does not answer", async () => {
  const request = { command: "halt", id: "1", by: "test" } as const;
  expect(await askTrader(join(dir, "nowhere"), "BLUE", request)).toEqual({ kind: "no_trader" });
  const path = controlSocketPath(join(dir, "silly"), "trader-blue");
  const silly = await serveControl(path, { requestCharsMax: 1_000 }, async () => "not json");
  expect(await askTrader(join(dir, "silly"), "BLUE", request)).toMatchObject({ kind: "no_answer" });
  silly.close();
});
