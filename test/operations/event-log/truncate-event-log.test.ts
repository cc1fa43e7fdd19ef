/** A truncated log: nothing that followed from the removed events stays, and the book continues intact. */
import { cpSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  readOutboxCursor,
  writeOutboxCursor,
} from "../../../src/adapters/event-log/outbox-cursor.ts";
import {
  readBooksFile,
  writePromotion,
} from "../../../src/adapters/event-log/books/books-store.ts";
import { foldBlue } from "../../../src/operations/books/fold-blue.ts";
import { giveUpEnd, planEnd } from "../../../src/operations/event-log/truncate-event-log.ts";
import { cutBehind } from "../../../src/adapters/event-log/truncate-segments.ts";
import { TradingProjection } from "../../../src/operations/projection/trading-projection.ts";
import { replayDay } from "../../../src/operations/replay/replay-day.ts";
import { endOfLog } from "../../../src/adapters/event-log/segments/log-end.ts";
import { latestSnapshot, listSnapshots } from "../../../src/adapters/event-log/snapshots.ts";
import { createComparison } from "../../../src/domain/trading/shadow/comparison.ts";
import { builtInStrategy } from "../../../src/domain/trading/strategies/built-in.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { NEVER_PROMOTED } from "../../../src/wire/trading/books-file.ts";
import { decodeTraderSnapshot } from "../../../src/wire/trading/trader-snapshot.ts";
import { LIVELY_BOOK } from "../../helpers/lively.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { placeIn, programOf, recordBook } from "../../helpers/trading/recorded-book.ts";

const DAYS = ["2026-03-25", "2026-03-26"] as const;
const RUN = { scans: 200, scanEveryMs: 1_000, snapshotEvery: 40, end: "stopped" } as const;
/** Half of the scans before midnight. */
const START_MS = Date.parse(`${DAYS[1]}T00:00:00Z`) - 100_000;

let root = "";
let template = "";
let dir = "";
let folder = "";
let last = 0;
let count = 0;
beforeAll(() => {
  root = makeTemporaryDirectory("truncate-event-log");
  template = join(root, "template");
  recordBook(template, { ...RUN, startMs: START_MS });
  last = endOfLog(join(placeIn(template).root, "BLUE")).nextIndex! - 1;
});
afterAll(() => removeTemporaryDirectory(root));
beforeEach(() => {
  dir = join(root, String((count += 1)));
  cpSync(template, dir, { recursive: true });
  folder = join(placeIn(dir).root, "BLUE");
});

function tradeIndices(): number[] {
  const lines = readFileSync(join(folder, "trades.jsonl"), "utf8").trim().split("\n");
  return lines.map((line): number => JSON.parse(line).index);
}

function project(): { readonly trades: number; readonly cursor: number } {
  const path = join(placeIn(dir).root, "BLUE.db");
  const configuration = Configuration.parse({ trader: LIVELY_BOOK });
  const projection = new TradingProjection({
    path,
    place: placeIn(dir),
    startFold: foldBlue({ dataDir: dir, configuration, strategyOf: builtInStrategy, say() {} }),
  });
  while (projection.catchUp(500) > 0);
  const { cursor } = projection;
  projection.close();
  const db = new Database(path, { readonly: true });
  const trades = Number(db.prepare("SELECT count(*) FROM trades").pluck().get());
  db.close();
  return { trades, cursor };
}

function promoteAt(index: number): void {
  const saved = latestSnapshot(folder, last).snapshot!;
  const { snapshot } = decodeTraderSnapshot(saved.bytes);
  const promotion = { id: "p", at_index: index, at: "", by: "", blue_hash: "b", green_hash: "g" };
  writePromotion(
    dir,
    { ...NEVER_PROMOTED, is_exchanged: true, promotions: [promotion] },
    {
      version: 1,
      index,
      nowMs: 0,
      blueHash: "b",
      greenHash: "g",
      blue: snapshot,
      green: snapshot,
      comparison: createComparison(),
    },
  );
}

/** The book goes on for some scans, and everything that is kept of it agrees. */
function expectWhole(): void {
  const before = tradeIndices();
  const recorded = recordBook(dir, { ...RUN, scans: 60, startMs: START_MS + 250_000 });
  const after = tradeIndices();
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.length).toBeGreaterThan(before.length + 3);
  expect(recorded).toBeGreaterThanOrEqual(after.length - before.length);
  for (const day of DAYS) {
    const replay = replayDay(placeIn(dir), day, programOf());
    expect(replay).toMatchObject({ verdict: "equal", outcome: { undigested: 0 } });
  }
  const end = endOfLog(folder).nextIndex! - 1;
  expect(project()).toEqual({ trades: after.length, cursor: end });
}

test.each([
  ["in the newest day", 0.8],
  ["in the day before", 0.3],
])("%s: said first and unchanged, then everything behind it is gone", (_, share) => {
  project();
  const after = Math.floor(last * share);
  promoteAt(after + 20);
  writeOutboxCursor(folder, last - 5);
  const files = () =>
    readdirSync(dir, { recursive: true, encoding: "utf8" })
      .filter((name) => !name.includes("lock.db"))
      .map((name) => [name, statSync(join(dir, name)).mtimeMs]);
  const before = files();
  const lost = tradeIndices().filter((index) => after < index);
  expect(lost.length).toBeGreaterThan(3);
  const planned = planEnd(dir, after);
  expect(planned).toMatchObject({
    kind: "planned",
    plan: { events: last - after, damage: null, promotions: [{ id: "p" }], acknowledged: last - 5 },
  });
  if (planned.kind !== "planned") throw new Error("it was planned");
  expect(planned.plan.trades.map(({ index }) => index)).toEqual(lost);
  expect(files()).toEqual(before);

  const aside = giveUpEnd(dir, after, "7");
  expect(aside).toHaveLength(share < 0.5 ? 2 : 1);
  expect(endOfLog(folder).nextIndex).toBe(after + 1);
  expect(tradeIndices().every((index) => index <= after)).toBe(true);
  expect(listSnapshots(folder).every((index) => index <= after)).toBe(true);
  expect(readBooksFile(dir)).toEqual(NEVER_PROMOTED);
  expect(existsSync(join(placeIn(dir).root, "BLUE.db"))).toBe(false);
  // From the beginning of the day that lost something, whose session may be begun anew.
  expect(readOutboxCursor(folder)).toBeLessThan(after);
  expectWhole();
});

test("a power cut that took less of what follows from the log: cut when the trader starts", () => {
  const after = Math.floor(last * 0.9);
  const trades = tradeIndices().filter((index) => after < index).length;
  writeOutboxCursor(folder, last);
  const copy = join(root, "torn");
  cpSync(dir, copy, { recursive: true });
  giveUpEnd(copy, after, "7");
  cpSync(join(placeIn(copy).root, "BLUE", `${DAYS[1]}.seg`), join(folder, `${DAYS[1]}.seg`));
  const cut = cutBehind(folder, after);
  expect(cut).toMatchObject({ trades, acknowledged: last - after });
  expect(cut.digests).toBeGreaterThan(10);
  expect(readOutboxCursor(folder)).toBe(after);
  expectWhole();
});

test("a death between what follows and the log itself: the book is as it was", () => {
  const trades = tradeIndices();
  const after = Math.floor(last * 0.9);
  cutBehind(folder, after);
  expect(tradeIndices()).not.toEqual(trades);
  recordBook(dir, { ...RUN, scans: 0, startMs: START_MS + 250_000 });
  expect(tradeIndices()).toEqual(trades);
});

test("what BLUE could not go on from is refused", () => {
  expect(planEnd(dir, 0)).toMatchObject({
    kind: "refused",
    reason: expect.stringContaining("the oldest event in the log is 1"),
  });
});
