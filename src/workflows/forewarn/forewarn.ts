/** One forecast of the counted book: made, stored for the watchdog, and pushed for all other readers. */
import {
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  upsertSearchAttributes,
} from "@temporalio/workflow";
import { ActivityFailure } from "@temporalio/common";
import type { ForewarnActivities } from "../../activities/forewarn.ts";
import { integerFrom, openInput } from "../input.ts";
import type { ForewarnResult } from "../messages/forewarn.ts";
import { LAYER, STATUS } from "../publisher.ts";

const DEFAULTS = { days: 1, paths: 10_000, seed: 1 };

const { makeForecast } = proxyActivities<ForewarnActivities>({
  startToCloseTimeout: "10 minutes",
  heartbeatTimeout: "1 minute",
  retry: { initialInterval: "10 seconds", maximumInterval: "1 minute", maximumAttempts: 5 },
});

const { pushForecast } = proxyActivities<ForewarnActivities>({
  startToCloseTimeout: "1 minute",
  // The next forecast comes in a day; Hazelcast may be away for a good part of it.
  scheduleToCloseTimeout: "6 hours",
  retry: { initialInterval: "2 seconds", maximumInterval: "5 minutes" },
});

export async function forewarn(raw?: unknown): Promise<ForewarnResult> {
  const read = openInput(raw, ["days", "paths", "seed"]);
  const asked = {
    days: read("days", integerFrom(1)) ?? DEFAULTS.days,
    paths: read("paths", integerFrom(100)) ?? DEFAULTS.paths,
    seed: read("seed", integerFrom(0)) ?? DEFAULTS.seed,
  };
  setCurrentDetails(
    "Simulating paths from the book's past trades, in the market that the archive shows.",
  );
  const { made, text, hasSearchAttributes } = await orFail(makeForecast(asked));
  setCurrentDetails(tableOf(made));
  const { pushed } = await orFail(pushForecast(text));
  if (hasSearchAttributes) {
    upsertSearchAttributes([
      { key: LAYER, value: "batch" },
      { key: STATUS, value: "Done" },
    ]);
  }
  return { ...made, pushed };
}

/** The failure's type says what is wrong, and its schedule shows it. */
async function orFail<T>(activity: Promise<T>): Promise<T> {
  try {
    return await activity;
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const { cause } = error;
    const type = cause instanceof ApplicationFailure ? cause.type : null;
    const why = cause?.message ?? error.message;
    setCurrentDetails(`**${type ?? "failed"}**: ${why}`);
    throw ApplicationFailure.nonRetryable(why, type ?? "ForecastFailed");
  }
}

function tableOf(made: Omit<ForewarnResult, "pushed">): string {
  const { book, verdict, reason, weight, breach, horizon_end: until } = made;
  const rows = [
    ["book", book],
    ["until", until],
    ["verdict", `**${verdict}**: ${reason}`],
    ["breach", breach === null ? "-" : `${(100 * breach).toFixed(1)} %`],
    ["weight", `${(100 * weight).toFixed(1)} %, by ${made.outcomes} that are over`],
  ];
  return ["| | |", "|---|---|", ...rows.map((row) => `| ${row.join(" | ")} |`)].join("\n");
}
