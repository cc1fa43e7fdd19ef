/** What the indicators of Binance USD-M share: the request budget, and the funding interval of a symbol. */
import { ReadingError, type IndicatorReader } from "../../domain/indicators/indicator-reader.ts";
import type { Venue } from "../../domain/indicators/venue-budget.ts";

/**
 * Binance allows an address 2,400 units of weight a minute. We use at most half, and stop when its counter
 * reaches 1,900, to leave room for other clients of the address.
 */
export const BINANCE_USDM: Venue = {
  name: "binance-usdm",
  weightPerMinute: 1_200,
  used: { header: "x-mbx-used-weight-1m", max: 1_900 },
};

const USUAL_HOURS = 8;

/** The endpoint lists only symbols whose interval was changed. */
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
