/** How far a day went from its backtest, as `dolphin backtest drift --json` prints it and paperTrade reports it. */
import { z } from "zod";
import { type Drift, DRIFT_CAUSES } from "../../domain/backtest/drift/drift.ts";

type About = { readonly book: string; readonly day: string };
export type DayDrift =
  | (About & { readonly measured: false; readonly reason: string })
  | (About & {
      readonly measured: true;
      readonly scans: {
        readonly recorded: number;
        readonly archived: number;
        /** Archived, and not known to the bridge's journal. */
        readonly unnumbered: number;
      };
      readonly drift: Drift;
    });

const count = z.int().min(0);
const counts = z.object({
  compared: count,
  differences: count,
  causes: z.record(z.enum(DRIFT_CAUSES), count),
});

const DayDriftJson = z.discriminatedUnion("measured", [
  z.object({ book: z.string(), day: z.string(), measured: z.literal(false), reason: z.string() }),
  z.object({
    book: z.string(),
    day: z.string(),
    measured: z.literal(true),
    scans: z.object({ recorded: count, archived: count, unnumbered: count }),
    decisions: counts,
    trades: counts,
    pnl: z.object({ recorded: z.number(), archived: z.number() }),
    first: z.array(
      z.object({
        what: z.enum(["decision", "trade"]),
        cause: z.enum(DRIFT_CAUSES),
        seq: count,
        recorded: z.string().nullable(),
        archived: z.string().nullable(),
      }),
    ),
  }),
]);
export type DayDriftJson = z.infer<typeof DayDriftJson>;

/** @throws {Error} that names the field, when this is not what `dolphin backtest drift --json` prints. */
export function parseDayDrift(text: string): DayDriftJson {
  return DayDriftJson.parse(JSON.parse(text));
}

export function dayDriftJson(day: DayDrift): DayDriftJson {
  if (!day.measured) return day;
  const { drift, ...about } = day;
  return { ...about, ...drift, first: [...drift.first] };
}
