import { expect, test } from "vitest";
import { bestOf, trialScoreOf } from "../../src/domain/backtest/sweep/ranking.ts";
import { runSummary } from "../../src/cli/backtest/backtest-run.ts";
import { runWarnings, tearSheet } from "../../src/reports/tear-sheet.ts";
import { READ, shortOver, START_MS } from "../helpers/trading/short-run.ts";

/** Up a little each day, then at 3.5 times the price. */
const CALM = Array.from({ length: 50 }, (_, day) => 100 - day + (day % 3));
const RUINED = [...CALM, 350, 300, 250, 200];

test("a sheet and a summary say before their figures what was liquidated, and where nothing is left", () => {
  const { record, pictures } = shortOver(RUINED);
  const sheet = tearSheet(record, pictures);
  expect(sheet).toContain("Bankrupt on 2026-04-20, 1 liquidated on 2026-04-20: pnl −");
  expect(sheet.indexOf("Bankrupt on")).toBeLessThan(sheet.indexOf("<svg"));
  expect(sheet).not.toMatch(/NaN|Infinity|undefined/);
  expect(sheet).toContain("cross, leverage 20, maintenance 0.50 %");
  const summary = runSummary(JSON.stringify(record), { report: "", trades: "", tear_sheet: "" });
  expect(summary).toMatch(/^margin +bankrupt on 2026-04-20, 1 liquidated on 2026-04-20, pnl −/m);
  expect(summary).toMatch(/^total +−100.00 %/m);
});

test("what is left open has the price at which it would be liquidated", () => {
  const { record, pictures } = shortOver(CALM);
  expect(record.report.limits).not.toHaveProperty("liquidations");
  expect(tearSheet(record, pictures)).toContain("liquidated at");
});

test("a set that lost everything is never the best, however well it went before", () => {
  const ruined = shortOver(RUINED).report;
  const poor = shortOver(Array.from({ length: 54 }, (_, day) => 100 + day + (day % 3))).report;
  expect(poor.returns.total).toBeGreaterThan(-1);
  expect(bestOf([ruined, poor].map(trialScoreOf), "sharpe")).toBe(1);
  expect(bestOf([poor, ruined].map(trialScoreOf), "total")).toBe(0);
});

test("a report from before margin existed is shown unchanged", () => {
  const { record } = shortOver(CALM);
  const { borrowCost: _, funding: __, ...returns } = record.report.returns;
  const { margin: ___, ...settings } = record.settings;
  const older = { ...record, settings, report: { ...record.report, returns } };
  const files = { report: "", trades: "", tear_sheet: "" };
  expect(runSummary(JSON.stringify(older), files)).toBe(runSummary(JSON.stringify(record), files));
});

test("what changed the figures is shown before them: limits, write-offs, order, files, what has no price", () => {
  const { record } = shortOver(CALM);
  const delisted = { count: 2, wins: 0, pnl: -1_234.5, fees: 0 };
  const { trades } = record.report;
  const leftOpen = trades.leftOpen.map((one) => ({ ...one, noPriceSinceMs: START_MS }));
  const latched = [{ limit: "limit_drawdown", day: "2026-03-05" }] as const;
  const read = { ...READ, refused: 3, reordered: 5, reorderedDays: 2, ahead: 7 };
  const report = {
    ...record.report,
    limits: { areEnforced: true, latched },
    trades: { ...trades, byExitReason: { delisted }, leftOpen },
  };
  expect(runWarnings(record)).toEqual([]);
  expect(runWarnings({ report, read }).map(({ name, text }) => `${name}: ${text}`)).toEqual([
    "Limits: The run was stopped by limit_drawdown on 2026-03-05: the time after it has no trades, but is part of every ratio.",
    "Delisted: 2 positions were written off, because scans no longer had a price of their asset: pnl −1,234.50.",
    "No price: At the end no scan had a price of AAA: left open at the last known price.",
    "Order and clocks: 5 scans of 2 days put in the order of their numbers and times, against the order of their files' times; 7 stamped too far ahead: stale, and no clock moved",
    "Files: 3 were refused: see the run's problems.",
  ]);
  const files = { report: "", trades: "", tear_sheet: "" };
  const summary = runSummary(JSON.stringify({ ...record, report, read }), files);
  expect(summary).toMatch(/^delisted +2 positions were written off/m);
});
