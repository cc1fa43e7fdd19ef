import type { FetchedKind } from "../../../domain/indicators/indicator-kind.ts";
import { MS_PER_HOUR } from "../../../domain/time.ts";
import { BINANCE_USDM, intervalHours } from "../binance-usdm.ts";

const RATE = { min: -0.1, max: 0.1 };
/** Settlements are at full hours, but reported some milliseconds off. */
const ROUND_MS = 1_000;

export const indicator: FetchedKind = {
  about: "funding rate of the last settlement, a share of the notional",
  venue: BINANCE_USDM,
  url: "https://fapi.binance.com",
  symbols: ["BTCUSDT"],
  // A symbol's interval may change to any number of hours: each full hour may be a settlement.
  pace: {
    everyS: 3_600,
    offsetS: 30,
    jitterS: 15,
    catchUp: "one",
    // Of eight hours; a symbol's interval may be shorter.
    warnS: 30_600,
    staleS: 32_400,
    overdue: { warnS: 1_800, staleS: 3_600 },
  },
  ask: (symbol) => ({ path: `/fapi/v1/fundingRate?symbol=${symbol}&limit=2`, weight: 1 }),
  shared: { path: "/fapi/v1/fundingInfo", weight: 1 },
  read({ body, shared, symbol, reader }) {
    const rows = reader.list(body, "fundingRate");
    if (rows.length === 0) reader.fail("no_such_symbol", `there is no settlement of ${symbol}`);
    const hours = intervalHours(shared, symbol, reader);
    const settled = rows.map((one) => {
      const row = reader.record(one, "settlement");
      const atMs = reader.timeMs(row["fundingTime"], "fundingTime");
      return {
        asOfMs: Math.round(atMs / ROUND_MS) * ROUND_MS,
        value: reader.number(row["fundingRate"], "fundingRate", RATE),
      };
    });
    return settled.flatMap(({ asOfMs, value }) => [
      {
        label: symbol,
        value,
        // The interval before it may have been different, so only what the venue states is published.
        unit: "share per interval",
        asOfMs,
        nextMs: asOfMs + hours * MS_PER_HOUR,
      },
      ...(asOfMs === Math.max(...settled.map((one) => one.asOfMs))
        ? [{ label: `${symbol}.interval_h`, value: hours, unit: "h", asOfMs }]
        : []),
    ]);
  },
};
