/** A user's own strategy file in the trader: from trades to their replay, and the errors of a file. */
import { execFile } from "node:child_process";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { loadStrategiesOf } from "../../src/operations/books/configured-strategies.ts";
import { exchangeBooks } from "../../src/operations/books/exchange-books.ts";
import { EventLogMaintenance } from "../../src/operations/event-log/event-log-maintenance.ts";
import { Configuration } from "../../src/wire/configuration.ts";
import { type Lab, openLab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { spawnGreen, startBlue } from "../helpers/green.ts";
import {
  createFeeder,
  lastDayOf,
  LIVELY,
  spawnTrader,
  type TraderPlace,
  type TraderProcess,
} from "../helpers/trader.ts";
import { DOLPHIN } from "../helpers/up.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const INTERFACE = "../../src/domain/trading/strategy.ts";
const BREAKOUT = readFileSync(join(ROOT, "examples/strategies/breakout.ts"), "utf8");
/** Trades soon and often. */
const SETTINGS = {
  ...LIVELY,
  parameters: { rangeScans: 3, margin: 0.0005, holdScansMax: 4, takeProfit: 0.003 },
};

let lab: Lab;
let place: TraderPlace;
const running: TraderProcess[] = [];

beforeAll(async () => {
  lab = await openLab("strategy-file");
});
afterEach(async () => {
  for (const trader of running.splice(0)) await trader.kill();
});
afterAll(() => lab.close());

/** The example, as a user with the checkout elsewhere writes it. */
function writeBreakout(dir: string): string {
  const path = join(dir, "mine.ts");
  writeFileSync(path, BREAKOUT.replace(INTERFACE, resolve(ROOT, INTERFACE.slice(6))));
  return path;
}

function start(settings: object, sections: object = {}): TraderProcess {
  const trader = spawnTrader(place, settings, {}, sections);
  running.push(trader);
  return trader;
}

async function listening(trader: TraderProcess): Promise<void> {
  await trader.ready();
  await trader.hearsHazelcast();
}

function replayLastDay(): Promise<{ readonly code: number; readonly out: string }> {
  const env = { ...process.env, DOLPHIN_CONFIG: join(place.dir, "trader.yaml") };
  return new Promise((settle) => {
    const child = execFile(
      DOLPHIN,
      ["replay", lastDayOf(place), "--json"],
      { env },
      (_, out, err) => {
        settle({ code: child.exitCode ?? -1, out: out + err });
      },
    );
  });
}

test("it trades, comes back after a kill, and its day is replayed; a changed file is reported", async () => {
  place = { ...(await lab.site()), address: lab.address };
  const path = writeBreakout(place.dir);
  const feeder = createFeeder(lab.cluster);
  await feeder.posture();
  // Relative to the configuration file.
  const settings = { ...SETTINGS, strategy: "./mine.ts" };
  const first = start(settings, { green: { strategy: "./not-there.ts" } });
  await listening(first);
  await feeder.push(80);
  await first.decided(80);
  expect(await first.status()).toMatchObject({ strategy: "breakout", warm: true });
  expect(readFileSync(join(place.data, "logs/trader-blue.log"), "utf8")).toMatch(
    /runs breakout 1 of file [0-9a-f]{12}/,
  );
  await first.kill();
  const second = start(settings);
  await listening(second);
  await feeder.push(80);
  await second.decided(160);
  while ((await second.status()).positions.length === 0) {
    await feeder.push(1);
    await second.decided(feeder.seq());
  }
  const { trades } = await second.status();
  expect(trades).toBeGreaterThan(5);
  expect(await second.stop()).toBe(0);
  const equal = await replayLastDay();
  expect([equal.code, JSON.parse(equal.out)]).toMatchObject([
    0,
    { verdict: "equal", trades, undigested: 0, compared: { trades } },
  ]);
  appendFileSync(path, "// One more thought.\n");
  const { code, out } = await replayLastDay();
  // What ran is kept, and what the file is now comes to the same.
  expect([code, JSON.parse(out)]).toMatchObject([
    0,
    { verdict: "equal", trades, now: { verdict: "equal", differences: 0 } },
  ]);
  const third = start(settings);
  expect(await third.exited).toBe(78);
  expect(third.output()).toMatch(/BLUE is not flat: .*"breakout".*or the strategy's file/);
  writeBreakout(place.dir);
  expect((await replayLastDay()).code).toBe(0);
  const fourth = start(settings);
  await listening(fourth);
  await fourth.ask({ command: "flatten", by: "test" });
  const book = await until("the book is flat", async () => {
    await feeder.push(1);
    await fourth.decided(feeder.seq());
    const status = await fourth.status();
    return status.positions.length + status.orders_working.length === 0 ? status : undefined;
  });
  await fourth.stop();
  appendFileSync(path, "// Another thought.\n");
  const fifth = start(settings);
  await listening(fifth);
  expect(await fifth.status()).toMatchObject({ cash: book.cash, trades: book.trades, warm: false });
});

test.each([
  ["is not there", null, /'.*mine\.ts' is neither a strategy's file nor a built-in strategy/],
  ["throws", `throw new Error("no such luck");`, /mine\.ts could not be run: no such luck/],
  ["is no TypeScript", "export default {", /mine\.ts could not be run: /],
  ["exports no strategy", "export const answer = 42;", /mine\.ts exports no strategy: write/],
  [
    "lacks a part",
    `import { defineStrategy } from "${resolve(ROOT, INTERFACE.slice(6))}";
     export default defineStrategy({ name: "half", version: 1 });`,
    /mine\.ts could not be run: strategy half lacks 'inputs' \(object\), .*'decide' \(function\)/,
  ],
] as const)("a file that %s ends the trader as wrong configuration", async (_, text, why) => {
  place = { ...(await lab.site()), address: lab.address };
  if (text !== null) writeFileSync(join(place.dir, "mine.ts"), text);
  const trader = start({ ...SETTINGS, strategy: "./mine.ts" });
  expect(await trader.exited).toBe(78);
  expect(trader.output()).toMatch(why);
  expect(trader.output()).toContain("key 'strategy': ");
});

test("one that throws at a scan is named with its line, and not restarted into it again", async () => {
  place = { ...(await lab.site()), address: lab.address };
  const path = writeBreakout(place.dir);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace("let asset = -1;", `throw new Error("no such luck");`));
  const feeder = createFeeder(lab.cluster);
  const settings = { ...SETTINGS, strategy: path };
  const first = start(settings);
  await listening(first);
  await feeder.posture();
  await feeder.push(10);
  expect(await first.exited).toBe(1);
  const second = start(settings);
  expect(await second.exited).toBe(78);
  expect(second.output()).toMatch(
    /no such luck \(at decide \(.*mine\.ts\?strategy=\d+:\d+:\d+\)\)/,
  );
});

test("a memory that no snapshot holds any more is reported, costs the saved state and not the book", async () => {
  place = { ...(await lab.site()), address: lab.address };
  const strategy = join(ROOT, "test/helpers/trading/planted/undefined-later.ts");
  const settings = { ...LIVELY, strategy, parameters: {}, snapshot_events: 100 };
  const feeder = createFeeder(lab.cluster);
  await feeder.posture();
  const first = start(settings);
  await listening(first);
  await feeder.push(120);
  await first.decided(120);
  const { state } = await first.beatWhere("it says so", (beat) => /not saved/.test(beat.state));
  expect(state).toBe(
    "running; not saved: memory.seen.last is undefined, which a snapshot can't hold: " +
      "keep null, or leave it out",
  );
  const { trades } = await first.status();
  expect(await first.stop()).toBe(0);
  const second = start(settings);
  await second.ready();
  expect((await second.status()).trades).toBe(trades);
});

test("GREEN runs one beside BLUE, names it where they differ, and hands it over", async () => {
  place = { ...(await lab.site()), address: lab.address };
  const { dir, data } = place;
  const blue = startBlue(data);
  blue.run(60);
  const sections = { green: { strategy: writeBreakout(dir), parameters: SETTINGS.parameters } };
  const green = spawnGreen({ dir, data, ...sections });
  const beat = await green.taken(blue.lastIndex());
  expect(beat.counters).toMatchObject({ divergence_cause: "logic" });
  expect(beat.counters["divergence"]).toMatch(
    /they run velocity-divergence \d+ and breakout 1 of file [0-9a-f]{12}/,
  );
  const flatten = { kind: "operator", commandId: "flat", by: "test" } as const;
  blue.tell((at) => ({ ...flatten, command: { kind: "flatten" }, ...at }));
  blue.run(30);
  await green.taken(blue.lastIndex());
  await green.stop();
  blue.close();

  const journal = { keep_days: null };
  const configuration = Configuration.parse({ trader: LIVELY, journal, ...sections });
  const strategyOf = await loadStrategiesOf(configuration);
  const request = { dataDir: data, configuration, strategyOf, id: "one", by: "test", at: "" };
  expect(exchangeBooks(request)).toMatchObject({ kind: "exchanged", strategies: "breakout 1" });
  const promoted = start(LIVELY, sections);
  await promoted.ready();
  expect(await promoted.status()).toMatchObject({ strategy: "breakout", warm: true });
  expect(await promoted.stop()).toBe(0);
  const said: string[] = [];
  const say = (_: string, line: string) => void said.push(line);
  const upkeep = new EventLogMaintenance({ dataDir: data, configuration, say });
  while (await upkeep.round(Date.now()));
  await upkeep.close();
  expect(said).toEqual([]);
});

test("GREEN without its file ends as wrong configuration, too", async () => {
  const { dir, data } = await lab.site();
  const green = spawnGreen({ dir, data, green: { strategy: "./not-there.ts" } });
  expect(await green.exited).toBe(78);
  expect(green.errors()).toContain("not-there.ts' is neither a strategy's file");
});
