import { expect, test } from "vitest";
import type { OperatorCommand } from "../../../src/domain/trading/events.ts";
import type { Posture } from "../../../src/domain/trading/posture.ts";
import { publishedOf } from "../../../src/domain/trading/published.ts";
import { DAY_START_MS } from "../../helpers/trading/random-day.ts";
import { scripted } from "../../helpers/trading/scripted.ts";

const operator = (command: OperatorCommand, commandId: string = command.kind) =>
  ({ kind: "operator", commandId, by: "ops", command }) as const;

test.each([
  ["fresh", {}, "entered"],
  ["replayed", { isReplayed: true }, "stale"],
  ["repaired", { isRepaired: true }, "stale"],
  ["late", { isLate: true }, "ignored_late"],
  ["as old as its budget", { asOfMs: DAY_START_MS - 30_000 }, "entered"],
  ["older than its budget", { asOfMs: DAY_START_MS - 30_001 }, "stale"],
  ["from the future", { asOfMs: DAY_START_MS + 30_001 }, "stale"],
])("a scan that is %s is taken so", (_, facts, outcome) => {
  const { scan, warmUp, orders } = scripted();
  warmUp();
  expect(scan(3, facts)).toBe(outcome);
  expect(orders).toHaveLength(outcome === "entered" ? 1 : 0);
});

test("each seq is decided once: in order, behind, again, lost and found after all", () => {
  const { scan, tell, trader, notes } = scripted();
  const outcomes = [5, 7, 6, 7, 6, 4].map((seq) => scan(seq));
  expect(outcomes).toEqual(["warming", "warming", "ignored_late", null, null, null]);
  tell({ kind: "scan_lost", seq: 8 });
  expect(notes).toContain("scan_lost");
  expect([scan(8), scan(9)]).toEqual([null, "posture_unknown"]);
  expect(publishedOf(trader)).toMatchObject({ scansProcessed: 5, duplicates: 4, barIndex: 3 });
});

test.each([
  ["posture", 30_000, "entered"],
  ["posture", 30_001, "posture_old"],
  ["hibernation", 0, "posture_hibernate"],
  ["mood", 20_000, "entered"],
  ["mood", 20_001, "input_old"],
])("%s of age %i ms: %s", (input, ageMs, outcome) => {
  const { scan, tell, warmUp, orders } = scripted();
  warmUp();
  const asOfMs = DAY_START_MS - ageMs;
  if (input === "mood") tell({ kind: "feature", name: "mood", value: 1, asOfMs });
  else {
    const posture = input === "hibernation" ? "HIBERNATE" : "APEX";
    tell({ kind: "posture", posture, asOfMs, source: "test" });
  }
  expect(scan(3)).toBe(outcome);
  expect(orders.flatMap(({ ages }) => ages)).toEqual(
    outcome === "entered"
      ? ["scan", "posture", "mood"].map((name) => ({
          input: name,
          ageMs: name === input ? ageMs : 0,
        }))
      : [],
  );
});

test("where the watchdog stops entries none is made, one on its way is taken back, and the next posture lets them go on", () => {
  const { scan, tell, warmUp, notes } = scripted();
  warmUp();
  const posture = {
    kind: "posture",
    posture: "APEX",
    asOfMs: DAY_START_MS,
    source: "test",
  } as const;
  tell({ ...posture, entries: "stop" });
  expect(scan(3)).toBe("posture_stops_entries");
  tell(posture);
  expect(scan(4)).toBe("entered");
  tell({ ...posture, entries: "stop" });
  expect(notes).toContain("entries_withdrawn");
});

function sizeUnder(step: Posture): number {
  const { scan, tell, warmUp, orders } = scripted({ instruments: {} });
  warmUp();
  tell({ kind: "posture", posture: step, asOfMs: DAY_START_MS, source: "test" });
  scan(3);
  return orders[0]!.quantity;
}

test.each([
  ["APEX", 1],
  ["STALKER", 0.5],
  ["TURTLE", 0.25],
] as const)("under %s an entry has %d of its size", (posture, share) => {
  expect(sizeUnder(posture)).toBe(sizeUnder("APEX") * share);
});

test("without a posture positions keep their exits, and are closed after ten minutes", () => {
  const { scan, warmUp, fill, orders, notes } = scripted();
  warmUp();
  scan(3);
  fill(orders[0]!.referencePrice);
  expect(scan(4, { afterMs: 31_000 })).toBe("posture_old");
  expect(orders).toHaveLength(1);
  expect(scan(5, { afterMs: 600_000 })).not.toBe("exited");
  expect(scan(6, { afterMs: 600_001 })).toBe("exited");
  expect(orders[1]).toMatchObject({ purpose: "exit", reason: "posture_missing" });
  expect(notes).toContain("posture_missing");
});

test("without a posture and without scans the alert does not wait for a scan", () => {
  const { scan, tell, warmUp, fill, orders, notes } = scripted();
  tell({ kind: "tick" }, 0);
  warmUp();
  scan(3);
  fill(orders[0]!.referencePrice);
  tell({ kind: "tick" }, 600_000);
  expect(notes).not.toContain("posture_missing");
  for (const afterMs of [600_001, 700_000]) tell({ kind: "tick" }, afterMs);
  expect(notes.filter((code) => code === "posture_missing")).toHaveLength(1);
  expect(scan(4, { afterMs: 700_001 })).toBe("exited");
  expect(notes.filter((code) => code === "posture_missing")).toHaveLength(1);
});

test("a mark is as old as its scan: replayed prices of an hour ago alert, once", () => {
  const { scan, warmUp, fill, trader, orders, notes } = scripted();
  warmUp();
  scan(3);
  fill(orders[0]!.referencePrice);
  for (let seq = 4; seq < 20; seq += 1) {
    const afterMs = 3_600_000 + seq;
    scan(seq, { isReplayed: true, asOfMs: DAY_START_MS + seq, afterMs });
  }
  expect(publishedOf(trader).positions[0]!.markedAtMs).toBe(DAY_START_MS + 19);
  expect(notes.filter((code) => code === "mark_old")).toHaveLength(1);
  scan(20, { afterMs: 3_600_100 });
  scan(21, { isReplayed: true, asOfMs: DAY_START_MS, afterMs: 3_600_200 });
  expect(notes.filter((code) => code === "mark_old")).toHaveLength(2);
});

test("HIBERNATE closes at the next fresh scan, not at a stale one", () => {
  const { scan, tell, warmUp, fill, orders } = scripted();
  warmUp();
  scan(3);
  fill(orders[0]!.referencePrice);
  tell({ kind: "posture", posture: "HIBERNATE", asOfMs: DAY_START_MS, source: "test" });
  expect([scan(4, { isReplayed: true }), scan(5)]).toEqual(["stale", "exited"]);
  expect(orders.at(-1)!.reason).toBe("posture_hibernate");
});

test("an exit that fails is asked for again under a new id, whatever the price does", () => {
  const { scan, tell, warmUp, fill, orders } = scripted();
  warmUp();
  scan(3);
  const { asset, side } = orders[0]!;
  fill(orders[0]!.referencePrice);
  const worse = [100, 20, 5].map((price) => price * (side === "buy" ? 0.98 : 1.02));
  scan(4, { prices: Float64Array.from(worse) });
  expect(orders[1]).toMatchObject({ asset, reason: "stop_loss", clientOrderId: "BLUE-s4-1" });
  tell({ kind: "order_rejected", clientOrderId: "BLUE-s4-1", reason: "busy" });
  scan(5);
  expect(orders[2]).toMatchObject({ asset, reason: "stop_loss", clientOrderId: "BLUE-s5-1" });
});

test("a limit that is hit latches until an operator resumes, and then measures from there", () => {
  const { scan, tell, warmUp, fill, trader, orders } = scripted();
  warmUp();
  scan(3);
  fill(orders[0]!.referencePrice, 900);
  expect(publishedOf(trader).latched).toEqual(["limit_daily_loss", "limit_drawdown"]);
  expect(scan(4)).toBe("latched");
  tell(operator({ kind: "resume" }));
  expect(scan(5)).toBe("entered");
});

test("an operator's command is done once for its id; flatten halts and leaves", () => {
  const { scan, tell, warmUp, fill, trader, orders, notes } = scripted();
  warmUp();
  scan(3);
  fill(orders[0]!.referencePrice);
  tell(operator({ kind: "flatten" }));
  expect(scan(4)).toBe("exited");
  fill(orders[1]!.referencePrice);
  expect(publishedOf(trader)).toMatchObject({ positions: [], halted: true, tradesExecuted: 1 });
  tell(operator({ kind: "resume" }));
  tell(operator({ kind: "flatten" }));
  expect(notes.at(-1)).toBe("operator_repeated");
  expect(publishedOf(trader).halted).toBe(false);
});

test("an operator's entry passes the same gates", () => {
  const { tell, warmUp, orders, notes } = scripted();
  warmUp();
  const plan = { takeProfit: 0.01, stopLoss: 0.01, holdScansMax: 5, bucket: "operator" };
  const enter = { kind: "enter", asset: "CCC", direction: "short", share: 0.1, plan } as const;
  tell(operator({ kind: "halt" }));
  tell(operator(enter, "1"));
  expect([orders.length, notes.at(-1)]).toEqual([0, "operator_refused"]);
  tell(operator({ kind: "resume" }));
  // Refused is not done: the same id is judged anew, and from then on it is done.
  tell(operator(enter, "1"));
  tell(operator(enter, "1"));
  expect([orders.length, notes.at(-1)]).toEqual([1, "operator_repeated"]);
  expect(orders[0]).toMatchObject({ asset: "CCC", side: "sell", decidedSeq: 2 });
  expect(orders[0]!.clientOrderId).toMatch(/^BLUE-e\d+-1$/);
});

test("a position whose asset is gone keeps its mark, is not exited at it, and alerts after a minute", () => {
  const { scan, warmUp, fill, trader, orders, notes } = scripted();
  warmUp();
  scan(3);
  const { asset, referencePrice } = orders[0]!;
  fill(referencePrice);
  const rest = ["AAA", "BBB", "CCC"].filter((name) => name !== asset);
  const gone = { assets: rest, prices: Float64Array.of(1, 1) };
  for (const [at, afterMs] of [1_000, 60_000, 60_001, 90_000].entries()) {
    scan(4 + at, { ...gone, afterMs });
    expect(notes.filter((code) => code === "mark_old")).toHaveLength(afterMs > 60_000 ? 1 : 0);
  }
  expect(publishedOf(trader).positions[0]!.mark).toBe(referencePrice);
  expect(orders.filter(({ purpose }) => purpose === "exit")).toEqual([]);
});

test("a repeated or excessive fill is noted, and books no more than the order", () => {
  const { scan, tell, warmUp, trader, orders, notes } = scripted();
  warmUp();
  scan(3);
  const { clientOrderId, quantity } = orders[0]!;
  const part = { number: 1, quantity: quantity / 4, price: 20, fee: 0 };
  tell({ kind: "order_partly_filled", clientOrderId, fill: part });
  tell({ kind: "order_partly_filled", clientOrderId, fill: part });
  tell({ kind: "order_filled", clientOrderId, fill: { ...part, number: 2, quantity } });
  expect(notes.slice(-2)).toEqual(["fill_repeated", "fill_excess"]);
  expect(trader.data.positions[0]!.quantity).toBeCloseTo(quantity, 12);
});
