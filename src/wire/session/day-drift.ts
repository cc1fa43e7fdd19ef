/** How far a day went from its backtest, as `dolphin backtest drift --json` prints it and paperTrade reports it. */
import { z } from "zod";
import { DRIFT_CAUSES } from "../../domain/backtest/drift/drift.ts";

const about = { book: z.string(), day: z.string() };
const count = z.int().min(0);
const counts = z.object({
  compared: count,
  differences: count,
  causes: z.record(z.enum(DRIFT_CAUSES), count),
});

const DayDrift = z.discriminatedUnion("measured", [
  z.object({ ...about, measured: z.literal(false), reason: z.string() }),
  z.object({
    ...about,
    measured: z.literal(true),
    /** `unnumbered`: archived, and not known to the bridge's journal. */
    scans: z.object({ recorded: count, archived: count, unnumbered: count }),
    decisions: counts,
    trades: counts,
    pnl: z.object({ recorded: z.number(), archived: z.number() }),
    first: z
      .array(
        z.object({
          what: z.enum(["decision", "trade"]),
          cause: z.enum(DRIFT_CAUSES),
          seq: count,
          recorded: z.string().nullable(),
          archived: z.string().nullable(),
        }),
      )
      .readonly(),
  }),
]);
export type DayDrift = z.infer<typeof DayDrift>;

/** @throws {Error} that names the field, when this is not what `dolphin backtest drift --json` prints. */
export function parseDayDrift(text: string): DayDrift {
  return DayDrift.parse(JSON.parse(text));
}
