/** What the indicators of Binance USD-M share: its budget, and the interval of a symbol's funding. */
import { ReadingError, type IndicatorReader } from "../../domain/indicators/indicator-reader.ts";
import type { Venue } from "../../domain/indicators/venue-budget.ts";

/** It allows 2,400 a minute to an address; half of them are ours, and from 1,900 on we leave the rest to others. */
export const BINANCE_USDM: Venue = {
  name: "binance-usdm",
  weightPerMinute: 1_200,
  used: { header: "x-mbx-used-weight-1m", max: 1_900 },
};

const USUAL_HOURS = 8;

/** Only symbols whose interval was changed are listed. */
export function intervalHours(body: unknown, symbol: string, reader: IndicatorReader): number {
  for (const one of reader.list(body, "fundingInfo")) {
    const row = reader.record(one, "a row of fundingInfo");
    if (row["symbol"] !== symbol) continue;
    const hours = reader.number(row["fundingIntervalHours"], "fundingIntervalHours", {
      min: 1,
      max: 24,
    });
    if (Number.isInteger(hours)) return hours;
    throw new ReadingError("out_of_range", `fundingIntervalHours is ${hours}`);
  }
  return USUAL_HOURS;
}
