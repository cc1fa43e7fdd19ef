/** What a forecast says about the market: what it is, by which figures, and what follows for the trades drawn. */
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE } from "../time.ts";
import type { Forecast } from "./forecast.ts";
import { type MarketFound, TRAILING_STEPS } from "./market.ts";

/** @param trades of which the forecast was made */
export function marketWords(
  found: MarketFound,
  { conditionedOn }: Pick<Forecast, "conditionedOn">,
  trades: number,
): string {
  if (found.kind === "unknown") return `by the trades alone, because ${found.reason}`;
  const { stepMs, moves, present, known } = found.market;
  const market =
    `the market is ${present}: over the last ${((TRAILING_STEPS * stepMs) / MS_PER_HOUR).toFixed(1)} hours the ` +
    `traded assets moved ${percent(moves.present)} in ${stepMs / MS_PER_MINUTE} minutes (terciles of ` +
    `${((known * stepMs) / MS_PER_DAY).toFixed(1)} days: ${percent(moves.low)} and ${percent(moves.high)})`;
  return conditionedOn === null
    ? `${market}; too few of ${trades} trades began in such a market, so all are drawn from and the weight is halved`
    : `${market}; ${conditionedOn.trades} of ${trades} trades began in such a market`;
}

function percent(share: number): string {
  return `${(100 * share).toPrecision(2)} %`;
}
