/**
 * Backup and restore on the production server: the backup is taken while everything runs, the machine dies some time
 * after it, and an empty machine continues from it. `npm run test:production` runs it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { SCHEDULE_NAMES } from "../../src/domain/supervision/declared/schedules.ts";
import { untilDayLasts } from "../helpers/day-lasts.ts";
import { findPostgres } from "../helpers/postgres.ts";
import { until } from "../helpers/processes.ts";
import {
  databaseOf,
  ownDatabase,
  productionOf,
  withPostgres,
} from "../helpers/production/temporal-on-postgres.ts";
import { Runner, type Stack, startSimulator, startStack } from "../helpers/production/stack.ts";
import { execFileSync } from "../helpers/run-program.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN } from "../helpers/up.ts";

await untilDayLasts();
const production = productionOf(process.env)!;
const parent = makeTemporaryDirectory("restore");
const archive = join(parent, "arrow_scans");
const backup = join(parent, "backup");
const simulator = new Runner(parent, process.env);
let old: Stack | null = null;
let restored: Stack | null = null;

beforeAll(async () => {
  mkdirSync(archive);
  old = await startStack({ dir: join(parent, "old"), archive });
  startSimulator(simulator, archive);
});
afterAll(async () => {
  await simulator.stop("simulator");
  await old?.die();
  await restored?.die();
  removeTemporaryDirectory(parent);
});

const LIMIT = 400_000;
const within = (what: string) => ({ ms: LIMIT, tell: () => what });

/** Until the day's session has counted so many trades, and all that the book has booked. */
async function untilAllSent(stack: Stack, trades: number): Promise<void> {
  await until(
    async () => {
      const [pnl, book] = await Promise.all([stack.pnl().catch(() => null), stack.book()]);
      return pnl !== null && book !== null && trades <= pnl.trades && pnl.trades === book.trades;
    },
    within(`${trades} trades are told`),
  );
}

async function databaseNames(): Promise<readonly string[]> {
  const own = await databaseOf(production, join(parent, "old", "temporal"));
  return [own, `${own}_visibility`];
}

/** As docs/backup.md has it, with other names of the databases. */
async function takeBackup(of: Stack) {
  const names = (await databaseNames()).join(" ");
  const base = production.postgres.replace(/\/postgres$/, "");
  const dump =
    `for db in ${names}; do '${findPostgres()}/pg_dump' -Fc ` +
    `-f "$BACKUP_DIR/$db.dump" '${base}'"/$db"; done`;
  const { code, err } = await of.dolphin("backup", "--out", backup, "--dump", dump);
  expect([code, err]).toEqual([0, ""]);
}

async function restoreInto(dir: string): Promise<void> {
  mkdirSync(join(dir, "temporal"), { recursive: true });
  execFileSync(DOLPHIN, ["--data-dir", join(dir, "data"), "restore", backup]);
  const fresh = `restored_${Date.now()}`;
  const names = await databaseNames();
  for (const [at, end] of ["", "_visibility"].entries()) {
    await withPostgres(production.postgres, (client) =>
      client.query(`CREATE DATABASE ${fresh}${end}`),
    );
    const target = production.postgres.replace(/\/postgres$/, `/${fresh}${end}`);
    execFileSync(
      join(findPostgres()!, "pg_restore"),
      ["--no-owner", "-d", target, join(backup, `${names[at]}.dump`)],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
  }
  // Here both stand on one Postgres, so the restored one has another name.
  await ownDatabase(production, fresh);
  writeFileSync(join(dir, "temporal", "database"), fresh);
}

test("an empty place goes on: no scan and no trade is missed or doubled, seqs go on, schedules are there", async () => {
  const before = old!;
  await untilAllSent(before, 4);
  await takeBackup(before);
  const tradesThen = (await before.pnl()).trades;
  const seqThen = before.scans().length;
  // What comes after the backup is lost with the machine, but for the archive, which is another's.
  await until(() => seqThen + 50 < before.scans().length, within("scans after the backup"));
  await until(
    async () => tradesThen < ((await before.book())?.trades ?? 0),
    within("a trade after it"),
  );
  const lost = before.scans();
  await before.die();
  old = null;

  await restoreInto(join(parent, "restored"));
  restored = await startStack({ dir: join(parent, "restored"), archive });
  const now = restored;
  await until(() => lost.length + 50 < now.scans().length, within("scans in the new place"));
  await untilAllSent(now, tradesThen + 2);
  await simulator.stop("simulator");

  const scans = now.scans();
  expect(scans.map(({ seq }) => seq)).toEqual(scans.map((_, at) => at + 1));
  expect(new Set(scans.map(({ file }) => file)).size).toBe(scans.length);
  // Also what was pushed after the backup has the seq again that the lost machine had given it.
  expect(scans.slice(0, lost.length).map(({ file }) => file)).toEqual(lost.map(({ file }) => file));

  // The fact itself: an open position may be closed, and its trade sent, between two looks.
  let [pnl, trades] = [await now.pnl(), await now.trades()];
  await until(async () => {
    [pnl, trades] = [await now.pnl(), await now.trades()];
    return tradesThen + 2 <= pnl.trades && pnl.trades === trades.length;
  }, within("all trades are told"));
  expect(pnl).toMatchObject({ gaps: [], ignored: 0, trades: trades.length });
  expect(new Set(trades.map(({ trade }) => trade["positionId"])).size).toBe(trades.length);
  const replay = await now.dolphin("replay", now.today, "--book", "BLUE");
  expect([replay.code, replay.err]).toEqual([0, ""]);

  const ids: string[] = [];
  for await (const { scheduleId } of now.temporal.client.schedule.list()) ids.push(scheduleId);
  expect(ids.toSorted()).toEqual([...SCHEDULE_NAMES].toSorted());
});
