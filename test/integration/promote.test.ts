/** `promote GREEN` on real processes: refused while a book holds something, done when both are flat. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { askTrader } from "../../src/adapters/trader-client.ts";
import { exchangeBooks, type ExchangeRequest } from "../../src/operations/books/exchange-books.ts";
import { promotedState, readBooksFile } from "../../src/adapters/event-log/books/books-store.ts";
import {
  EventLogMaintenance,
  projectionPath,
} from "../../src/operations/event-log/event-log-maintenance.ts";
import { EventLogReader } from "../../src/adapters/event-log/event-log.ts";
import { promoteGreen } from "../../src/cli/trader/promote-green.ts";
import type { BookName } from "../../src/domain/trading/books.ts";
import { builtInStrategy } from "../../src/domain/trading/strategies/built-in.ts";
import { Configuration } from "../../src/wire/configuration.ts";
import { STATE_KEY } from "../../src/wire/trading/trader-values.ts";
import { type Lab, openLab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { type GreenProcess, spawnGreen } from "../helpers/green.ts";
import {
  createFeeder,
  type Feeder,
  LIVELY,
  spawnTrader,
  type TraderPlace,
  type TraderProcess,
} from "../helpers/trader.ts";

/** Another parameter, and another cash. */
const GREEN = {
  parameters: { ...LIVELY.parameters, threshold: 0.008, holdScansMax: 5 },
  capital: 50_000,
};

let lab: Lab;
let place: TraderPlace;
let feeder: Feeder;
let blue: TraderProcess;
let green: GreenProcess;

beforeAll(async () => {
  lab = await openLab("promote");
});
afterEach(async () => {
  await blue.kill();
  await green.kill();
});
afterAll(() => lab.close());

const starts: Record<BookName, () => Promise<void>> = {
  BLUE: async () => {
    blue = spawnTrader(place, LIVELY, {}, { green: GREEN });
    await blue.ready();
    await blue.hearsHazelcast();
  },
  GREEN: async () => {
    green = spawnGreen({ ...place, green: GREEN });
    await green.ready();
  },
};

const world = {
  status: async (book: BookName) => {
    const reply = await askTrader(place.data, book, { command: "status", id: "status" });
    return reply.kind === "answered" ? reply.answer.status : null;
  },
  stop: async (book: BookName) => {
    expect(await (book === "BLUE" ? blue : green).stop()).toBe(0);
  },
  start: (book: BookName) => starts[book](),
  exchange: exchangeBooks,
};

function request(id: string): ExchangeRequest {
  const configuration = Configuration.parse({ trader: LIVELY, green: GREEN });
  return {
    dataDir: place.data,
    configuration,
    strategyOf: builtInStrategy,
    id,
    by: "test",
    at: "2026-03-25T00:00:00Z",
  };
}

async function bothStatuses() {
  const [ofBlue, ofGreen] = await Promise.all([world.status("BLUE"), world.status("GREEN")]);
  if (ofBlue === null || ofGreen === null) throw new Error("both traders answer");
  return { ofBlue, ofGreen };
}

/** Until GREEN has taken what BLUE has appended; ticks go on meanwhile. */
function inStep() {
  return until("GREEN is in step", async () => {
    const { ofBlue, ofGreen } = await bothStatuses();
    return ofBlue.last_seq === ofGreen.last_seq && ofBlue.last_index <= ofGreen.last_index + 1;
  });
}

async function push(count: number): Promise<void> {
  await feeder.push(count);
  await blue.decided(feeder.seq());
  await inStep();
}

async function isFlat(): Promise<boolean> {
  const { ofBlue, ofGreen } = await bothStatuses();
  return [ofBlue, ofGreen].every(
    ({ positions, orders_working }) => positions.length + orders_working.length === 0,
  );
}

test("refused while a book holds something; flat, the versions change places and the cash stays", async () => {
  const site = await lab.site();
  place = { ...site, address: lab.address };
  feeder = createFeeder(lab.cluster);
  await feeder.posture();
  await starts.BLUE();
  await starts.GREEN();
  await push(60);
  while (await isFlat()) await push(1);
  const refused = await promoteGreen(world, request("early"));
  expect(refused).toMatchObject({ kind: "refused" });
  expect(refused).toHaveProperty("reason", expect.stringMatching(/BLUE|GREEN/));
  // Also behind the early look: the states themselves are looked at.
  await blue.stop();
  await green.stop();
  expect(exchangeBooks(request("early"))).toHaveProperty(
    "reason",
    expect.stringMatching(/is not flat/),
  );
  expect(existsSync(join(place.data, "books.json"))).toBe(false);
  await starts.BLUE();
  await starts.GREEN();

  expect(await blue.ask({ command: "flatten", by: "test" })).toMatchObject({ ok: true });
  await until("both are flat", async () => {
    await push(1);
    return isFlat();
  });
  const before = await bothStatuses();
  expect(before.ofBlue.cash).not.toBe(before.ofGreen.cash);
  const outcome = await promoteGreen(world, request("one"));
  expect(outcome).toMatchObject({ kind: "exchanged" });
  expect(await promoteGreen(world, request("one"))).toEqual({ kind: "repeated" });

  // Killed at once, it still goes on from what the exchange left.
  await blue.kill();
  await green.kill();
  await starts.BLUE();
  await starts.GREEN();
  const books = readBooksFile(place.data);
  expect(books).toMatchObject({ is_exchanged: true, promotions: [{ id: "one", by: "test" }] });
  expect(await hashesStarted()).toEqual([
    expect.not.stringMatching(books.promotions[0]!.blue_hash),
    books.promotions[0]!.blue_hash,
  ]);
  const parameters = JSON.stringify(promotedState(place.data, books)?.blue.strategy);
  expect(parameters).toContain('"threshold":0.008');

  const after = await bothStatuses();
  expect(after.ofBlue).toMatchObject({ cash: before.ofBlue.cash, warm: true });
  await blue.ask({ command: "resume", by: "test" });
  await push(60);
  const late = await bothStatuses();
  expect(late.ofGreen.warm).toBe(true);
  expect(late.ofBlue.trades).toBeGreaterThan(before.ofBlue.trades);
  expect(late.ofGreen.trades).toBeGreaterThan(before.ofGreen.trades);
  await until("GREEN's state and profit are published", async () => {
    const state = await (
      await lab.cluster.client.getMap<string, string>("DOLPHIN_STATE_GREEN")
    ).get(STATE_KEY);
    const days = await (
      await lab.cluster.client.getMap<string, string>("DOLPHIN_PNL_GREEN")
    ).keySet();
    return days.length > 0 && JSON.parse(state ?? "{}")["last_seq"] === feeder.seq();
  });
  await checkProjection(late.ofBlue.trades);
  expect(readFileSync(join(place.data, "logs/trader-green.log"), "utf8")).not.toContain(
    "BLUE started with another",
  );
});

/** Of BLUE's configurations, in the order in which its journal has them. */
async function hashesStarted(): Promise<readonly string[]> {
  const reader = new EventLogReader(
    { root: join(place.data, "journal/trading"), book: "BLUE" },
    null,
  );
  const hashes = new Set<string>();
  for (const event of reader.poll()) {
    if (event.kind === "started") hashes.add(event.configurationHash);
  }
  reader.close();
  return [...hashes];
}

/** The projection is built across the exchange, each version from its own first event on. */
async function checkProjection(trades: number): Promise<void> {
  const said: string[] = [];
  const { configuration } = request("");
  const upkeep = new EventLogMaintenance({
    dataDir: place.data,
    configuration: { ...Configuration.parse({}), ...configuration },
    say: (_, line) => said.push(line),
  });
  while (await upkeep.round(Date.now()));
  await upkeep.close();
  expect(said).toEqual([]);
  const db = new Database(projectionPath(place.data), { readonly: true });
  const [counted] = db.prepare("SELECT count(*) AS trades FROM trades").all();
  const [unfamiliar] = db
    .prepare("SELECT count(*) AS n FROM notes WHERE code = 'order_unfamiliar'")
    .all();
  db.close();
  expect(counted).toEqual({ trades });
  expect(unfamiliar).toEqual({ n: 0 });
}
