import { statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askControl, controlSocketPath, serveControl } from "../../src/adapters/control-socket.ts";
import { askTrader } from "../../src/adapters/trader-client.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";

const ASK = { withinMs: 5_000, answerCharsMax: 1_000 };
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

test("takes the place of what a killed process left", async () => {
  const path = controlSocketPath(join(dir, "left"), "x");
  const first = await serveControl(path, { requestCharsMax: 100 }, async () => "1");
  first.close();
  writeFileSync(path, "");
  const second = await serveControl(path, { requestCharsMax: 100 }, async () => "2");
  expect(await askControl(path, "who", ASK)).toBe("2");
  second.close();
});

test("tells apart that no trader runs and that one does not answer", async () => {
  const request = { command: "halt", id: "1", by: "test" } as const;
  expect(await askTrader(join(dir, "nowhere"), "BLUE", request)).toEqual({ kind: "no_trader" });
  const path = controlSocketPath(join(dir, "silly"), "trader-blue");
  const silly = await serveControl(path, { requestCharsMax: 1_000 }, async () => "not json");
  expect(await askTrader(join(dir, "silly"), "BLUE", request)).toMatchObject({ kind: "no_answer" });
  silly.close();
});
