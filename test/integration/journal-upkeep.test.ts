/** The upkeep of BLUE's journal: projection, copy, old days; alone, and in the bookkeeper's process. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeOutboxCursor } from "../../src/adapters/event-log/outbox-cursor.ts";
import {
  EventLogMaintenance,
  projectionPath,
} from "../../src/operations/event-log/event-log-maintenance.ts";
import { PostgresJournal } from "../../src/adapters/event-log/postgres/postgres-journal.ts";
import { SegmentCursor } from "../../src/adapters/event-log/segments/segment-cursor.ts";
import {
  listSegmentDays,
  segmentPath,
} from "../../src/adapters/event-log/segments/segment-files.ts";
import { MS_PER_DAY } from "../../src/domain/time.ts";
import { Configuration } from "../../src/wire/configuration.ts";
import { until } from "../helpers/until.ts";
import { startBookkeeper } from "../helpers/bookkeeper.ts";
import { startBlue } from "../helpers/green.ts";
import { findPostgres, startPostgres } from "../helpers/postgres.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { LIVELY } from "../helpers/trader.ts";

const NOW_MS = Date.parse("2026-04-20T00:00:00Z");
const LATER_MS = Date.parse("2026-09-01T00:00:00Z");

let data = "";
let blue: ReturnType<typeof startBlue>;
let said: string[] = [];
const open: EventLogMaintenance[] = [];
beforeEach(() => {
  data = makeTemporaryDirectory("journal-upkeep");
  // 864 scans a day.
  blue = startBlue(data);
  said = [];
});
afterEach(async () => {
  for (const upkeep of open.splice(0)) await upkeep.close();
  blue.close();
  removeTemporaryDirectory(data);
});

function openUpkeep(journal: object = {}): EventLogMaintenance {
  const upkeep = new EventLogMaintenance({
    dataDir: data,
    configuration: Configuration.parse({ trader: LIVELY, journal }),
    say: (_, line) => said.push(line),
  });
  open.push(upkeep);
  return upkeep;
}

async function untilDone(upkeep: EventLogMaintenance, nowMs = NOW_MS): Promise<void> {
  while (await upkeep.round(nowMs));
}

function tradesProjected(): unknown {
  const db = new Database(projectionPath(data), { readonly: true });
  const row = db.prepare("SELECT count(*) FROM trades").pluck().get();
  db.close();
  return row;
}

const folder = () => join(data, "journal/trading/BLUE");

function days(): readonly string[] {
  return listSegmentDays(folder());
}

test("the projection follows the log; thrown away, it is built again", async () => {
  const upkeep = openUpkeep();
  for (let round = 0; round < 5; round++) {
    blue.run(300);
    await untilDone(upkeep);
    expect(tradesProjected()).toBe(blue.trader.data.account.trades);
  }
  await upkeep.close();
  rmSync(projectionPath(data));
  await untilDone(openUpkeep());
  expect(tradesProjected()).toBe(blue.trader.data.account.trades);
  expect(blue.trader.data.account.trades).toBeGreaterThan(100);
  expect(said).toEqual([]);
});

test("old days end, but none that a start or a reader needs, and by default a day after it was said", async () => {
  blue.run(1_800);
  blue.saveSnapshot();
  blue.run(1_800);
  const all = days();
  expect(all).toHaveLength(5);
  await untilDone(openUpkeep(), LATER_MS);
  expect(days()).toEqual(all);
  expect(said.join()).toMatch(/days of BLUE's log before 20.* will be deleted in a day/);
  // Nothing was sent: no day of it is settled.
  await untilDone(openUpkeep({ keep_days: 2 }));
  expect(days()).toEqual(all);
  // The first day was sent, and the second except for its last event; then everything.
  const third = new SegmentCursor(segmentPath(folder(), all[2] ?? ""));
  writeOutboxCursor(folder(), third.header.firstIndex - 2);
  third.close();
  await untilDone(openUpkeep({ keep_days: 2 }));
  expect(days()).toEqual(all.slice(1));
  writeOutboxCursor(folder(), blue.lastIndex());
  // The day of the only snapshot stays, and what comes after it.
  await untilDone(openUpkeep(), LATER_MS + MS_PER_DAY - 1);
  expect(days()).toEqual(all.slice(1));
  await untilDone(openUpkeep(), LATER_MS + MS_PER_DAY);
  expect(days()).toEqual(all.slice(2));
  expect(said.join()).toContain(`deleted old days: ${all[1]}`);
  // Young days stay, whatever is saved.
  blue.saveSnapshot();
  await untilDone(openUpkeep({ keep_days: 20 }), Date.parse("2026-04-01T00:00:00Z"));
  expect(days()).toEqual(all.slice(2));
});

test("a Postgres that is away is said once, costs the projection nothing, and keeps the days", async () => {
  blue.run(1_800);
  blue.saveSnapshot();
  blue.run(900);
  const all = days();
  writeOutboxCursor(folder(), blue.lastIndex());
  const url = "postgres://nobody@127.0.0.1:9/none";
  const upkeep = openUpkeep({ keep_days: 2, postgres_secret_url: url });
  for (let round = 0; round < 30; round++) await upkeep.round(NOW_MS + round * 3_600_000);
  expect(tradesProjected()).toBe(blue.trader.data.account.trades);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^copy in Postgres: .*ECONNREFUSED/);
  expect(days()).toEqual(all);
});

const bin = findPostgres();
test.skipIf(bin === null)("the log is copied to Postgres, and then old days end", async () => {
  const server = await startPostgres(bin ?? "", data);
  try {
    blue.run(1_800);
    blue.saveSnapshot();
    blue.run(900);
    const all = days();
    writeOutboxCursor(folder(), blue.lastIndex());
    const upkeep = openUpkeep({ keep_days: 2, postgres_secret_url: server.url });
    await untilDone(upkeep);
    const copy = await PostgresJournal.open(server.url);
    expect(await copy.stateOf("BLUE")).toEqual({ epoch: 1, nextIndex: blue.lastIndex() + 1 });
    await copy.close();
    expect(days()).toEqual(all.slice(2));
    expect(said).toHaveLength(1);
    await upkeep.close();
  } finally {
    await server.stop();
  }
});

test("the bookkeeper's process keeps up while BLUE goes on, and ends when asked to", async () => {
  const keeper = startBookkeeper(data);
  blue.run(2_000);
  await until("the bookkeeper has built the projection", () => existsSync(projectionPath(data)));
  blue.run(500);
  await until("every trade is there", () => {
    try {
      return tradesProjected() === blue.trader.data.account.trades;
    } catch {
      // The tables are not made yet.
      return false;
    }
  });
  // Nobody serves Hazelcast there, and no trader runs: neither holds up the projection.
  const level = await until("it is level with the log", () =>
    keeper.beats().findLast(({ facts }) => facts?.inputs[0]?.ageS != null),
  );
  expect(level).toMatchObject({ state: "running", facts: { dependencies: {}, notes: [] } });
  expect(await keeper.stop()).toBe(0);
});
