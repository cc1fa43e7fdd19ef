/** GREEN as a process that follows BLUE's log: its reports, and that no death changes its state. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askTrader } from "../../src/adapters/trader-client.ts";
import { giveUpEnd } from "../../src/operations/event-log/truncate-event-log.ts";
import { deleteOldDays } from "../../src/adapters/event-log/retention.ts";
import { seededRandom } from "../../src/domain/simulator/random.ts";
import { type GreenProcess, leftByGreen, spawnGreen, startBlue } from "../helpers/green.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { LIVELY } from "../helpers/trader.ts";

let dir = "";
let data = "";
let blue: ReturnType<typeof startBlue>;
const running: GreenProcess[] = [];
beforeEach(() => {
  dir = makeTemporaryDirectory("trader-green");
  data = join(dir, "data");
  blue = startBlue(data);
});
afterEach(async () => {
  for (const green of running.splice(0)) await green.kill();
  blue.close();
  removeTemporaryDirectory(dir);
});

function start(options: { readonly green?: object; readonly into?: string } = {}): GreenProcess {
  const green = spawnGreen({ dir, data: options.into ?? data, green: options.green ?? {} });
  running.push(green);
  return green;
}

test("the same version beside BLUE never differs, over days, while BLUE goes on", async () => {
  blue.run(1_000);
  const green = start();
  await green.taken(blue.lastIndex());
  blue.tell((at) => ({
    kind: "operator",
    commandId: "1",
    by: "test",
    command: { kind: "halt" },
    ...at,
  }));
  blue.run(200);
  blue.tell((at) => ({
    kind: "operator",
    commandId: "2",
    by: "test",
    command: { kind: "resume" },
    ...at,
  }));
  blue.run(900);
  const { counters, state } = await green.taken(blue.lastIndex());
  const { account } = blue.trader.data;
  expect(account.trades).toBeGreaterThan(100);
  expect(counters).toMatchObject({
    differing: 0,
    divergence_cause: null,
    compared: 2_102,
    trades: account.trades,
    cash: account.cash,
    blue_is_other: "no",
  });
  expect(state).toBe("running");
  const reply = await askTrader(data, "GREEN", { command: "status", id: "1" });
  expect(reply).toMatchObject({ answer: { ok: true, status: { book: "GREEN" } } });
  const refused = await askTrader(data, "GREEN", { command: "halt", id: "2", by: "test" });
  expect(refused).toMatchObject({ answer: { ok: false } });
  expect(await green.stop()).toBe(0);
  expect(leftByGreen(data).trades.trim().split("\n")).toHaveLength(account.trades);
});

test.each([
  ["configuration", { parameters: { ...LIVELY.parameters, threshold: 0.004 } }],
  ["fill", { seed: 2 }],
  ["cash", { capital: 50_000 }],
])("a difference in %s is reported in heartbeat, state and log", async (cause, settings) => {
  blue.run(600);
  const green = start({ green: settings });
  const { counters, state } = await green.taken(blue.lastIndex());
  expect(counters).toMatchObject({ divergence_cause: cause });
  expect(counters["differing"]).toBeGreaterThan(0);
  expect(state).toBe(`diverged at seq ${counters["divergence_seq"]}: ${cause}`);
  expect(await green.stop()).toBe(0);
  const log = readFileSync(join(data, "logs/trader-green.log"), "utf8");
  expect(log.match(/diverged from BLUE at seq/g)).toHaveLength(1);
  expect(log).toContain(`cause ${cause}: BLUE: `);
});

test("killed with -9 ten times at random it ends with the bytes of an undisturbed run", async () => {
  const options = { green: { parameters: { ...LIVELY.parameters, threshold: 0.003 }, seed: 4 } };
  blue.run(12_000);
  const random = seededRandom(3);
  const ends: number[] = [];
  const snapshots = join(data, "journal/trading/GREEN/snapshots");
  for (let kills = 0; kills < 10; kills++) {
    const from = newestIn(snapshots);
    const green = start(options);
    // Anywhere between its first new snapshot and some later moment of its work.
    while (newestIn(snapshots) <= from && !green.isGone()) await delay(2);
    await delay(random.uniform() * 30);
    await green.kill();
    expect(await green.exited).toBe("SIGKILL");
    ends.push(newestIn(snapshots));
    // BLUE went on meanwhile, and while GREEN is away.
    blue.run(500);
  }
  expect(new Set(ends).size).toBe(10);
  const green = start(options);
  await green.taken(blue.lastIndex());
  expect(await green.stop()).toBe(0);
  const disturbed = leftByGreen(data);
  expect(disturbed.trades.length).toBeGreaterThan(10_000);
  removeTemporaryDirectory(join(data, "journal/trading/GREEN"));
  const anew = start(options);
  await anew.taken(blue.lastIndex());
  expect(await anew.stop()).toBe(0);
  expect(leftByGreen(data)).toEqual(disturbed);
});

function newestIn(folder: string): number {
  if (!existsSync(folder)) return -1;
  const names = readdirSync(folder).filter((name) => name.endsWith(".snap"));
  return Math.max(-1, ...names.map((name) => Number.parseInt(name, 10)));
}

test("beside a log whose first days are gone it begins with BLUE's present state, and never differs", async () => {
  blue.run(1_800);
  while (blue.trader.data.positions.length === 0) blue.run(1);
  blue.saveSnapshot();
  blue.run(1_800);
  const { deleted } = deleteOldDays(join(data, "journal/trading/BLUE"), {
    keepFrom: "2027-01-01",
    acknowledgedTo: Infinity,
    unreadFrom: Infinity,
  });
  expect(deleted.length).toBeGreaterThan(0);
  const green = start();
  const { counters, state } = await green.taken(blue.lastIndex());
  const { account } = blue.trader.data;
  expect(counters).toMatchObject({ compared: 1_800, differing: 0, cash: account.cash });
  expect(state).toBe("running");
});

test("BLUE's log cut behind one of its states, it goes back with it, trades and all", async () => {
  blue.run(600);
  const green = start();
  await green.taken(blue.lastIndex());
  expect(await green.stop()).toBe(0);
  const { trades } = leftByGreen(data);
  const last = blue.lastIndex();
  blue.run(300);
  const again = start();
  const { counters } = await again.taken(blue.lastIndex());
  expect(await again.stop()).toBe(0);
  expect(leftByGreen(data).trades.length).toBeGreaterThan(trades.length);
  blue.close();
  expect(giveUpEnd(data, last, "7")).toHaveLength(2);
  const back = start();
  await back.taken(last);
  expect(await back.stop()).toBe(0);
  expect(leftByGreen(data).trades).toBe(trades);
  expect(counters["trades"]).toBeGreaterThan(trades.trim().split("\n").length);
});

test("BLUE's files are only read", async () => {
  blue.run(300);
  blue.saveSnapshot();
  const folder = join(data, "journal/trading/BLUE");
  const facts = () =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .toSorted()
      .map((name) => [
        name,
        statSync(join(folder, name)).mtimeMs,
        statSync(join(folder, name)).size,
      ]);
  const before = facts();
  const green = start();
  await green.taken(blue.lastIndex());
  await green.stop();
  expect(facts()).toEqual(before);
});
