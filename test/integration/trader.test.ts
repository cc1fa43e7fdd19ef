/** The trader as a process with a real member, through every kind of death. */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { askControl } from "../../src/adapters/control-socket.ts";
import { SAFETY_KEY, SAFETY_MAP } from "../../src/wire/safety/posture-value.ts";
import { STATE_KEY } from "../../src/wire/trading/trader-values.ts";
import { type Lab, openLab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { untilDayLasts } from "../helpers/day-lasts.ts";
import { DOLPHIN } from "../helpers/up.ts";
import {
  auditBook,
  BOOK_ASSETS,
  createFeeder,
  type Feeder,
  LIVELY,
  seqsTo,
  spawnTrader,
  type TraderPlace,
  type TraderProcess,
} from "../helpers/trader.ts";

await untilDayLasts();
let lab: Lab;
let place: TraderPlace;
let feeder: Feeder;
const running: TraderProcess[] = [];

beforeAll(async () => {
  lab = await openLab("trader");
});
afterEach(() => Promise.all(running.splice(0).map((trader) => trader.kill())));
afterAll(() => lab.close());

async function begin(): Promise<void> {
  const site = await lab.site();
  place = { ...site, address: lab.address };
  feeder = createFeeder(lab.cluster);
  await feeder.posture();
}

function start(env: Readonly<Record<string, string>> = {}): TraderProcess {
  const trader = spawnTrader(place, LIVELY, env);
  running.push(trader);
  return trader;
}

async function listening(trader: TraderProcess): Promise<void> {
  await trader.ready();
  await trader.hearsHazelcast();
}

async function stateInHazelcast(): Promise<Record<string, unknown>> {
  const map = await lab.cluster.client.getMap<string, string>("DOLPHIN_STATE_BLUE");
  return JSON.parse((await map.get(STATE_KEY)) ?? "{}");
}

test("where no watchdog publishes a posture the configured one is, and entries are made", async () => {
  await begin();
  const safety = await lab.cluster.client.getMap<string, string>(SAFETY_MAP);
  await safety.delete(SAFETY_KEY);
  const bare = start();
  await listening(bare);
  expect(await bare.status()).toMatchObject({ state: "no entries: posture UNKNOWN" });
  await bare.stop();
  const own = { posture: "TURTLE", watchdog: false };
  const trader = spawnTrader(place, LIVELY, {}, { safety: own });
  running.push(trader);
  await listening(trader);
  await until("it hears a posture", async () => (await trader.status()).posture === "TURTLE");
  await feeder.push(60);
  await trader.decided(60);
  expect((await trader.status()).trades).toBeGreaterThan(0);
  expect(JSON.parse((await safety.get(SAFETY_KEY)) ?? "{}")).toMatchObject({ source: "static" });
});

test("scans become trades; state, profit, journal and a fold of it agree", async () => {
  await begin();
  const trader = start();
  await listening(trader);
  await feeder.push(80);
  await trader.decided(80);
  const status = await trader.status();
  expect(status.warm).toBe(true);
  expect(status.trades).toBeGreaterThan(3);
  const state = await until("the state is published", async () => {
    const found = await stateInHazelcast();
    return found["last_seq"] === 80 ? found : null;
  });
  expect(state).toMatchObject({
    capital: status.cash,
    trades_executed: status.trades,
    posture: "APEX",
  });
  const { trades } = await trader.ask({ command: "trades", after: 0, max: 1_000 });
  expect(trades?.trades).toHaveLength(status.trades);
  const rest = await trader.ask({ command: "trades", after: trades?.to ?? 0 });
  expect(rest.trades?.trades).toEqual([]);
  expect(await trader.stop()).toBe(0);
  const audit = auditBook(place);
  expect(audit.decided).toEqual(seqsTo(80));
  expect(audit.trader.data.account).toMatchObject({ cash: status.cash, trades: status.trades });
  expect(audit.trades).toBe(status.trades);
  const pnl = await lab.cluster.client.getMap<string, string>("DOLPHIN_PNL_BLUE");
  const day = JSON.parse((await pnl.get(audit.trader.data.day.day)) ?? "{}");
  expect(day).toMatchObject({ trades: status.trades, capital_end: status.cash });
});

test("what its listener did not receive is read from the ringbuffer, in order", async () => {
  await begin();
  const trader = start();
  await listening(trader);
  await feeder.push(5);
  await trader.decided(5);
  // A batch: the ringbuffer has every scan, there is an event for the last one.
  const texts = Array.from({ length: 300 }, () => feeder.nextText());
  for (const text of texts) await feeder.ring(text);
  await feeder.tell(texts.at(-1)!);
  await trader.decided(305);
  // The event comes before the ring has what it follows.
  const early = [feeder.nextText(), feeder.nextText()];
  await feeder.tell(early[1]!);
  await feeder.ring(early[0]!);
  await feeder.ring(early[1]!);
  await trader.decided(307);
  await trader.stop();
  const { decided, trader: folded } = auditBook(place);
  expect(decided).toEqual(seqsTo(307));
  expect(folded.data.scans.barIndex).toBe(307);
});

test("a first start takes what the ringbuffer holds, for its windows only", async () => {
  await begin();
  await feeder.push(120);
  const trader = start();
  await trader.ready();
  await trader.decided(120);
  expect(await trader.status()).toMatchObject({ warm: true, trades: 0, positions: [] });
});

test("a seq that nobody has is declared lost, once", async () => {
  await begin();
  const trader = start();
  await listening(trader);
  await feeder.push(5);
  feeder.nextText();
  await feeder.push(3);
  await trader.decided(9);
  await trader.beatWhere("one is lost", ({ counters }) => counters["scans_lost"] === 1);
  await trader.stop();
  const { decided, events } = auditBook(place);
  expect(decided).toEqual(seqsTo(9));
  expect(events.filter(({ kind }) => kind === "scan_lost")).toHaveLength(1);
});

test.each([
  ["before_append", 70],
  ["appended", 60],
  ["appended", 61],
  ["appended", 75],
  ["report_appended", 5],
  ["report_appended", 6],
  ["stepped", 66],
  ["published", 30],
  ["outbox_written", 3],
] as const)("killed at %s, passing %i: every seq once, the book whole", async (step, times) => {
  await begin();
  const first = start({ TEST_STEP: step, TEST_TIMES: String(times) });
  await listening(first);
  for (let i = 0; i < 200 && !first.isGone(); i++) await feeder.push();
  await until("it has killed itself", async () => {
    if (!first.isGone()) await feeder.push();
    return first.isGone();
  });
  await feeder.push(10);
  const second = start();
  await listening(second);
  await feeder.push(30);
  await second.decided(feeder.seq());
  const status = await second.status();
  const answered = await second.ask({ command: "trades", after: 0, max: 1_000 });
  await second.kill();
  const audit = auditBook(place);
  expect(audit.decided).toEqual(seqsTo(feeder.seq()));
  expect(audit.trader.data.account).toMatchObject({ cash: status.cash, trades: status.trades });
  expect(answered.trades?.trades).toHaveLength(audit.trades);
  expect(audit.trades).toBeGreaterThan(0);
});

test("Hazelcast killed and back empty: nothing missed, nothing doubled", async () => {
  await begin();
  const trader = start();
  await listening(trader);
  await feeder.push(40);
  await trader.decided(40);
  await lab.replaceMember(async () => {
    await trader.beatWhere("it waits", ({ state }) => state === "waiting: hazelcast");
    await trader.ask({ command: "halt" });
  });
  const texts = [feeder.nextText(), feeder.nextText()];
  for (const text of texts) await feeder.ring(text);
  await feeder.tell(texts[1]!);
  await trader.decided(42);
  await feeder.push(10);
  await trader.decided(52);
  await until("its state is back", async () => (await stateInHazelcast())["last_seq"] === 52);
  expect(await trader.status()).toMatchObject({ halted: true });
  await trader.stop();
  expect(auditBook(place).decided).toEqual(seqsTo(52));
});

test("the control socket is the owner's; commands are done once for each id", async () => {
  await begin();
  const trader = start();
  await listening(trader);
  await feeder.push(20);
  await trader.decided(20);
  expect(statSync(trader.socket).mode & 0o777).toBe(0o600);
  const halted = await trader.ask({ command: "halt", id: "one" });
  expect(halted).toMatchObject({ ok: true, status: { halted: true } });
  expect(await trader.ask({ command: "resume", id: "two" })).toMatchObject({
    status: { halted: false },
  });
  // The same id again does nothing again.
  expect(await trader.ask({ command: "halt", id: "one" })).toMatchObject({
    ok: true,
    status: { halted: false },
  });
  expect(await trader.ask({ command: "enter", asset: "NOSUCH", direction: "long" })).toMatchObject({
    ok: false,
  });
  const line = await askControl(trader.socket, "not json", {
    withinMs: 60_000,
    answerCharsMax: 10_000,
  });
  expect(JSON.parse(line)).toMatchObject({ ok: false, detail: "the request is not a JSON line" });
  expect(await trader.ask({ command: "flatten" })).toMatchObject({ ok: true });
  await feeder.push(4);
  await trader.decided(24);
  expect(await trader.status()).toMatchObject({ halted: true, positions: [] });
});

/** Trades by hand only, and each order is filled whole. */
const QUIET = {
  ...LIVELY,
  parameters: { ...LIVELY.parameters, threshold: 1e9 },
  partial_share: 0,
  reject_share: 0,
};

const enter = (...args: readonly string[]) => verb("enter", ...args);

/** `dolphin VERB BLUE ...`: its exit status, and what it printed. */
function verb(name: string, ...args: readonly string[]): Promise<readonly [number, string]> {
  const env = {
    ...process.env,
    DOLPHIN_CONFIG: join(place.dir, "trader.yaml"),
    // Nobody listens there: the verb does without Temporal.
    TEMPORAL_ADDRESS: "127.0.0.1:9",
  };
  return new Promise((resolve) => {
    const child = execFile(DOLPHIN, [name, "BLUE", ...args], { env }, (_, out, err) => {
      resolve([child.exitCode ?? -1, out + err]);
    });
  });
}

const long = (asset: string, ...more: readonly string[]) =>
  enter(asset, "--direction", "long", ...more);
const refused = (why: string) => [1, expect.stringContaining(why)];

test("`dolphin enter` opens a position once for its id, and says why it does not", async () => {
  await begin();
  const first = spawnTrader(place, QUIET);
  running.push(first);
  await listening(first);
  await feeder.push(20);
  await first.decided(20);
  expect(await long("NOSUCH")).toEqual(refused("the last scan has no price of 'NOSUCH'"));
  await feeder.posture("HIBERNATE");
  await until("HIBERNATE", async () => (await first.status()).posture === "HIBERNATE");
  expect(await long("BTCUSDT")).toEqual(refused("posture_hibernate: the posture is HIBERNATE"));
  await feeder.posture();
  await until("APEX", async () => (await first.status()).posture === "APEX");
  await first.ask({ command: "halt" });
  expect(await long("BTCUSDT", "--id", "e")).toEqual(refused("halted: the book is halted"));
  await first.ask({ command: "resume" });
  const [status, text] = await long("BTCUSDT", "--id", "e", "--share", "0.1", "--json");
  expect([status, JSON.parse(text)]).toMatchObject([
    0,
    { id: "e", ok: true, detail: expect.stringMatching(/^enter by .*: buy .* BTCUSDT as BLUE-e/) },
  ]);
  await feeder.push(2);
  await until("it is filled", async () => (await first.status()).positions.length === 1);
  await first.kill();
  const second = spawnTrader(place, QUIET);
  running.push(second);
  await listening(second);
  expect(await long("BTCUSDT", "--id", "e")).toEqual([0, expect.stringContaining("done before")]);
  expect((await second.status()).positions).toMatchObject([{ asset: "BTCUSDT" }]);
  expect(await long("BTCUSDT")).toEqual(refused("position_open: BTCUSDT is held already"));
  expect(await long("ETHUSDT")).toEqual(refused("limit_positions: the entry would break it"));
  expect(await long("ETHUSDT")).toEqual(refused("limit_positions: the entry would break it"));
  for (const [args, why] of [
    [[], "required option '--direction <direction>' not specified"],
    [["--direction", "up"], "Allowed choices are long, short"],
    [["--direction", "long", "--share", "2"], "--share takes a number above 0 and at most 1"],
    [["--direction", "long", "--hold-scans", "1.5"], "--hold-scans takes a count of 1"],
  ] as const) {
    expect(await enter("BTCUSDT", ...args)).toEqual([64, expect.stringContaining(why)]);
  }
  // What no order can close is closed in the book.
  expect(await verb("close", "ETHUSDT", "--at", "1")).toEqual(
    refused("no position ETHUSDT; open: BLUE-e"),
  );
  expect(await verb("close", "BTCUSDT", "--at", "x")).toEqual([
    64,
    expect.stringContaining("--at takes a price of at least 0, was 'x'"),
  ]);
  expect(await verb("close", "BTCUSDT", "--at", "12.5")).toEqual([
    0,
    expect.stringMatching(
      /^BLUE: close by .+: BLUE-e\d+-1, long \S+ BTCUSDT, at 12.5; its last mark was \S+ of \S+; pnl -\S+; flat/,
    ),
  ]);
  const { trades } = await second.ask({ command: "trades", after: 0 });
  expect(trades?.trades).toMatchObject([{ trade: { exitReason: "operator", exitPrice: 12.5 } }]);
  const { cash } = await second.status();
  await second.stop();
  const audit = auditBook(place, QUIET);
  expect(audit.decided).toEqual(seqsTo(feeder.seq()));
  expect(audit.trader.data.account.cash).toBe(cash);
  expect(await long("BTCUSDT")).toEqual(refused("no trader of BLUE runs on"));
});

test("`dolphin flatten` waits until the book is flat, and says what stays open for want of a price", async () => {
  await begin();
  const trader = spawnTrader(place, QUIET);
  running.push(trader);
  await listening(trader);
  await feeder.push(20);
  await trader.decided(20);
  expect(await long("BTCUSDT", "--hold-scans", "9999")).toEqual([0, expect.any(String)]);
  await feeder.push(2);
  await until("it is filled", async () => (await trader.status()).positions.length === 1);
  const [gone, ...rest] = BOOK_ASSETS;
  await feeder.pushOf(rest);
  await trader.decided(feeder.seq());
  const left = expect.stringMatching(/1 open \(no price for BTCUSDT since /);
  expect(await verb("flatten", "--wait", "500ms")).toEqual([2, left]);
  const again = await verb("flatten", "--wait", "100ms", "--json");
  expect([again[0], JSON.parse(again[1])]).toMatchObject([
    2,
    {
      ok: true,
      left_open: [{ asset: gone, why: expect.stringContaining("no price for BTCUSDT") }],
    },
  ]);
  const state = await until("the state is published", async () => {
    const found = await stateInHazelcast();
    return found["last_seq"] === feeder.seq() ? found : null;
  });
  expect(state["open_positions"]).toMatchObject([{ no_price_since: expect.any(String) }]);
  const waiting = verb("flatten", "--wait", "60s");
  await feeder.push(4);
  expect(await waiting).toEqual([0, expect.stringContaining("; flat, equity")]);
});

test("scans of a wrong clock: reported and corrected within a bound, and beyond it no decisions", async () => {
  await begin();
  const trader = spawnTrader(place, { ...LIVELY, age_budgets_s: { scan: 30 } });
  running.push(trader);
  await listening(trader);
  await feeder.push(8, 45_000);
  const within = await trader.beatWhere("it is set right", ({ facts }) =>
    Boolean(facts?.notes?.[0]?.says.includes("that is taken off their age")),
  );
  expect(within.facts?.notes?.[0]?.says).toMatch(/^scans are \d\d s behind the clock/);
  expect(within.state).not.toMatch(/no decisions/);
  await feeder.push(32, 600_000);
  const beyond = await trader.beatWhere("no decisions", ({ state }) =>
    state.startsWith("no decisions"),
  );
  expect(beyond.state).toMatch(/^no decisions: scans are 6\d\d s off$/);
  expect((await trader.status()).scan_offset_s).toBeGreaterThan(599);
});

test("a second trader of the book is refused, and the first goes on", async () => {
  await begin();
  const first = start();
  await listening(first);
  const second = start();
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain("a book has one trader");
  await feeder.push(3);
  await first.decided(3);
});
