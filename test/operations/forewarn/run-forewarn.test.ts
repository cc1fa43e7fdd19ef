import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import Database from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isoFromMs, MS_PER_DAY, MS_PER_HOUR } from "../../../src/domain/time.ts";
import { createForewarnReader } from "../../../src/adapters/safety/safety-readers.ts";
import type { ForewarnNow } from "../../../src/wire/forewarn/forewarn-record.ts";
import { forewarnNowFile } from "../../../src/wire/forewarn/forewarn-place.ts";
import {
  forewarnFile,
  newestForewarning,
  readForewarnings,
} from "../../../src/operations/forewarn/forewarn-file.ts";
import { readBookPast } from "../../../src/operations/forewarn/past-trades.ts";
import { compactedFolder } from "../../../src/adapters/archive/days/compacted-days.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { askMarket } from "../../../src/operations/forewarn/ask-market.ts";
import { readMarket } from "../../../src/operations/forewarn/read-market.ts";
import { createScanEncoder } from "../../../src/wire/arrow-writer.ts";
import { compact, newArchive } from "../../helpers/bulk-archive.ts";
import { putFile, scanName } from "../../helpers/scan-files.ts";
import {
  type ForewarnOptions,
  makeForewarning,
  runForewarn as runAndStore,
} from "../../../src/operations/forewarn/run-forewarn.ts";
import { foldTrader } from "../../../src/operations/projection/trader-fold.ts";
import { TradingProjection } from "../../../src/operations/projection/trading-projection.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { SESSION_CONFIGURATION, startSession } from "../../helpers/trading-session.ts";

const FILE_MODULE = new URL("../../../src/operations/forewarn/forewarn-file.ts", import.meta.url)
  .href;
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

async function runForewarn(asked: ForewarnOptions) {
  return (await runAndStore(asked, () => asked.nowMs)).record;
}

function options(dataDir: string, differs: Partial<ForewarnOptions> = {}): ForewarnOptions {
  return {
    dataDir,
    archive: null,
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

/** Scans each 290 s from before the first entry on, restless from `wildFromMs` on. */
function putArchive(archive: string, wildFromMs: number): readonly string[] {
  const firstMs = column("SELECT min(entered_at_ms) FROM trades") - 3 * MS_PER_HOUR;
  const assets = ["ETHUSDT", "BTCUSDT", "OTHERUSDT", "SOLUSDT"];
  const encode = createScanEncoder(assets);
  const random = seededRandom(5);
  const prices = Float64Array.of(3_000, 90_000, 1, 200);
  const days = new Set<string>();
  for (let timeMs = firstMs, at = 1; timeMs <= lastExitMs; timeMs += 290_000, at += 1) {
    const deviation = timeMs < wildFromMs ? 0.0005 : 0.01;
    for (const asset of prices.keys()) prices[asset]! *= Math.exp(deviation * random.normal());
    const day = new Date(timeMs).toISOString().slice(0, 10);
    const scan = { scanNumber: at, timestampMicros: timeMs * 1_000, prices: prices.slice() };
    const bytes = encode({ ...scan, eigenvalues: Float64Array.of(2, 1) });
    days.add(day);
    putFile(archive, `${day}/${scanName(at)}`, bytes, { mtimeS: timeMs / 1_000 + 1 });
  }
  return [...days];
}

const QUESTION = { assets: ["BTCUSDT"], stepMs: 300_000, withinMs: 60_000 };

function readNow(dataDir: string): ForewarnNow {
  return JSON.parse(readFileSync(forewarnNowFile(dataDir, "BLUE"), "utf8"));
}

test("the watchdog reads the newest forecast alone, one that was never made is none", async () => {
  const dataDir = makeTemporaryDirectory("forewarn-look");
  const readForewarn = createForewarnReader(dataDir, "BLUE");
  expect(readForewarn()).toBeNull();
  const first = await runForewarn(options(dataDir));
  const { as_of: evidence, breach, weight } = first;
  expect(readForewarn()).toMatchObject({ evidence, breach: breach!.either, weight });
  const nothing = await runForewarn(
    options(dataDir, { projection: null, nowMs: lastExitMs + 2_000 }),
  );
  expect(nothing).toMatchObject({ verdict: "unknown", weight: 0, breach: null });
  expect(readForewarn()).toMatchObject({ evidence: nothing.as_of, breach: Number.NaN, weight: 0 });
  removeTemporaryDirectory(dataDir);
});

test("a forecast that took long replaces no newer one, by whatever clock", async () => {
  const dataDir = makeTemporaryDirectory("forewarn-late");
  const atMs = lastExitMs + MS_PER_HOUR;
  const run = async (madeMs: number, storedMs: number) => {
    const asked = options(dataDir, { nowMs: madeMs, paths: 100 });
    const { record, isNewest } = await runAndStore(asked, () => storedMs);
    expect(isNewest).toBe(readNow(dataDir).as_of === record.as_of);
    expect(newestForewarning({ dataDir, book: "BLUE" }, storedMs)?.as_of).toBe(
      readNow(dataDir).as_of,
    );
    return isNewest;
  };
  expect(await run(atMs, atMs + 1_000)).toBe(true);
  expect(await run(atMs - 300_000, atMs + 2_000)).toBe(false);
  // The clock was an hour ahead, and is set back while another one is made.
  const aheadMs = atMs + MS_PER_HOUR;
  expect(await run(aheadMs, aheadMs + 1_000)).toBe(true);
  // Also before the next one is made.
  const shown = () => newestForewarning({ dataDir, book: "BLUE" }, atMs + 2_500)?.as_of;
  expect(shown()).toBe(isoFromMs(atMs));
  expect(await run(atMs + 3_000, atMs + 4_000)).toBe(true);
  expect(await run(aheadMs + 2_000, atMs + 5_000)).toBe(false);
  expect(readForewarnings(dataDir, "BLUE")).toHaveLength(5);
  removeTemporaryDirectory(dataDir);
});

test("two processes that store at once lose no forecast", async () => {
  const dataDir = makeTemporaryDirectory("forewarn-two");
  const made = await makeForewarning(options(dataDir, { paths: 100 }));
  const each = 40;
  const code = `import { storeForewarning } from ${JSON.stringify(FILE_MODULE)};
    while (Date.now() < ${Date.now() + 1_500});
    for (let at = 0; at < ${each}; at += 1) {
      storeForewarning(${JSON.stringify(dataDir)}, ${JSON.stringify(made)}, ${lastExitMs + 1_000});
    }`;
  await Promise.all(
    [1, 2].map(async () =>
      promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]),
    ),
  );
  expect(readForewarnings(dataDir, "BLUE")).toHaveLength(2 * each);
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

test("a forecast follows from seed and trades, and no other user can read it", async () => {
  const dataDir = makeTemporaryDirectory("forewarn-run");
  const first = await runForewarn(options(dataDir));
  expect(first.verdict).not.toBe("unknown");
  expect(await runForewarn(options(dataDir))).toEqual(first);
  const other = await runForewarn(options(dataDir, { seed: 4 }));
  expect(other.data_hash).toBe(first.data_hash);
  expect(other.envelope).not.toEqual(first.envelope);
  const file = forewarnFile(dataDir, "BLUE");
  expect(statSync(file).mode & 0o777).toBe(0o640);
  appendFileSync(file, '{"torn');
  expect(readForewarnings(dataDir, "BLUE")).toEqual([first, first, other]);
  const own = options(dataDir);
  const early = await runForewarn({ ...own, nowMs: own.nowMs - 1_000 });
  expect(readForewarnings(dataDir, "BLUE")).toEqual([early, first, first, other]);
  // It took longer than a later one.
  const now = readFileSync(forewarnNowFile(dataDir, "BLUE"), "utf8");
  expect(JSON.parse(now)).toMatchObject({ as_of: other.as_of, seed: 4 });
  expect(readFileSync(file, "utf8").split("\n").length).toBeGreaterThan(4);
  removeTemporaryDirectory(dataDir);
});

test("what became of earlier forecasts is counted once they are over, and overlapping ones once", async () => {
  const dataDir = makeTemporaryDirectory("forewarn-calibration");
  const firstExitMs = column("SELECT min(exited_at_ms) FROM trades");
  const horizonDays = 0.25;
  for (let nowMs = firstExitMs; nowMs < lastExitMs; nowMs += (horizonDays * MS_PER_DAY) / 2) {
    await runForewarn(options(dataDir, { nowMs, horizonDays, paths: 200 }));
  }
  const record = await runForewarn(options(dataDir, { horizonDays }));
  const periods = (lastExitMs - firstExitMs) / (horizonDays * MS_PER_DAY);
  expect(record.calibration.outcomes).toBeGreaterThan(2);
  expect(record.calibration.outcomes).toBeLessThanOrEqual(Math.ceil(periods));
  expect(record.weight).toBe(0);
  const now = readNow(dataDir);
  expect(now).toMatchObject({ as_of: record.as_of, weight: 0 });
  expect(now.earlier).toHaveLength(record.calibration.outcomes);
  const [first] = now.earlier;
  expect(first!.low).toBeLessThan(first!.high);
  const left = now.earlier.filter((one) => one.left_envelope).length;
  expect(left / now.earlier.length).toBeCloseTo(record.calibration.came!, 9);
  removeTemporaryDirectory(dataDir);
});

test("trades are drawn from those that began in a market like the present one, which the archive shows", async () => {
  const dataDir = makeTemporaryDirectory("forewarn-market");
  const archive = newArchive();
  const days = putArchive(archive, lastExitMs - 0.5 * MS_PER_DAY);
  const inMarket = await runForewarn(options(dataDir, { archive }));
  expect(inMarket.market).toEqual({ regime: "wild", days: days.length, step_s: 300 });
  expect(inMarket.reason).toMatch(/; the market is wild: over the last 2.0 hours .* trades began/);
  const { regime, trades } = inMarket.conditioned_on!;
  expect(regime).toBe("wild");
  // The newest half day is within the third that is most restless.
  expect(trades).toBeGreaterThan(inMarket.trades / 5);
  expect(trades).toBeLessThan(inMarket.trades / 2.5);
  const alone = await runForewarn(options(dataDir));
  expect(alone.data_hash).not.toBe(inMarket.data_hash);
  expect(alone.envelope).not.toEqual(inMarket.envelope);
  // The same of compacted days, whose scan files are gone.
  for (const day of days) await compact(archive, day);
  for (const day of days) rmSync(join(archive, day), { recursive: true });
  const { data_hash, envelope } = await runForewarn(options(dataDir, { archive }));
  expect({ data_hash, envelope }).toEqual({
    data_hash: inMarket.data_hash,
    envelope: inMarket.envelope,
  });
  for (const name of readdirSync(compactedFolder(archive))) {
    const path = join(compactedFolder(archive), name);
    writeFileSync(path, readFileSync(path).fill(0x5a, 64, 4_096));
  }
  const question = { archive, ...QUESTION, nowMs: lastExitMs };
  expect((await readMarket(question)).found).toEqual({
    kind: "unknown",
    reason: `the archive ${archive} has no prices of what the book trades`,
  });
  for (const directory of [dataDir, archive]) removeTemporaryDirectory(directory);
});

test("an archive that is missing, no folder, or does not answer leaves a forecast by the trades alone", async () => {
  const dataDir = makeTemporaryDirectory("forewarn-no-market");
  const alone = await makeForewarning(options(dataDir));
  const archive = join(dataDir, "none");
  const missing = (await makeForewarning(options(dataDir, { archive }))).record;
  expect(missing.market).toEqual({ regime: null, days: 0, step_s: null });
  expect(missing.reason).toContain(
    `by the trades alone, because the archive ${archive} does not exist`,
  );
  expect(missing.envelope).toEqual(alone.record.envelope);
  writeFileSync(archive, "");
  const question = { archive, ...QUESTION, nowMs: lastExitMs };
  expect((await readMarket(question)).found).toMatchObject({
    reason: expect.stringContaining("the archive cannot be read: ENOTDIR"),
  });
  // No process starts within a millisecond, so that this one is like one that hangs.
  expect((await askMarket(question, 1)).found).toEqual({
    kind: "unknown",
    reason: `the archive ${archive} did not answer within 1 s`,
  });
  expect(readForewarnings(dataDir, "BLUE")).toEqual([]);
  removeTemporaryDirectory(dataDir);
});
