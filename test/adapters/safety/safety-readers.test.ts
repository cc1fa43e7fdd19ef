/** The watchdog's request is one that every trader understands, and its answer becomes a reading. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { controlSocketPath, serveControl } from "../../../src/adapters/control-socket.ts";
import {
  createHealthReader,
  createTellTrader,
} from "../../../src/adapters/safety/safety-readers.ts";
import { CAUTIOUS, beginPosture } from "../../../src/domain/safety/step-posture.ts";
import { readTraderRequest } from "../../../src/wire/trading/trader-control.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

test("the whole state of the watchdog is sent as a posture, and the book's state is read from the answer", async () => {
  const dir = makeTemporaryDirectory("safety-readers");
  onTestFinished(() => removeTemporaryDirectory(dir));
  const asked: unknown[] = [];
  const limits = { requestCharsMax: 10_000 };
  const server = await serveControl(controlSocketPath(dir, "trader-blue"), limits, async (line) => {
    asked.push(readTraderRequest(JSON.parse(line)));
    const inputs = [{ name: "scan", age_ms: null, budget_ms: 30_000 }];
    const status = { equity: 99, last_seq: 7, as_of_ms: Date.now(), inputs };
    return JSON.stringify({ id: "x", ok: true, detail: "known", status, trades: null });
  });
  onTestFinished(() => server.close());
  const tell = createTellTrader(dir, "trader-blue", 60_000);
  const state = beginPosture(CAUTIOUS, { monotonicMs: 0, wallMs: Date.now() });
  const reading = await tell(state);
  expect(asked).toMatchObject([{ command: "posture", posture: "TURTLE", entries: "stop" }]);
  expect(reading).toMatchObject({ equity: 99, evidence: "7", inputs: [{ ageMs: Infinity }] });
});

test.each([
  ["GREEN", "GREEN"],
  ["of another program", null],
])("health's word is read off its report: %s", (status, word) => {
  const dir = makeTemporaryDirectory("safety-readers");
  onTestFinished(() => removeTemporaryDirectory(dir));
  const timestamp = "2026-03-25T12:00:00.000000+00:00";
  const report = { status, timestamp, m1_proc: 1, m2_heartbeat: 1, m5_coherence: null };
  writeFileSync(join(dir, "meta_health.json"), JSON.stringify(report));
  expect(createHealthReader(dir)()).toMatchObject({ word, scores: [1, 1, Number.NaN, null] });
});

test("a trader that knows no such call is of an older program", async () => {
  const dir = makeTemporaryDirectory("safety-readers");
  onTestFinished(() => removeTemporaryDirectory(dir));
  const limits = { requestCharsMax: 10_000 };
  const server = await serveControl(controlSocketPath(dir, "trader-blue"), limits, async () =>
    JSON.stringify({ id: "", ok: false, detail: "command: none", status: null, trades: null }),
  );
  onTestFinished(() => server.close());
  expect(
    await createTellTrader(dir, "trader-blue", 60_000)({ posture: "TURTLE", entries: "stop" }),
  ).toBe("older");
});
