/** A flat book continues under a changed configuration: its cash, its days, and the readers that fold its log. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { foldBlue } from "../../../src/operations/books/fold-blue.ts";
import { recordedConfigurations } from "../../../src/adapters/event-log/books/recorded-configurations.ts";
import { TradingProjection } from "../../../src/operations/projection/trading-projection.ts";
import { configurationHashOf, replayDay } from "../../../src/operations/replay/replay-day.ts";
import { latestSnapshot } from "../../../src/adapters/event-log/snapshots.ts";
import { EventLogReader } from "../../../src/adapters/event-log/event-log.ts";
import { builtInStrategy } from "../../../src/domain/trading/strategies/built-in.ts";
import { GreenBook } from "../../../src/services/trader-green/green-book.ts";
import { openShadow } from "../../../src/services/trader-green/open-shadow.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { decodeTraderSnapshot } from "../../../src/wire/trading/trader-snapshot.ts";
import { LIVELY_BOOK } from "../../helpers/lively.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import {
  configurationOf,
  placeIn,
  programOf,
  recordBook,
} from "../../helpers/trading/recorded-book.ts";

const MORNING_MS = Date.parse("2026-03-25T06:00:00Z");
const DAY_MS = 86_400_000;
const CHANGED = {
  ...LIVELY_BOOK,
  parameters: { ...LIVELY_BOOK.parameters, threshold: 0.004, longWindow: 5 },
  limits: { ...LIVELY_BOOK.limits, position_notional_max: 50_000 },
};
const RUN = { scans: 200, scanEveryMs: 1_000, snapshotEvery: 0, end: "flattened" } as const;

let root = "";
let count = 0;
beforeAll(() => {
  root = makeTemporaryDirectory("changed-book");
});
afterAll(() => removeTemporaryDirectory(root));

const fresh = () => join(root, String((count += 1)));
const folderOf = (dir: string) => join(placeIn(dir).root, "BLUE");

function savedIn(dir: string) {
  const { snapshot } = latestSnapshot(folderOf(dir), Number.MAX_SAFE_INTEGER);
  return decodeTraderSnapshot(snapshot!.bytes);
}

function accountIn(dir: string): { readonly cash: number; readonly trades: number } {
  const data: { account?: { cash: number; trades: number } } = Object(savedIn(dir).snapshot.data);
  return data.account!;
}

function tradesIn(dir: string): number {
  return readFileSync(join(folderOf(dir), "trades.jsonl"), "utf8")
    .trim()
    .split("\n").length;
}

/** As `dolphin replay` does it, with `settings` in dolphin.yaml. */
function replayed(dir: string, day: string, settings: object) {
  const place = placeIn(dir);
  const present = configurationOf(settings);
  const ran = configurationHashOf(place, day) ?? present.hash;
  const { trader, paper, hash } =
    recordedConfigurations(folderOf(dir), builtInStrategy, present)(ran) ?? present;
  const replay = replayDay(place, day, {
    ...programOf(),
    trader,
    paper,
    configurationHash: hash,
  });
  return replay.verdict === "not_comparable" ? replay.reason : replay.verdict;
}

describe("a flat book that was stopped", () => {
  test("takes other parameters and limits: cash and trades go on, and both days replay", () => {
    const dir = fresh();
    const first = recordBook(dir, { ...RUN, startMs: MORNING_MS });
    const { cash } = accountIn(dir);
    expect(first).toBeGreaterThan(10);
    expect(cash).not.toBe(100_000);
    const second = recordBook(dir, { ...RUN, startMs: MORNING_MS + DAY_MS, settings: CHANGED });
    expect(second).toBeGreaterThan(5);
    expect(accountIn(dir)).toMatchObject({ trades: first + second });
    expect(tradesIn(dir)).toBe(first + second);
    recordBook(dir, { ...RUN, startMs: MORNING_MS + 2 * DAY_MS, settings: CHANGED });
    for (const day of ["2026-03-25", "2026-03-26", "2026-03-27"]) {
      expect([day, replayed(dir, day, CHANGED)]).toEqual([day, "equal"]);
    }
  });

  test("within a day: that day is not comparable, and says why; the next one is", () => {
    const dir = fresh();
    recordBook(dir, { ...RUN, startMs: MORNING_MS });
    recordBook(dir, { ...RUN, startMs: MORNING_MS + 3_600_000, settings: CHANGED });
    recordBook(dir, { ...RUN, startMs: MORNING_MS + DAY_MS, settings: CHANGED });
    expect(replayed(dir, "2026-03-25", CHANGED)).toMatch(
      /the configuration was changed at event \d+, from [0-9a-f]{12} to [0-9a-f]{12}/,
    );
    expect(replayed(dir, "2026-03-26", CHANGED)).toBe("equal");
  });

  test("with a change of nothing but limits keeps its windows", () => {
    const dir = fresh();
    recordBook(dir, { ...RUN, startMs: MORNING_MS });
    const { windows } = savedIn(dir).snapshot;
    recordBook(dir, {
      ...RUN,
      scans: 0,
      end: "stopped",
      startMs: MORNING_MS + 3_600_000,
      settings: { ...LIVELY_BOOK, limits: CHANGED.limits },
    });
    expect(savedIn(dir).snapshot.windows).toEqual(windows);
  });
});

test("killed while it is flat, its tail is folded with what ran, and then it is changed", () => {
  const killed = fresh();
  const stopped = fresh();
  const run = { ...RUN, startMs: MORNING_MS, snapshotEvery: 60 };
  recordBook(stopped, run);
  recordBook(killed, { ...run, end: "flattened_and_killed" });
  expect(accountIn(killed)).not.toEqual(accountIn(stopped));
  const later = { ...RUN, scans: 0, end: "stopped", startMs: MORNING_MS + 600_000 } as const;
  recordBook(killed, { ...later, settings: CHANGED });
  expect(accountIn(killed)).toEqual(accountIn(stopped));
  expect(savedIn(killed).configurationHash).toBe(configurationOf(CHANGED).hash);
});

test("one that holds a position refuses, and goes on with what it ran", () => {
  const dir = fresh();
  recordBook(dir, { ...RUN, startMs: MORNING_MS, end: "stopped" });
  const before = savedIn(dir);
  const next = { ...RUN, startMs: MORNING_MS + 600_000 };
  expect(() => recordBook(dir, { ...next, settings: CHANGED })).toThrow(
    /^BLUE is not flat: .*restore what it ran.*'dolphin flatten BLUE', 'dolphin stop trader-blue'/,
  );
  expect(savedIn(dir)).toEqual(before);
});

test("another capital is nothing that a book which has begun takes, or refuses for", () => {
  const dir = fresh();
  recordBook(dir, { ...RUN, startMs: MORNING_MS, end: "stopped" });
  const { data, windows } = savedIn(dir).snapshot;
  const later = { ...RUN, scans: 0, end: "stopped", startMs: MORNING_MS + 600_000 } as const;
  recordBook(dir, { ...later, settings: { ...LIVELY_BOOK, capital: 5 } });
  expect(savedIn(dir).snapshot.windows).toEqual(windows);
  expect(accountIn(dir)).toEqual(Object(data).account);
});

test("what belongs to no strategy is taken by a book that holds a position, older books included", () => {
  const dir = fresh();
  const folder = folderOf(dir);
  // As a release wrote it that knew no write-offs.
  const settings = {
    ...LIVELY_BOOK,
    delisted_after_s: null,
    scan_offset_max_s: null,
    margin: null,
  };
  const old = configurationOf(settings);
  recordBook(dir, {
    ...RUN,
    startMs: MORNING_MS,
    end: "stopped",
    settings,
  });
  const path = join(folder, "configurations", `${old.hash}.json`);
  const known: Record<string, unknown> = JSON.parse(readFileSync(path, "utf8"));
  for (const key of ["delisted_after_s", "delisted_at", "scan_offset_max_s", "margin"])
    delete known[key];
  writeFileSync(path, JSON.stringify(known));
  const read = recordedConfigurations(folder, builtInStrategy, configurationOf());
  expect(read(old.hash)?.trader).not.toHaveProperty("delisting");
  expect(read(old.hash)?.trader).not.toHaveProperty("scanOffsetMaxMs");
  expect(read(old.hash)?.trader).not.toHaveProperty("margin");
  const { data } = savedIn(dir).snapshot;
  expect(Object(data).positions).toHaveLength(1);
  const later = { ...RUN, scans: 0, end: "stopped", startMs: MORNING_MS + 600_000 } as const;
  recordBook(dir, { ...later, settings: LIVELY_BOOK });
  expect(Object(savedIn(dir).snapshot.data).positions).toEqual(Object(data).positions);
  expect(savedIn(dir).configurationHash).toBe(configurationOf().hash);
});

test("the projection, brought up to date or rebuilt, has the trades of both", () => {
  const dir = fresh();
  const configuration = { trader: LIVELY_BOOK };
  const project = (path: string, trader: object) => {
    const projection = new TradingProjection({
      path: join(dir, path),
      place: placeIn(dir),
      startFold: foldBlue({
        dataDir: dir,
        configuration: Configuration.parse({ ...configuration, trader }),
        strategyOf: builtInStrategy,
        say() {},
      }),
    });
    while (projection.catchUp(500) > 0);
    projection.close();
    const db = new Database(join(dir, path), { readonly: true });
    const found = db.prepare("SELECT count(*) AS trades, sum(pnl) AS pnl FROM trades").get();
    db.close();
    return found;
  };
  recordBook(dir, { ...RUN, startMs: MORNING_MS });
  project("a.db", LIVELY_BOOK);
  recordBook(dir, { ...RUN, startMs: MORNING_MS + DAY_MS, settings: CHANGED });
  const trades = tradesIn(dir);
  expect(project("a.db", CHANGED)).toMatchObject({ trades });
  expect(project("b.db", CHANGED)).toEqual(project("a.db", CHANGED));
});

test("GREEN folds each part of BLUE's log with what ran there", () => {
  const dir = fresh();
  recordBook(dir, { ...RUN, startMs: MORNING_MS });
  recordBook(dir, { ...RUN, startMs: MORNING_MS + DAY_MS, settings: CHANGED });
  const blue = configurationOf(CHANGED);
  const green = { ...blue, trader: { ...blue.trader, book: "GREEN" } };
  const blueOf = recordedConfigurations(folderOf(dir), builtInStrategy, blue);
  const said: string[] = [];
  const shared = { blueOf, say: (_: string, line: string) => void said.push(line) };
  const opened = openShadow({
    ...shared,
    configurations: { blue, green },
    snapshots: [],
    oldestOfBlue: () => null,
    newestOfBlue: () => savedIn(dir),
    read: (from) => new EventLogReader(placeIn(dir), from),
  });
  const book = new GreenBook({
    ...shared,
    opened,
    configurations: { green },
    trades: { add() {}, sync() {} },
    snapshotEvents: Infinity,
    saveSnapshot() {},
    dayEnded() {},
  });
  while (book.takeSlice());
  book.close();
  expect(book.shadow.blue.data.account).toEqual(accountIn(dir));
  expect(book.counters()).toMatchObject({ blue_is_other: "no" });
  expect(said.filter((line) => line.startsWith("BLUE continues with another"))).toHaveLength(1);
});
