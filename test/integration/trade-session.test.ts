/** A day's session on real servers: trades received once, an operator's commands, the day's end, replay. */
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { controlSocketPath, serveControl } from "../../src/adapters/control-socket.ts";
import { pnlQuery, tradesSignal } from "../../src/workflows/messages/trading.ts";
import { sessionIdOf } from "../../src/workflows/names.ts";
import { until } from "../helpers/until.ts";
import { untilDayLasts } from "../helpers/day-lasts.ts";
import { reencode } from "../helpers/trading/recorded-book.ts";
import { openSessionStage, type SessionStage } from "../helpers/trading/session-stage.ts";

await untilDayLasts();
let stage: SessionStage;

beforeAll(async () => {
  stage = await openSessionStage("session");
  await stage.startWorker("trader");
});
afterAll(() => stage.close());

const target = () => ["--workflow-id", sessionIdOf("BLUE", stage.today)];
const update = (name: string, input: string) =>
  stage.cli("workflow", "update", "execute", "--name", name, "--input", input, ...target());

/** Even ones win 2, odd ones lose 1, each for a fee of 0.5. */
function tradeAt(index: number) {
  return {
    index,
    trade: {
      positionId: `p${index}`,
      asset: "BTCUSDT",
      direction: "long",
      exitReason: "max_hold",
      exitedAtMs: 1,
      pnl: index % 2 === 0 ? 2 : -1,
      fees: 0.5,
    },
  };
}

const GREEN_STATUS = {
  book: "GREEN",
  state: "running",
  strategy: "test",
  cash: 1,
  equity: 1,
  positions: [],
  orders_working: [],
  last_seq: 1,
  last_index: 5_000,
  warm: true,
  halted: false,
  latched: [],
  posture: "APEX",
  trades: 210,
};

/** Temporal is away for so many rounds; the long form takes ten minutes. */
const AWAY =
  process.env["LONG_FAULTS"] === undefined
    ? { rounds: 3, pauseMs: 0 }
    : { rounds: 30, pauseMs: 20_000 };

/** All of the trader's trades, as it reports them itself. */
async function bookedTrades() {
  const booked: { readonly positionId: unknown; readonly pnl: number }[] = [];
  for (let after = 0; ;) {
    const { trades } = await stage.trader().ask({ command: "trades", after, max: 1_000 });
    const found = trades?.trades ?? [];
    for (const { trade } of found) {
      booked.push({ positionId: trade["positionId"], pnl: Number(trade["pnl"]) });
    }
    if (found.length < 1_000) return booked;
    after = found.at(-1)!.index;
  }
}

function startSession(day: string) {
  return stage.temporal.client.workflow.start("tradeSession", {
    workflowId: sessionIdOf("BLUE", day),
    taskQueue: "dolphin-trader",
  });
}

function replayToday(...args: readonly string[]) {
  return stage.dolphin("replay", stage.today, "--book", "BLUE", ...args);
}

test("the session starts with the trader, and counts what it booked", async () => {
  await stage.feeder.push(60);
  await stage.trader().decided(60);
  const pnl = await stage.untilAllSent("the trades are told");
  expect(pnl.trades).toBeGreaterThan(3);
  expect(pnl).toMatchObject({ book: "BLUE", day: stage.today, status: "open", gaps: [] });
  const booked = await bookedTrades();
  expect(pnl.pnl).toBeCloseTo(
    booked.reduce((sum, trade) => sum + trade.pnl, 0),
    9,
  );
  expect(pnl.wins).toBe(booked.filter((trade) => 0 < trade.pnl).length);
});

describe("the plain Temporal CLI", () => {
  test("queries the profit and the positions, and lists by search attribute", async () => {
    const pnl = await stage.untilAllSent("the trades are told");
    const query = (name: string) => stage.cli("workflow", "query", "--name", name, ...target());
    expect(await query("pnl")).toContain(`"trades":${pnl.trades}`);
    expect(await query("positions")).toMatch(/"equity":\d+/);
    const metadata = await stage.cli("workflow", "metadata", ...target());
    expect(metadata).toContain("Closes every position at the next fresh scan");
    await until("it is listed", async () => {
      const list = await stage.cli("workflow", "list", "--query", `DolphinStatus="open"`);
      return list.includes(sessionIdOf("BLUE", stage.today));
    });
  });

  test("halts, resumes, enters and flattens the trader", async () => {
    expect(await update("halt", '{"by":"test"}')).toContain("halt by test");
    expect((await stage.trader().status()).halted).toBe(true);
    await expect(update("enter", '{"asset":"BTCUSDT","direction":"long"}')).rejects.toThrow(
      "enter by temporal: halted: the book is halted until it is resumed",
    );
    expect(await update("resume", "{}")).toContain("resume by temporal");
    expect((await stage.trader().status()).halted).toBe(false);
    expect(await update("flatten", "null")).toContain("flatten by temporal");
    expect((await stage.trader().status()).halted).toBe(true);
    await stage.feeder.push(2);
    await until("it is flat", async () => (await stage.trader().status()).positions.length === 0);
    await update("resume", "{}");
    const entry = '{"asset":"ETHUSDT","direction":"short","share":0.1,"id":"mine","by":"test"}';
    expect(await update("enter", entry)).toContain("enter by test");
    // The same id again, as another update or by hand, does nothing again.
    expect(await update("enter", entry)).toContain("was done before");
    const byHand = ["enter", "BLUE", "ETHUSDT", "--direction", "short", "--id", "mine"];
    expect(await stage.dolphin(...byHand)).toMatchObject({
      code: 0,
      out: expect.stringContaining("was done before"),
    });
    // What became of the order is the paper broker's to say: it rejects one in ten here.
    const { trades: before } = await stage.trader().status();
    expect(await update("flatten", "{}")).toContain("flatten by temporal");
    await stage.feeder.push(3);
    await until("it is flat again", async () => {
      const { positions, orders_working, trades } = await stage.trader().status();
      return positions.length + orders_working.length === 0 && before <= trades;
    });
    await update("resume", "{}");
  });

  test.each([
    ["enter", "{}", "field 'asset' is missing"],
    ["enter", '{"asset":"BTCUSDT","direction":"up"}', "must be 'long' or 'short', was \"up\""],
    ["enter", '{"asset":"BTCUSDT","direction":"long","share":2}', "a number above 0 and at most 1"],
    [
      "enter",
      '{"asset":"BTCUSDT","direction":"long","hold_scans_max":100001}',
      "hold_scans_max: Too big: expected number to be <=100000",
    ],
    ["enter", '{"asset":"NOSUCH","direction":"long"}', "the last scan has no price of 'NOSUCH'"],
    ["halt", '{"now":true}', "unknown field 'now'; the fields are: id, by"],
    ["flatten", "[1]", "input must be one JSON object, was [1]"],
    ["resume", '{"id":7}', "field 'id' must be a text of 1 to 200 characters, was 7"],
    ["settle", '{"day":1}', "unknown field 'day'"],
  ])("update %s with %s is refused with a reason", async (name, input, reason) => {
    await expect(update(name, input)).rejects.toThrow(reason);
  });

  test("what is no range of trades is counted, and changes nothing else", async () => {
    const before = await stage.untilAllSent("the trades are told");
    for (const input of ["7", '{"from":1}', '{"from":1,"to":5,"trades":[{}],"view":null}']) {
      await stage.cli("workflow", "signal", "--name", "trades", "--input", input, ...target());
    }
    const after = await stage.pnl();
    expect(after).toEqual({ ...before, cursor: after.cursor, ignored: before.ignored + 3 });
  });
});

describe("the trades sent to the session", () => {
  test(
    "is reported once, however Temporal, its worker and the trader come and go",
    async () => {
      await stage.killTemporal();
      for (let round = 0; round < AWAY.rounds; round += 1) {
        await stage.feeder.push(400);
        await stage.trader().decided(stage.feeder.seq());
        await delay(AWAY.pauseMs);
      }
      const { trades } = await stage.trader().status();
      await stage.restartTemporal();
      await stage.untilAllSent("what was booked meanwhile is told");
      await stage.stopWorker("SIGKILL");
      await stage.feeder.push(40);
      await stage.trader().decided(stage.feeder.seq());
      await stage.trader().kill();
      await stage.startTrader();
      await stage.startWorker("trader");
      await stage.feeder.push(40);
      await stage.trader().decided(stage.feeder.seq());
      const pnl = await stage.untilAllSent("all is told");
      expect(pnl.trades).toBeGreaterThan(trades + 3);
      expect(pnl.gaps).toEqual([]);
      const booked = await bookedTrades();
      expect(new Set(booked.map(({ positionId }) => positionId)).size).toBe(pnl.trades);
      expect(booked.length).toBe(pnl.trades);
      expect(pnl.pnl).toBeCloseTo(
        booked.reduce((sum, trade) => sum + trade.pnl, 0),
        6,
      );
    },
    300_000 + AWAY.rounds * (AWAY.pauseMs + 10_000),
  );

  test("again, from the beginning, counts nothing again", async () => {
    const before = await stage.untilAllSent("all is told");
    await stage.stopWorker();
    writeFileSync(join(stage.place.data, "journal/trading/BLUE/told.json"), "torn");
    await stage.startWorker("trader");
    const after = await until("it was told again", async () => {
      const pnl = await stage.pnl();
      return (before.cursor ?? 0) < (pnl.cursor ?? 0) ? pnl : null;
    });
    const { events } = await stage.session(stage.today).fetchHistory();
    const signals = (events ?? []).flatMap(
      (event) => event.workflowExecutionSignaledEventAttributes ?? [],
    );
    const signalled = signals.map(({ input }) =>
      Buffer.from(input?.payloads?.[0]?.data ?? []).toString(),
    );
    expect(signalled.filter((text) => text.startsWith('{"from":1,')).length).toBeGreaterThan(1);
    // More than fit into one message were booked while Temporal was away.
    expect(Math.max(...signalled.map((text) => text.split('"positionId"').length - 1))).toBe(100);
    expect([after.trades, after.pnl, after.gaps]).toEqual([before.trades, before.pnl, []]);
  });

  test("all go to a Temporal that has lost its database", async () => {
    await stage.untilAllSent("all is told");
    await stage.stopWorker();
    await stage.killTemporal();
    rmSync(join(stage.lab.dir, "temporal"), { recursive: true });
    await stage.restartTemporal();
    await stage.startWorker("trader");
    await stage.feeder.push(40);
    await stage.trader().decided(stage.feeder.seq());
    expect((await stage.untilAllSent("all is told again")).gaps).toEqual([]);
  });

  test("goes to the sessions of the days that it belongs to", async () => {
    const days = ["2026-02-03", "2026-02-04"];
    const trades = Array.from({ length: 210 }, (_, at) => {
      const exitedAtMs = Date.parse(`${days[at < 150 ? 0 : 1]}T12:00:00Z`);
      return { ...tradeAt(10 * at + 5).trade, exitedAtMs };
    }).map((trade, at) => ({ index: 10 * at + 5, trade }));
    // A trader of another book, as far as its socket shows it.
    const path = controlSocketPath(stage.place.data, "trader-green");
    const socket = await serveControl(path, { requestCharsMax: 10_000 }, async (line) => {
      const { id, command, after, max } = JSON.parse(line);
      const answer = { id, ok: true, detail: "", status: null, trades: null };
      if (command === "status") return JSON.stringify({ ...answer, status: GREEN_STATUS });
      const found = trades.filter(({ index }) => after < index).slice(0, max);
      const to = found.length < max ? Math.max(after, 5_000) : (found.at(-1)?.index ?? after);
      return JSON.stringify({ ...answer, trades: { from: after + 1, to, trades: found } });
    });
    try {
      for (const [at, count] of [150, 60].entries()) {
        const handle = stage.temporal.client.workflow.getHandle(`trades-GREEN-${days[at]}`);
        await until("it was started", () => handle.describe().catch(() => null));
        const result: unknown = await handle.result();
        expect(result).toMatchObject({ status: "settled", trades: count, gaps: [], pending: 0 });
      }
    } finally {
      socket.close();
    }
  });

  test.each([
    ["as it comes", "trades-GREEN-2999-01-01"],
    // What waited for the book is taken in one step, and then nothing more may come for hours.
    ["before its worker serves", "trades-GREEN-2999-01-02"],
  ])("%s, and its figures survive continue-as-new; a hole is named", async (when, workflowId) => {
    const { workflow } = stage.temporal.client;
    const isEarly = when !== "as it comes";
    if (isEarly) await stage.stopWorker();
    const handle = await workflow.start("tradeSession", {
      workflowId,
      taskQueue: "dolphin-trader",
      args: [{ after: 4, history_max: 20 }],
    });
    for (let at = 5; at <= 30; at += 1) {
      await handle.signal(tradesSignal, { from: at, to: at, trades: [tradeAt(at)], view: null });
    }
    // One that was sent before, with one that was not; then one after a gap.
    const both = [tradeAt(30), tradeAt(31)];
    await handle.signal(tradesSignal, { from: 30, to: 32, trades: both, view: null });
    await handle.signal(tradesSignal, { from: 40, to: 45, trades: [tradeAt(44)], view: null });
    if (isEarly) await stage.startWorker("trader");
    const newest = workflow.getHandle(workflowId);
    await until("continued as new", async () => {
      const { raw } = await newest.describe();
      const info = raw.workflowExecutionInfo;
      return info?.firstRunId !== info?.execution?.runId;
    });
    const pnl = await until("counted", async () => {
      const found = await newest.query(pnlQuery);
      return found.cursor === 45 ? found : null;
    });
    expect(pnl).toMatchObject({ trades: 28, wins: 14, losses: 14, pnl: 14, fees: 14 });
    expect(pnl.gaps).toEqual([{ from: 33, to: 39 }]);
    await newest.terminate("test");
  });
});

describe("a day that is over", () => {
  test("is settled once no trade of it is left to send", async () => {
    const handle = await startSession("2026-01-02");
    const result: unknown = await handle.result();
    expect(result).toMatchObject({ day: "2026-01-02", status: "settled", trades: 0 });
  });

  test("says unsettled while its trader is away, and settles when it is back", async () => {
    await stage.stopTrader();
    const handle = await startSession("2026-01-03");
    const unsettled = await until("unsettled", async () => {
      const pnl = await handle.query(pnlQuery);
      return pnl.status === "unsettled" ? pnl : null;
    });
    expect(unsettled.reason).toContain("no trader of BLUE runs here; 'dolphin start trader-blue'");
    await stage.startTrader();
    const settle = ["workflow", "update", "execute", "--name", "settle"];
    const output = await stage.cli(...settle, "--workflow-id", sessionIdOf("BLUE", "2026-01-03"));
    expect(output).toContain("settled");
    expect(await handle.result()).toMatchObject({ status: "settled" });
  });

  test("with a wrong input the workflow fails and says why", async () => {
    const { workflow } = stage.temporal.client;
    const failing = workflow.execute("tradeSession", {
      workflowId: "odd",
      taskQueue: "dolphin-trader",
    });
    await expect(failing).rejects.toMatchObject({
      cause: { message: expect.stringContaining("field 'book' is missing, and workflow id 'odd'") },
    });
  });
});

describe("`dolphin replay` after a real run", () => {
  test("is equal: every step, trade, snapshot and fill", async () => {
    await stage.stopTrader();
    const { code, out } = await replayToday("--json");
    const parsed = JSON.parse(out);
    expect(parsed).toMatchObject({ verdict: "equal", undigested: 0, differences: 0 });
    expect(parsed.trades).toBeGreaterThan(30);
    expect(parsed.compared.trades).toBe(parsed.trades);
    expect(parsed.compared.fills).toBeGreaterThan(parsed.trades);
    expect(parsed.compared.snapshots).toBeGreaterThan(0);
    expect(code).toBe(0);
  });

  test("is different when a price was changed, and shows the event", async () => {
    const folder = join(stage.place.data, "journal/trading");
    const fresh = join(stage.lab.dir, "changed");
    let changed = -1;
    reencode({ root: folder, book: "BLUE" }, { root: fresh, book: "BLUE" }, (event) => {
      if (event.kind !== "scan" || event.seq !== 50) return event;
      changed = event.index;
      const prices = event.prices.slice();
      prices[event.pricesAt] = 1.000_01 * (prices[event.pricesAt] ?? 0);
      return { ...event, prices };
    });
    const segment = `BLUE/${stage.today}.seg`;
    cpSync(join(folder, segment), join(stage.lab.dir, "segment"));
    cpSync(join(fresh, segment), join(folder, segment));
    const { code, out } = await replayToday();
    cpSync(join(stage.lab.dir, "segment"), join(folder, segment));
    expect(out).toContain(`first at event ${changed}, in its event`);
    expect(out).toContain('"seq":50');
    expect(code).toBe(1);
  });

  test.each([
    [["2026-01-01"], 3, "the segment 2026-01-01 of BLUE is missing"],
    [["2026-01-01", "--book", "GREEN"], 3, "book GREEN has no log of its own"],
  ])("%j is not comparable", async (args, status, reason) => {
    const { code, out } = await stage.dolphin("replay", ...args);
    expect([code, out]).toEqual([status, expect.stringContaining(reason)]);
  });

  test.each([
    [["yesterday"], "the date must be a day such as 2026-03-25, was 'yesterday'"],
    [["2026-01-01", "--book", "RED"], "--book must be BLUE, was 'RED'"],
  ])("%j is bad usage", async (args, reason) => {
    const { code, err } = await stage.dolphin("replay", ...args);
    expect([code, err]).toEqual([64, expect.stringContaining(reason)]);
  });
});
