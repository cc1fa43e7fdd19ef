/**
 * Rules of an entry beside those of its gate: losses can be measured, the price is near the last marks, and the
 * running configuration is the approved one. The last two apply where they are configured.
 */
import type { Trader } from "../state.ts";
import type { EntryRule } from "./check.ts";

type Wished = {
  readonly trader: Trader;
  readonly wish: { readonly column: number; readonly asset: string };
};

/** Number of marks before the present scan with which a price is compared. */
const MARKS = 5;

export const PRE_TRADE_RULES: readonly EntryRule<Wished>[] = [
  {
    reason: "equity_unknown",
    unit: "quote",
    passes({ trader: { data } }, measured) {
      const { equity } = data.account;
      const { peakEquity, dayEquity } = data.risk;
      measured.value = equity;
      measured.bound = peakEquity;
      return Number.isFinite(equity) && Number.isFinite(peakEquity) && Number.isFinite(dayEquity);
    },
  },
  {
    reason: "price_collar",
    unit: "share",
    passes({ trader, wish }, measured) {
      const { priceCollar } = trader.configuration.limits;
      measured.subject = wish.asset;
      if (priceCollar === undefined) return true;
      const mark = lastMark(trader, wish.column);
      const off = Math.abs(trader.windows.at(wish.column) - mark) / mark;
      measured.value = off;
      measured.bound = priceCollar;
      // NaN is near nothing.
      return off <= priceCollar;
    },
  },
  {
    reason: "configuration_unapproved",
    unit: "none",
    passes({ trader: { configuration } }, measured) {
      const { approval } = configuration;
      if (approval === undefined) return true;
      measured.value = approval.running;
      measured.bound = approval.approved;
      return approval.running !== "" && approval.running === approval.approved;
    },
  },
];

/** The median of the marks before the present scan, which one outlier moves little. NaN: there is none. */
function lastMark({ windows, strategy }: Trader, column: number): number {
  const marks: number[] = [];
  const count = Math.min(MARKS, strategy.lookBackScans);
  for (let back = 1; back <= count; back += 1) {
    const mark = windows.before(column, back);
    if (mark > 0) marks.push(mark);
  }
  marks.sort((a, b) => a - b);
  return marks[Math.floor(marks.length / 2)] ?? Number.NaN;
}
