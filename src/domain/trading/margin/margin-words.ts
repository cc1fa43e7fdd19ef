/** Warnings about a book's margin for the operator; the figures are in its state. */
import { isoFromMs, MS_PER_DAY } from "../../time.ts";
import type { Trader } from "../state.ts";
import { liquidationPriceOf, marginRatioOf } from "./margin-figures.ts";

/** Half of the margin is used up: half of the way to a liquidation. */
const RATIO_REPORTED_FROM = 0.5;
const REPORTED_FOR_MS = MS_PER_DAY;

/** Empty where all is well. A liquidation is mentioned for a day, a bankruptcy forever. */
export function marginWords(trader: Trader): readonly string[] {
  const { data } = trader;
  const words: string[] = [];
  const ratio = marginRatioOf(trader);
  if (ratio !== null && RATIO_REPORTED_FROM <= ratio) {
    const prices = data.positions.flatMap((position) => {
      const price = liquidationPriceOf(trader, position);
      return price === null ? [] : `${position.asset} at ${round(price)}, now ${position.mark}`;
    });
    words.push(
      `margin ratio ${Math.round(ratio * 100)} %, liquidated at 100: ${prices.join(", ")}`,
    );
  }
  const { liquidated } = data;
  if (liquidated === undefined) return words;
  const { lastAsset, lastAtMs, lastPnl } = liquidated;
  const isBankrupt = !(data.account.cash > 0);
  if (isBankrupt || data.nowMs - lastAtMs < REPORTED_FOR_MS) {
    const at = `${isoFromMs(lastAtMs).slice(0, 19)}Z`;
    const end = isBankrupt ? ", and nothing is left: the book is over" : "";
    words.push(`${lastAsset} was liquidated at ${at}, pnl ${round(lastPnl)}${end}`);
  }
  return words;
}

/** By significant digits and not by decimals, because prices may be tiny. */
function round(value: number): number {
  return Number(value.toPrecision(8));
}
