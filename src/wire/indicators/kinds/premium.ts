import type { FetchedKind } from "../../../domain/indicators/indicator-kind.ts";
import { BINANCE_USDM } from "../binance-usdm.ts";

const PRICE = { min: 1e-9, max: 1e9 };
const BPS = 10_000;

export const indicator: FetchedKind = {
  about: "how far the mark price lies above the index, in basis points",
  venue: BINANCE_USDM,
  url: "https://fapi.binance.com",
  symbols: ["BTCUSDT"],
  pace: { everyS: 60, offsetS: 0, jitterS: 5, catchUp: "none", warnS: 180, staleS: 600 },
  ask: (symbol) => ({ path: `/fapi/v1/premiumIndex?symbol=${symbol}`, weight: 1 }),
  read({ body, symbol, reader }) {
    const row = reader.record(body, "premiumIndex");
    const asOfMs = reader.timeMs(row["time"], "time");
    const mark = reader.number(row["markPrice"], "markPrice", PRICE);
    const index = reader.number(row["indexPrice"], "indexPrice", PRICE);
    const premium = (mark / index - 1) * BPS;
    const value = reader.number(premium, "premium", { min: -5_000, max: 5_000 });
    return [{ label: symbol, value, unit: "bps", asOfMs }];
  },
};
