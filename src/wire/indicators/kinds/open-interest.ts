import type { FetchedKind } from "../../../domain/indicators/indicator-kind.ts";
import { BINANCE_USDM } from "../binance-usdm.ts";

export const indicator: FetchedKind = {
  about: "open contracts, in the base asset",
  venue: BINANCE_USDM,
  url: "https://fapi.binance.com",
  symbols: ["BTCUSDT"],
  pace: { everyS: 60, offsetS: 20, jitterS: 5, catchUp: "none", warnS: 600, staleS: 1_800 },
  ask: (symbol) => ({ path: `/fapi/v1/openInterest?symbol=${symbol}`, weight: 1 }),
  read({ body, symbol, reader }) {
    const row = reader.record(body, "openInterest");
    const asOfMs = reader.timeMs(row["time"], "time");
    const value = reader.number(row["openInterest"], "openInterest", { min: 0, max: 1e15 });
    return [{ label: symbol, value, unit: "base asset", asOfMs }];
  },
};
