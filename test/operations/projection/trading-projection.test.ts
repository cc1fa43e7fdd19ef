import { spawn } from "node:child_process";
import { once } from "node:events";
import { truncateSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { foldTrader } from "../../../src/operations/projection/trader-fold.ts";
import { openTradingQueries } from "../../../src/operations/projection/trading-queries.ts";
import { TradingProjection } from "../../../src/operations/projection/trading-projection.ts";
import { deleteOldDays } from "../../../src/adapters/event-log/retention.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import {
  SESSION_CONFIGURATION,
  type Session,
  startSession,
} from "../../helpers/trading-session.ts";

const PROJECTOR = resolve(import.meta.dirname, "../../helpers/projection-process.ts");
/** 864 scans a day. */
const SCAN_PERIOD_MS = 100_000;

let root = "";
let path = "";
let place = { root, book: "BLUE" };
let session: Session;
let open: { close(): void }[] = [];
beforeEach(() => {
  root = makeTemporaryDirectory("trading-projection");
  path = join(root, "BLUE.db");
  place = { root, book: "BLUE" };
  session = startSession(place, SCAN_PERIOD_MS);
  open = [session];
});
afterEach(() => {
  for (const one of open) one.close();
  removeTemporaryDirectory(root);
});

function openProjection(at = path): TradingProjection {
  const startFold = foldTrader(SESSION_CONFIGURATION);
  const projection = new TradingProjection({ path: at, place, startFold });
  open.push(projection);
  return projection;
}

function catchUp(projection: TradingProjection, eventsMax: number): void {
  while (0 < projection.catchUp(eventsMax));
}

/** Every row of every table but the bookkeeping. */
function rowsOf(at: string): Record<string, unknown[]> {
  const db = new Database(at, { readonly: true });
  const tables = ["decisions", "orders", "fills", "trades", "days", "notes"];
  const rows = tables.map((table) => [table, db.prepare(`SELECT * FROM ${table}`).all()] as const);
  db.close();
  return Object.fromEntries(rows);
}

/** As one built in one go from the same log. */
function checkEqualsRebuilt(): void {
  const fresh = join(root, "fresh.db");
  const projection = openProjection(fresh);
  projection.rebuild();
  catchUp(projection, 1_000_000);
  expect(rowsOf(path)).toEqual(rowsOf(fresh));
}

test("built while the trader runs, in pieces, reopened: the same rows as built at once", () => {
  let projection = openProjection();
  for (let round = 0; round < 40; round++) {
    session.run(50);
    catchUp(projection, 1 + round * 3);
    expect(projection.cursor).toBe(session.lastIndex);
    if (round % 8 !== 0) continue;
    open.pop()?.close();
    projection = openProjection();
  }
  checkEqualsRebuilt();
  const rows = rowsOf(path);
  expect(rows["decisions"]).toHaveLength(2_000);
  expect(rows["trades"]?.length).toBeGreaterThan(200);
  expect(rows["orders"]?.length).toBeGreaterThan(rows["trades"]!.length * 2);
  expect(rows["fills"]?.length).toBeGreaterThan(rows["trades"]!.length * 2);
});

test("what is asked is answered beside the writer, and the numbers fit each other", () => {
  const projection = openProjection();
  session.run(1_500);
  catchUp(projection, 500);
  const queries = openTradingQueries(path);
  open.push(queries);
  const days = queries.days();
  expect(days.length).toBeGreaterThan(0);
  for (const { day, trades: count, wins, losses } of days) {
    const trades = queries.tradesOf(day, 10_000);
    expect(trades).toHaveLength(count);
    expect(wins + losses).toBeLessThanOrEqual(count);
    expect(trades.filter(({ pnl }) => 0 < pnl)).toHaveLength(wins);
  }
  const [{ day } = { day: "" }] = days;
  const outcomes = queries.outcomesOf(day);
  expect(outcomes.find(({ outcome }) => outcome === "entered")?.count).toBeGreaterThan(50);
  expect(queries.tradesOf(day, 3)).toHaveLength(3);
});

test("killed at any moment it goes on from its own cursor, each event once", async () => {
  session.run(6_000);
  let kills = 0;
  for (let round = 0; round < 12; round++) {
    const child = spawn(process.execPath, [PROJECTOR, path, root], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("latin1");
    child.stdout.on("data", (text: string) => {
      output += text;
      if (5 + ((round * 31) % 40) < output.length) child.kill("SIGKILL");
    });
    const [, signal] = await once(child, "close");
    if (signal === "SIGKILL") kills++;
  }
  expect(kills).toBeGreaterThan(3);
  const projection = openProjection();
  catchUp(projection, 1_000);
  expect(projection.cursor).toBe(session.lastIndex);
  checkEqualsRebuilt();
});

test.each([
  ["damaged", () => writeFileSync(path, Buffer.alloc(8_192, "garbage"))],
  ["cut", () => truncateSync(path, 5_000)],
])("a projection that is %s is begun anew", (_, spoil) => {
  session.run(300);
  catchUp(openProjection(), 1_000);
  open.pop()?.close();
  spoil();
  catchUp(openProjection(), 1_000);
  checkEqualsRebuilt();
});

test("a projection of a newer release is refused, and keeps the days that the log may have lost", () => {
  session.run(300);
  catchUp(openProjection(), 1_000);
  open.pop()?.close();
  const db = new Database(path);
  db.pragma("user_version = 99");
  db.close();
  const rows = rowsOf(path);
  expect(() => openProjection()).toThrow("a newer release of DOLPHIN wrote");
  expect(rowsOf(path)).toEqual(rows);
});

test("after retention it begins with the oldest snapshot", () => {
  session.run(1_700);
  session.saveSnapshot();
  const before = session.lastIndex;
  session.run(900);
  const { deleted } = deleteOldDays(session.log.journal.folder, {
    keepFrom: "2027-01-01",
    acknowledgedTo: Infinity,
    unreadFrom: Infinity,
  });
  expect(deleted.length).toBeGreaterThan(0);
  catchUp(openProjection(), 1_000);
  const rows = rowsOf(path);
  expect(rows["decisions"]).toHaveLength(900);
  const first = (rows["decisions"]?.[0] ?? {}) as { log_index?: number };
  expect(first.log_index).toBeGreaterThan(before);
});
