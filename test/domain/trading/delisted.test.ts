import { expect, test } from "vitest";
import { feedBacktest, finishBacktest } from "../../../src/domain/backtest/backtest.ts";
import type { TraderCommand } from "../../../src/domain/trading/commands.ts";
import type { Delisting } from "../../../src/domain/trading/configuration.ts";
import type { ScanEvent } from "../../../src/domain/trading/events.ts";
import type { Trade } from "../../../src/domain/trading/orders.ts";
import { restoreFrom, snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import { stepTrader } from "../../../src/domain/trading/trader.ts";
import { createShadow, stepShadow } from "../../../src/domain/trading/shadow/shadow.ts";
import { twinOf } from "../../../src/domain/trading/shadow/twin-of.ts";
import { createComparison } from "../../../src/domain/trading/shadow/comparison.ts";
import { DEFAULT_PAPER_SETTINGS } from "../../../src/domain/trading/broker/paper-broker.ts";
import { pricesAt, startHolder } from "../../helpers/trading/held-asset.ts";
import { CONFIGURATION, DAY_START_MS } from "../../helpers/trading/random-day.ts";
import { scanNumbered, scripted } from "../../helpers/trading/scripted.ts";

const SCAN_MS = 5_000;
const AFTER_MS = 60_000;
/** Scans of the silence after which a position is written off. */
const SCANS = AFTER_MS / SCAN_MS;
const GONE = { assets: ["AAA", "CCC"], prices: Float64Array.of(100, 5) };
const NO_PRICES = { prices: Float64Array.of(Number.NaN, Number.NaN, Number.NaN) };

function stage(delisting: Partial<Delisting> | null, direction: "long" | "short" = "long") {
  const changes =
    delisting === null ? {} : { delisting: { afterMs: AFTER_MS, share: 1, ...delisting } };
  const limits = { ...CONFIGURATION.limits, dailyLossMax: 1, drawdownMax: 1 };
  const played = scripted({ ...changes, limits });
  const commands: TraderCommand[] = [];
  let seq = 3;
  let atMs = 0;
  const scan = (facts: Partial<ScanEvent> = {}, afterMs = SCAN_MS) => {
    atMs += afterMs;
    const { trader } = played;
    const nowMs = DAY_START_MS + atMs;
    const event = { ...scanNumbered(seq, nowMs), index: trader.nextIndex, nowMs, ...facts };
    commands.push(...stepTrader(trader, event));
    seq += 1;
  };
  const again = (count: number, facts: Partial<ScanEvent>) => {
    for (let left = count; left > 0; left -= 1) scan(facts);
  };
  played.warmUp();
  const plan = { takeProfit: 1, stopLoss: 1, holdScansMax: 1e6, bucket: "operator" };
  const enter = { kind: "enter", asset: "BBB", direction, share: 0.1, plan } as const;
  played.tell({ kind: "operator", commandId: "e", by: "ops", command: enter });
  played.fill(20);
  played.tell({ kind: "operator", commandId: "h2", by: "ops", command: { kind: "halt" } });
  const trades = () =>
    commands.flatMap((one): Trade[] => (one.kind === "book_trade" ? [one.trade] : []));
  const notes = () => commands.flatMap((one) => (one.kind === "note" ? [one.note] : []));
  return { ...played, scan, again, trades, notes, commands };
}

test.each([
  ["long", 1, 20],
  ["long", 0.25, 5],
  ["long", 0, 0],
  ["short", 1, 20],
  ["short", 0.25, 35],
] as const)("a %s position whose asset is gone is written off at %d of its mark: %d", (...row) => {
  const [direction, share, price] = row;
  const { again, trades, notes, trader } = stage({ share }, direction);
  again(2, {});
  again(SCANS - 1, GONE);
  expect(trades()).toEqual([]);
  again(1, GONE);
  expect(trades()).toMatchObject([{ asset: "BBB", exitReason: "delisted", exitPrice: price }]);
  expect(notes()).toContainEqual(
    expect.objectContaining({ code: "written_off", severity: "alert", subject: "BBB" }),
  );
  const { account, positions } = trader.data;
  expect(positions).toEqual([]);
  const { quantity, pnl } = trades()[0]!;
  expect(pnl).toBeCloseTo((direction === "long" ? 1 : -1) * (price - 20) * quantity, 6);
  expect(account.equity).toBe(account.cash);
  expect(account.cash).toBeCloseTo(100_000 + pnl, 6);
});

test("flattened while its asset is gone, it is written off, and its order is taken back", () => {
  const { scan, again, tell, trades, orders, commands } = stage({});
  tell({ kind: "operator", commandId: "f", by: "ops", command: { kind: "flatten" } });
  scan();
  again(SCANS, GONE);
  const { clientOrderId } = orders.at(-1) ?? { clientOrderId: "" };
  const sent = commands.find((one) => one.kind === "submit_order");
  expect(sent).toMatchObject({ order: { purpose: "exit", asset: "BBB" } });
  expect(commands).toContainEqual({
    kind: "cancel_order",
    clientOrderId: sent?.kind === "submit_order" ? sent.order.clientOrderId : clientOrderId,
  });
  expect(trades()).toMatchObject([{ exitReason: "delisted" }]);
});

test.each<[string, (at: ReturnType<typeof stage>) => void]>([
  ["a day without scans", ({ scan }) => scan(GONE, 86_400_000)],
  ["scans without any price", ({ again }) => again(5 * SCANS, NO_PRICES)],
  ["a price in between", ({ scan }) => scan()],
  ["scans that came late", ({ again }) => again(5 * SCANS, { ...GONE, isLate: true })],
])("%s is no silence of an asset", (_, happens) => {
  const staged = stage({});
  staged.again(2, {});
  staged.again(SCANS / 2 - 1, GONE);
  happens(staged);
  // A gap counts for no more than the age budget of a scan.
  expect(staged.trader.data.positions[0]?.unpricedMs ?? 0).toBeLessThanOrEqual(
    AFTER_MS / 2 + 30_000,
  );
  expect(staged.trades()).toEqual([]);
});

test("a backlog that is replayed counts, and writes off at the first fresh scan only", () => {
  const { again, trades } = stage({});
  again(2, {});
  again(3 * SCANS, { ...GONE, isReplayed: true });
  expect(trades()).toEqual([]);
  again(1, GONE);
  expect(trades()).toHaveLength(1);
});

test("an asset that comes back stays written off, is reported once, and may be entered again", () => {
  const { again, tell, trades, notes, trader, orders } = stage({});
  again(2, {});
  again(SCANS, GONE);
  again(3, {});
  expect(trades()).toHaveLength(1);
  expect(trader.data.positions).toEqual([]);
  const returned = notes().filter(({ code }) => code === "asset_returned");
  expect(returned).toMatchObject([{ severity: "alert", subject: "BBB" }]);
  const plan = { takeProfit: 1, stopLoss: 1, holdScansMax: 9, bucket: "operator" };
  const afterMs = trader.data.nowMs - DAY_START_MS;
  tell({ kind: "operator", commandId: "r2", by: "ops", command: { kind: "resume" } }, afterMs);
  tell({ kind: "posture", posture: "APEX", asOfMs: trader.data.nowMs, source: "test" }, afterMs);
  tell({ kind: "feature", name: "mood", value: 1, asOfMs: trader.data.nowMs }, afterMs);
  const command = { kind: "enter", asset: "BBB", direction: "long", share: 0.1, plan } as const;
  tell({ kind: "operator", commandId: "e2", by: "ops", command }, afterMs);
  expect(orders.at(-1)).toMatchObject({ asset: "BBB", purpose: "entry" });
});

test("a book without the setting keeps the position, and its state as it was", () => {
  const { again, trades, trader } = stage(null);
  again(10 * SCANS, GONE);
  expect(trades()).toEqual([]);
  expect(trader.data.positions).toHaveLength(1);
  expect(JSON.stringify(snapshotOf(trader))).not.toMatch(/unpricedMs|writtenOff/);
});

test("folded on from a snapshot within the silence it is written off at the same scan", () => {
  const { again, scan, trader } = stage({});
  again(2, {});
  again(SCANS - 4, GONE);
  const other = restoreFrom(trader.configuration, snapshotOf(trader));
  for (let left = 6; left > 0; left -= 1) {
    const { nextIndex, data } = trader;
    scan(GONE);
    const event = { ...scanNumbered(data.scans.lastSeq, data.nowMs), ...GONE };
    stepTrader(other, { ...event, index: nextIndex, nowMs: data.nowMs });
    expect(JSON.stringify(snapshotOf(other))).toBe(JSON.stringify(snapshotOf(trader)));
  }
  expect(trader.data.positions).toEqual([]);
});

test("a backtest writes off, too: the cash is free for the next position", () => {
  const trades: Trade[] = [];
  const hour = 3_600_000;
  const run = startHolder();
  const listen = run.desk.onCommands;
  Object.assign(run.desk, {
    onCommands: (...[event, commands]: Parameters<typeof listen>) => {
      listen(event, commands);
      for (const one of commands) if (one.kind === "book_trade") trades.push(one.trade);
    },
  });
  const chunk = pricesAt([0, 1, 2].map((at) => [at * hour, 100 + at] as const));
  feedBacktest(run, chunk);
  const rest = pricesAt(Array.from({ length: 30 }, (_, at) => [(at + 3) * hour, 7] as const));
  feedBacktest(run, { ...rest, assets: ["OTHER"] });
  const report = finishBacktest(run);
  expect(trades).toMatchObject([{ asset: "AAA", exitReason: "delisted", exitPrice: 102 }]);
  expect(report.trades.byExitReason).toHaveProperty("delisted");
  expect(run.desk.trader.data.positions).toMatchObject([{ asset: "OTHER" }]);
});

const close = (position: string, price: number, commandId = "c") =>
  ({
    kind: "operator",
    commandId,
    by: "ops",
    command: { kind: "close", position, price },
  }) as const;

test.each([["BLUE-e5-1"], ["BBB"]])(
  "an operator closes %s at a price, with an audit line",
  (named) => {
    const { again, tell, trader } = stage({});
    again(2, {});
    again(2, GONE);
    expect(trader.data.positions).toMatchObject([{ id: "BLUE-e5-1" }]);
    const { quantity } = trader.data.positions[0]!;
    const commands = tell(close(named, 12.5), 40_000);
    expect(trader.data.positions).toEqual([]);
    const pnl = (12.5 - 20) * quantity;
    expect(commands).toContainEqual(
      expect.objectContaining({
        kind: "book_trade",
        trade: expect.objectContaining({ exitReason: "operator", exitPrice: 12.5, pnl }),
      }),
    );
    const line = commands.flatMap((one) => (one.kind === "note" ? [one.note] : [])).at(-1);
    expect(line).toMatchObject({ code: "operator_done", subject: "c" });
    expect(line?.detail).toBe(
      `close by ops: BLUE-e5-1, long ${quantity} BBB, at 12.5; its last mark was 20 of ` +
        `2026-03-25T00:00:10.000000+00:00; pnl ${pnl}`,
    );
    const repeated = tell(close(named, 12.5), 41_000);
    expect(repeated).toMatchObject([{ note: { code: "operator_repeated" } }]);
  },
);

test("what is not open is refused, and the answer names what is", () => {
  const { tell, trader } = stage({});
  const commands = tell(close("BLUE-s1-1", 1), 10_000);
  expect(commands).toMatchObject([
    { note: { code: "operator_refused", detail: expect.stringContaining("BLUE-e5-1 (BBB)") } },
  ]);
  expect(trader.data.positions).toHaveLength(1);
});

test("GREEN closes its own position of the same decision", () => {
  const { trader } = stage({});
  const green = twinOf(trader, { ...trader.configuration, book: "GREEN" });
  const shadow = createShadow({
    blue: trader,
    green,
    paper: DEFAULT_PAPER_SETTINGS,
    comparison: createComparison(),
    onCommands: () => {},
  });
  const at = { index: trader.nextIndex, nowMs: trader.data.nowMs };
  expect(stepShadow(shadow, { ...close("BLUE-e5-1", 12.5), ...at })).toBeNull();
  expect(green.data.positions).toEqual([]);
  expect(green.data.account.cash).toBe(trader.data.account.cash);
});
