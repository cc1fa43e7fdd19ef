/** A run that is short of one asset with all its cash, with its record and charts. */
import { finishBacktest, startBacktest } from "../../../src/domain/backtest/backtest.ts";
import { createRunTrace, feedTraced, picturesOf } from "../../../src/domain/backtest/run-trace.ts";
import { DEFAULT_RUN_SETTINGS, describeRun } from "../../../src/domain/backtest/run-settings.ts";
import { MS_PER_DAY } from "../../../src/domain/time.ts";
import type { BacktestRecord } from "../../../src/reports/run-record.ts";
import { holderOf, pricesAt } from "./held-asset.ts";

export const START_MS = Date.parse("2026-03-01");
export const READ = {
  scans: 60,
  refused: 0,
  duplicates: 0,
  backwards: 0,
  ahead: 0,
  reordered: 0,
  reorderedDays: 0,
  resumedFrom: 0,
};

/** A day each, of a short of all the cash. */
export function shortOver(prices: readonly number[]) {
  const trace = createRunTrace();
  const ground = { strategy: holderOf("short"), dataHash: "", codeVersion: "" };
  const run = startBacktest(describeRun(DEFAULT_RUN_SETTINGS, ground), {
    onTrade: () => {},
    onDay: (sample) => trace.days.push(sample),
  });
  feedTraced(
    trace,
    run,
    pricesAt(prices.map((price, day) => [START_MS + day * MS_PER_DAY, price])),
  );
  const report = finishBacktest(run);
  const record: BacktestRecord = {
    name: "short",
    archive: "archive",
    from: null,
    to: null,
    report,
    costs: [],
    settings: DEFAULT_RUN_SETTINGS,
    differsFromBook: [],
    read: READ,
    timing: { wallMs: 1, scansPerS: 1 },
  };
  return { report, record, pictures: picturesOf(trace, run, report.trades.byAsset) };
}
