import type { FetchedKind } from "../../../domain/indicators/indicator-kind.ts";
import { BINANCE_USDM, intervalHours } from "../binance-usdm.ts";

/** A real rate for eight hours is far below this; Binance caps most symbols at 2 or 3 percent. */
const RATE = { min: -0.1, max: 0.1 };

export const indicator: FetchedKind = {
  about: "estimate of the funding rate at the next settlement, a share of the notional",
  venue: BINANCE_USDM,
  url: "https://fapi.binance.com",
  symbols: ["BTCUSDT"],
  pace: { everyS: 60, offsetS: 0, jitterS: 5, catchUp: "none", warnS: 180, staleS: 600 },
  ask: (symbol) => ({ path: `/fapi/v1/premiumIndex?symbol=${symbol}`, weight: 1 }),
  // This request has no weight, only a limit of its own that we never approach.
  shared: { path: "/fapi/v1/fundingInfo", weight: 1 },
  read({ body, shared, symbol, reader }) {
    const row = reader.record(body, "premiumIndex");
    const asOfMs = reader.timeMs(row["time"], "time");
    const value = reader.number(row["lastFundingRate"], "lastFundingRate", RATE);
    const hours = intervalHours(shared, symbol, reader);
    return [
      { label: symbol, value, unit: `share per ${hours} h`, asOfMs },
      { label: `${symbol}.interval_h`, value: hours, unit: "h", asOfMs },
    ];
  },
};
