/** A trader whose configuration is changed between two runs: refused while it holds something, else accepted. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { EventLogReader } from "../../src/adapters/event-log/event-log.ts";
import { bookConfiguration } from "../../src/wire/trading/book-configuration.ts";
import { Configuration } from "../../src/wire/configuration.ts";
import { type Lab, openLab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import {
  createFeeder,
  type Feeder,
  lastDayOf,
  LIVELY,
  spawnTrader,
  type TraderPlace,
  type TraderProcess,
} from "../helpers/trader.ts";
import { DOLPHIN } from "../helpers/up.ts";
import { execFileSync } from "../helpers/run-program.ts";

const CHANGED = {
  ...LIVELY,
  parameters: { ...LIVELY.parameters, threshold: 0.003, longWindow: 5 },
  limits: { ...LIVELY.limits, position_notional_max: 50_000 },
};

let lab: Lab;
let place: TraderPlace;
let feeder: Feeder;
const running: TraderProcess[] = [];
beforeAll(async () => {
  lab = await openLab("changed-trader");
});
afterEach(async () => {
  for (const trader of running.splice(0)) await trader.kill();
});
afterAll(() => lab.close());

function spawn(settings: object): TraderProcess {
  const trader = spawnTrader(place, settings);
  running.push(trader);
  return trader;
}

async function listening(settings: object): Promise<TraderProcess> {
  const trader = spawn(settings);
  await trader.ready();
  await trader.hearsHazelcast();
  return trader;
}

async function push(trader: TraderProcess, count: number): Promise<void> {
  await feeder.push(count);
  await trader.decided(feeder.seq());
}

async function expectRefused(settings: object): Promise<void> {
  const trader = spawn(settings);
  expect(await trader.exited).toBe(78);
  expect(trader.output()).toMatch(
    /BLUE is not flat: .*parameters.threshold is 0.002 and 0.003.*restore what it ran.*'dolphin flatten BLUE'/,
  );
}

function replayOfLastDay(settings: object): string {
  const config = join(place.dir, "replay.yaml");
  const env = { ...process.env, DOLPHIN_CONFIG: config };
  execFileSync("cp", [join(place.dir, "trader.yaml"), config]);
  expect(readFileSync(config, "utf8")).toContain(JSON.stringify(settings));
  try {
    return execFileSync(DOLPHIN, ["replay", lastDayOf(place)], { env, encoding: "utf8" });
  } catch (error) {
    return String(Object(error).stdout);
  }
}

test("refused while it holds a position; flat and stopped it goes on with its cash and its trades", async () => {
  place = { ...(await lab.site()), address: lab.address };
  feeder = createFeeder(lab.cluster);
  await feeder.posture();
  const first = await listening(LIVELY);
  await push(first, 20);
  while ((await first.status()).positions.length === 0) await push(first, 1);
  await first.stop();
  await expectRefused(CHANGED);
  const second = await listening(LIVELY);
  expect((await second.status()).positions).toHaveLength(1);
  await second.ask({ command: "flatten", by: "test" });
  await until("it is flat", async () => {
    await push(second, 1);
    const { positions, orders_working } = await second.status();
    return positions.length + orders_working.length === 0;
  });
  await second.ask({ command: "resume", by: "test" });
  const { cash, trades, last_seq } = await second.status();
  await second.stop();
  const third = await listening(CHANGED);
  expect(await third.status()).toMatchObject({ cash, trades, last_seq, warm: false });
  await until("the log says what changes", () =>
    /configuration [0-9a-f]{12} becomes [0-9a-f]{12}: .*threshold is 0.002 and/.test(
      readFileSync(join(place.data, "logs/trader-blue.log"), "utf8"),
    ),
  );
  await push(third, 20);
  await third.kill();
  const fourth = await listening(CHANGED);
  await push(fourth, 20);
  expect((await fourth.status()).trades).toBeGreaterThan(trades);
  expect(await fourth.stop()).toBe(0);
  const reader = new EventLogReader({ root: join(place.data, "journal/trading"), book: "BLUE" }, 1);
  const starts = [...reader.poll()].flatMap((event) =>
    event.kind === "started" ? [event.configurationHash] : [],
  );
  reader.close();
  const [was, is] = [LIVELY, CHANGED].map(
    (trader) => bookConfiguration("BLUE", Configuration.parse({ trader }).trader).hash,
  );
  expect(starts).toEqual([was, was, is, is]);
  // One before the change and one behind it, each with what it ran.
  expect(replayOfLastDay(CHANGED)).toMatch(/^BLUE [-\d]+: equal, /);
});
