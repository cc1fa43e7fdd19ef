/** The schedules that Temporal keeps for us; the names are the contract's. */
import { type Layer, LAYERS, SERVICES } from "../services.ts";

export const SCHEDULE_NAMES = [
  "compact-archive",
  "archive-audit",
  "paper-trade-daily",
  "backtest-daily",
  "mc-forewarner",
] as const;
export type ScheduleName = (typeof SCHEDULE_NAMES)[number];

/** A day's one run. */
export type ScheduleDeclaration = {
  readonly enabled: boolean;
  /** The time of the UTC day, such as 00:20. */
  readonly at: string;
  /** What was missed while the server was away is made up for when it is back within this time. */
  readonly catchup_h: number;
};

export type ScheduleSpec = ScheduleDeclaration & {
  readonly name: ScheduleName;
  /** Whose worker runs it. */
  readonly layer: Layer;
};

const CATCHUP_H = 20;

export const SCHEDULE_TABLE: Readonly<Record<ScheduleName, ScheduleSpec>> = {
  // Yesterday's last files have come by then, shares and slow writers included.
  "compact-archive": row("compact-archive", "batch", "00:20"),
  // Before the compaction, so that it finds the day whole.
  "archive-audit": row("archive-audit", "scan", "00:10"),
  // The day before is settled and replayed first.
  "paper-trade-daily": row("paper-trade-daily", "batch", "00:01"),
  // After the compaction, so that the days are read from their compacted files.
  "backtest-daily": row("backtest-daily", "batch", "01:20"),
  // A forecast of a day each day: none overlaps the one before, so each of them is judged.
  "mc-forewarner": row("mc-forewarner", "batch", "00:05"),
};

/**
 * Those that a service or a schedule stands on: where nobody serves one, what stands there waits for ever.
 * Indicators are there where the configuration names some.
 */
export function layersInUse(declared: {
  readonly indicators: Readonly<Record<string, unknown>>;
}): readonly Layer[] {
  const rows = [...Object.values(SERVICES), ...Object.values(SCHEDULE_TABLE)];
  const hasIndicators = 0 < Object.keys(declared.indicators).length;
  return LAYERS.filter(
    (layer) =>
      rows.some((one) => one.layer === layer) || (layer === INDICATORS_LAYER && hasIndicators),
  );
}

export const INDICATORS_LAYER: Layer = "indicators";

function row(name: ScheduleName, layer: Layer, at: string): ScheduleSpec {
  return { name, layer, at, enabled: true, catchup_h: CATCHUP_H };
}
