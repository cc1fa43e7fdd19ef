import type { FetchedKind } from "../../../domain/indicators/indicator-kind.ts";
import type { Venue } from "../../../domain/indicators/venue-budget.ts";
import { MS_PER_MINUTE } from "../../../domain/time.ts";

/** Deribit refills 20 requests a second, and disconnects clients that exceed it. */
const DERIBIT: Venue = { name: "deribit", weightPerMinute: 300 };
/** In percentage points; the venue's documentation shows a fifth of a point, which can't be meant. */
const PERCENT = { min: 3, max: 400 };
const LOOK_BACK_MS = 30 * MS_PER_MINUTE;
const CLOSE = 4;

export const indicator: FetchedKind = {
  about: "implied volatility of the next 30 days (DVOL), percent a year",
  venue: DERIBIT,
  url: "https://www.deribit.com",
  symbols: ["BTC", "ETH"],
  pace: { everyS: 60, offsetS: 10, jitterS: 5, catchUp: "none", warnS: 300, staleS: 900 },
  ask: (symbol, nowMs) => ({
    path:
      `/api/v2/public/get_volatility_index_data?currency=${symbol}&resolution=60` +
      `&start_timestamp=${nowMs - LOOK_BACK_MS}&end_timestamp=${nowMs}`,
    weight: 1,
  }),
  read({ body, symbol, reader, nowMs }) {
    const answer = reader.record(body, "the answer");
    const { data } = reader.record(answer["result"], "result");
    const minutes = reader.list(data, "data").map((one) => {
      const row = reader.list(one, "a row");
      return {
        endMs: reader.timeMs(row[0], "a row's time") + MS_PER_MINUTE,
        value: reader.number(row[CLOSE], "close", PERCENT),
      };
    });
    // The current minute still changes.
    const over = minutes.filter(({ endMs }) => endMs <= nowMs);
    const last = over.toSorted((a, b) => a.endMs - b.endMs).at(-1);
    if (last === undefined) return reader.fail("venue_error", `there is no minute of ${symbol}`);
    return [{ label: symbol, value: last.value, unit: "% a year", asOfMs: last.endMs }];
  },
};
