/**
 * A day of paper trading under the real `dolphin up --demo`: run, reported, replayed; and the reasons when it does not
 * run.
 */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connectTemporal, type TemporalClient } from "../../src/adapters/temporal-client.ts";
import { findToolchain } from "../../src/embedded/toolchain.ts";
import type { UpFile } from "../../src/wire/up-file.ts";
import type { PaperTradeResult } from "../../src/workflows/messages/trading.ts";
import { untilDayLasts } from "../helpers/day-lasts.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { LIVELY } from "../helpers/trader.ts";
import { DOLPHIN, type RunningUp, startUp } from "../helpers/up.ts";
import { sendSignal } from "../helpers/processes.ts";

await untilDayLasts();
const parent = makeTemporaryDirectory("paper-trade");
const dir = join(parent, "data");
let up: RunningUp;
let file: UpFile;
let temporal: TemporalClient;

beforeAll(async () => {
  const simulator = { rate: 10, assets: 20 };
  writeFileSync(join(parent, "dolphin.yaml"), JSON.stringify({ trader: LIVELY, simulator }));
  up = startUp(dir, ["--demo", "--ports", "auto"]);
  file = await up.untilUp();
  temporal = connectTemporal(file.temporal);
});
afterAll(async () => {
  await temporal.close();
  sendSignal(up.pid, "SIGTERM");
  await up.ended;
  if (process.env["KEEP_STAGE"] === undefined) removeTemporaryDirectory(parent);
});

async function cli(...args: readonly string[]): Promise<string> {
  const address = ["--address", file.temporal];
  const { stdout } = await promisify(execFile)(findToolchain().temporal, [...args, ...address]);
  return stdout;
}

/** As people type it: any JSON. */
type PaperTrade = (input: object) => Promise<PaperTradeResult>;
let runs = 0;
function paperTrade(input: object): Promise<PaperTradeResult> {
  return temporal.client.workflow.execute<PaperTrade>("paperTrade", {
    workflowId: `paper-trade-test-${(runs += 1)}`,
    taskQueue: "dolphin-batch",
    args: [input],
  });
}

async function failureOf(input: object): Promise<string> {
  const failure: unknown = await paperTrade(input).catch((error: unknown) => error);
  const { cause }: { cause?: unknown } = Object(failure);
  return cause instanceof Error ? cause.message : `no failure: ${JSON.stringify(failure)}`;
}

test("a run waits for the bridge, trades, sends all its trades, and replays equal", async () => {
  const result = await paperTrade({ run_s: 20 });
  expect(result.session.trades).toBeGreaterThan(0);
  expect(result.session).toMatchObject({ book: "BLUE", status: "open", pending: 0, gaps: [] });
  // A trader that answers is enough, whatever its word of this moment is.
  expect(result.checks).toEqual([
    expect.stringContaining("bridge: Healthy"),
    expect.stringMatching(/^trader: \w+: /),
    expect.stringMatching(/^book: \d+ positions, equity [\d.]+, posture APEX/),
  ]);
  expect(result.replay).toMatchObject({ verdict: "equal", differences: 0 });
  expect(result.replay.compared.digests).toBeGreaterThan(100);
  expect(result.replay.trades).toBeGreaterThanOrEqual(result.session.trades);
  expect(result.broker_parity.differences).toBe(0);
  expect(result.broker_parity.compared).toBeGreaterThan(2 * result.session.trades);
  const drift = result.backtest_drift;
  if (!drift.measured) throw new Error(drift.reason);
  // The simulator goes on: what it wrote while the day was read may have no seq yet.
  expect(drift.scans.unnumbered).toBeLessThan(100);
  expect(drift.decisions.compared).toBeGreaterThan(100);
  // On a busy machine a scan or a posture arrives late, and the result says so; nothing else may differ.
  expect(drift.first.filter(({ cause }) => cause === "unexplained")).toEqual([]);
  expect(drift.first[0]?.cause).not.toBe("knock_on");
  expect(drift.trades.compared).toBeGreaterThanOrEqual(result.session.trades);
});

test("its schedule is there, daily", async () => {
  const described = await cli("schedule", "describe", "--schedule-id", "paper-trade-daily");
  expect(described).toContain("paperTrade");
});

describe("a day that can't be trusted fails, and says why", () => {
  test("a past day without a segment", async () => {
    expect(await failureOf({ day: "2026-01-01", settle_wait_s: 5 })).toContain(
      "not comparable: the segment 2026-01-01 of BLUE is missing",
    );
  });

  test.each([
    [{ book: "RED" }, "field 'book' must be 'BLUE' or 'GREEN', was \"RED\""],
    [{ day: "today" }, "field 'day' must be a day such as '2026-03-25'"],
    [{ run_s: 0 }, "field 'run_s' must be a whole number of at least 1"],
    [{ days: 1 }, "unknown field 'days'"],
  ])("%j", async (input, reason) => {
    expect(await failureOf(input)).toContain(reason);
  });

  test("a bridge that is not healthy in time", async () => {
    const env = { ...process.env, TEMPORAL_ADDRESS: file.temporal };
    const dolphin = (verb: string) =>
      promisify(execFile)(DOLPHIN, ["--data-dir", dir, verb, "scan-bridge"], { env });
    await dolphin("stop");
    expect(await failureOf({ bridge_wait_s: 5 })).toMatch(
      /the scan bridge was not healthy within 5 s: Stopped/,
    );
    await dolphin("start");
  });
});
