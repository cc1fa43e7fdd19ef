import { appendFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MS_PER_DAY } from "../../../src/domain/time.ts";
import { createForewarnLook } from "../../../src/adapters/safety/safety-looks.ts";
import type { ForewarnNow } from "../../../src/wire/forewarn/forewarn-record.ts";
import { forewarnNowFile } from "../../../src/wire/forewarn/forewarn-place.ts";
import { forewarnFile, readForewarnings } from "../../../src/operations/forewarn/forewarn-file.ts";
import { readBookPast } from "../../../src/operations/forewarn/past-trades.ts";
import {
  type ForewarnOptions,
  runForewarn,
} from "../../../src/operations/forewarn/run-forewarn.ts";
import { foldTrader } from "../../../src/operations/projection/trader-fold.ts";
import { TradingProjection } from "../../../src/operations/projection/trading-projection.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { SESSION_CONFIGURATION, startSession } from "../../helpers/trading-session.ts";

/** 864 scans a day. */
const SCAN_PERIOD_MS = 100_000;

let root = "";
let projection = "";
let lastExitMs = 0;
beforeAll(() => {
  root = makeTemporaryDirectory("forewarn");
  projection = join(root, "BLUE.db");
  const place = { root, book: "BLUE" };
  const session = startSession(place, SCAN_PERIOD_MS);
  session.run(2_000);
  session.close();
  const startFold = foldTrader(SESSION_CONFIGURATION);
  const projecting = new TradingProjection({ path: projection, place, startFold });
  while (0 < projecting.catchUp(1_000));
  projecting.close();
  lastExitMs = column("SELECT max(exited_at_ms) FROM trades");
});
afterAll(() => {
  removeTemporaryDirectory(root);
});

function column(sql: string): number {
  const db = new Database(projection, { readonly: true });
  const value = db.prepare<[], number>(sql).pluck().get();
  db.close();
  return value!;
}

function options(dataDir: string, differs: Partial<ForewarnOptions> = {}): ForewarnOptions {
  return {
    dataDir,
    book: "BLUE",
    projection,
    limits: { dailyLossMax: 0.05, drawdownMax: 0.2 },
    nowMs: lastExitMs + 1_000,
    horizonDays: 1,
    paths: 500,
    seed: 3,
    ...differs,
  };
}

function readNow(dataDir: string): ForewarnNow {
  return JSON.parse(readFileSync(forewarnNowFile(dataDir, "BLUE"), "utf8"));
}

test("the watchdog reads the newest forecast alone, one that was never made is none", () => {
  const dataDir = makeTemporaryDirectory("forewarn-look");
  const look = createForewarnLook(dataDir, "BLUE");
  expect(look()).toBeNull();
  const first = runForewarn(options(dataDir));
  const { as_of: evidence, breach, weight } = first;
  expect(look()).toMatchObject({ evidence, breach: breach!.either, weight });
  const nothing = runForewarn(options(dataDir, { projection: null, nowMs: lastExitMs + 2_000 }));
  expect(nothing).toMatchObject({ verdict: "unknown", weight: 0, breach: null });
  expect(look()).toMatchObject({ evidence: nothing.as_of, breach: Number.NaN, weight: 0 });
  removeTemporaryDirectory(dataDir);
});

test("the returns of a book's trades lead from what it began with to what it has", () => {
  const past = readBookPast(projection, lastExitMs + 1_000)!;
  expect(past.trades.length).toBe(column("SELECT count(*) FROM trades"));
  const grown = past.trades.reduce((capital, { netReturn }) => capital * (1 + netReturn), 1);
  expect(grown * past.trades[0]!.before).toBeCloseTo(past.capital, 4);
  expect(past.peak).toBeGreaterThanOrEqual(past.capital);
  expect(past.trades.map(({ exitedAtMs }) => exitedAtMs)).toEqual(
    past.trades.map(({ exitedAtMs }) => exitedAtMs).toSorted((a, b) => a - b),
  );
  expect(past.regime).toBe(past.trades.at(-1)!.regime);
  expect(readBookPast(projection, lastExitMs + 2 * MS_PER_DAY)!.regime).toBeNull();
});

test("a forecast follows from seed and trades, and is kept for nobody else to read", () => {
  const dataDir = makeTemporaryDirectory("forewarn-run");
  const first = runForewarn(options(dataDir));
  expect(first.verdict).not.toBe("unknown");
  expect(runForewarn(options(dataDir))).toEqual(first);
  const other = runForewarn(options(dataDir, { seed: 4 }));
  expect(other.data_hash).toBe(first.data_hash);
  expect(other.envelope).not.toEqual(first.envelope);
  const file = forewarnFile(dataDir, "BLUE");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  appendFileSync(file, '{"torn');
  expect(readForewarnings(dataDir, "BLUE")).toEqual([first, first, other]);
  runForewarn(options(dataDir));
  expect(readForewarnings(dataDir, "BLUE")).toHaveLength(4);
  expect(readFileSync(file, "utf8").split("\n").length).toBeGreaterThan(4);
  removeTemporaryDirectory(dataDir);
});

test("what became of earlier forecasts is counted once they are over, and overlapping ones once", () => {
  const dataDir = makeTemporaryDirectory("forewarn-calibration");
  const firstExitMs = column("SELECT min(exited_at_ms) FROM trades");
  const horizonDays = 0.25;
  for (let nowMs = firstExitMs; nowMs < lastExitMs; nowMs += (horizonDays * MS_PER_DAY) / 2) {
    runForewarn(options(dataDir, { nowMs, horizonDays, paths: 200 }));
  }
  const told = runForewarn(options(dataDir, { horizonDays }));
  const periods = (lastExitMs - firstExitMs) / (horizonDays * MS_PER_DAY);
  expect(told.calibration.outcomes).toBeGreaterThan(2);
  expect(told.calibration.outcomes).toBeLessThanOrEqual(Math.ceil(periods));
  expect(told.weight).toBe(0);
  const now = readNow(dataDir);
  expect(now).toMatchObject({ as_of: told.as_of, weight: 0 });
  expect(now.earlier).toHaveLength(told.calibration.outcomes);
  const [first] = now.earlier;
  expect(first!.low).toBeLessThan(first!.high);
  const left = now.earlier.filter((one) => one.left_envelope).length;
  expect(left / now.earlier.length).toBeCloseTo(told.calibration.came!, 9);
  removeTemporaryDirectory(dataDir);
});
