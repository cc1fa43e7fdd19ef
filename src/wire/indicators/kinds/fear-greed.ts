import type { FetchedKind } from "../../../domain/indicators/indicator-kind.ts";
import type { Venue } from "../../../domain/indicators/venue-budget.ts";
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_SECOND } from "../../../domain/time.ts";

/** The venue states no limit; users report 60 requests a minute. */
const ALTERNATIVE_ME: Venue = { name: "alternative.me", weightPerMinute: 10 };
const UPDATE_S = { min: 0, max: 2 * 86_400 };

export const indicator: FetchedKind = {
  about: "Fear & Greed index of alternative.me, 0 (fear) to 100 (greed), once a day",
  venue: ALTERNATIVE_ME,
  url: "https://api.alternative.me",
  symbols: ["index"],
  pace: { everyS: 1_800, offsetS: 60, jitterS: 30, catchUp: "one", warnS: 90_000, staleS: 176_400 },
  ask: () => ({ path: "/fng/?limit=2&format=json", weight: 1 }),
  read({ body, symbol, reader, nowMs }) {
    const answer = reader.record(body, "the answer");
    const metadata = reader.record(answer["metadata"] ?? {}, "metadata");
    if (metadata["error"] != null) {
      reader.fail("venue_error", `alternative.me says: ${JSON.stringify(metadata["error"])}`);
    }
    const rows = reader.list(answer["data"], "data");
    if (rows.length === 0) reader.fail("venue_error", "alternative.me gave no day");
    return rows.map((one, at) => {
      const row = reader.record(one, "a day");
      const asOfMs = reader.timeS(row["timestamp"], "timestamp");
      const until = row["time_until_update"];
      const nextMs =
        at === 0 && until !== undefined
          ? nowMs + reader.number(until, "time_until_update", UPDATE_S) * MS_PER_SECOND
          : asOfMs + MS_PER_DAY + MS_PER_HOUR;
      return {
        label: symbol,
        value: reader.number(row["value"], "value", { min: 0, max: 100 }),
        unit: "0-100",
        asOfMs,
        nextMs,
        note: reader.text(row["value_classification"], "value_classification"),
      };
    });
  },
};
