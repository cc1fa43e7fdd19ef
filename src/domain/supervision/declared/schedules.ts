/** The schedules that Temporal keeps for us; their names are part of the contract. */
import { type Layer, LAYERS, SERVICES } from "../services.ts";

export const SCHEDULE_NAMES = [
  "compact-archive",
  "archive-audit",
  "paper-trade-daily",
  "backtest-daily",
  "mc-forewarner",
] as const;
export type ScheduleName = (typeof SCHEDULE_NAMES)[number];

/** A schedule with one run a day. */
export type ScheduleDeclaration = {
  readonly enabled: boolean;
  /** The time of the UTC day, such as 00:20. */
  readonly at: string;
  /** Runs that were missed while the server was away are caught up within this many hours. */
  readonly catchup_h: number;
};

export type ScheduleSpec = ScheduleDeclaration & {
  readonly name: ScheduleName;
  /** The layer whose worker runs it. */
  readonly layer: Layer;
};

const CATCHUP_H = 20;

export const SCHEDULE_TABLE: Readonly<Record<ScheduleName, ScheduleSpec>> = {
  // By then yesterday's last files have arrived, slow shares and writers included.
  "compact-archive": row("compact-archive", "batch", "00:20"),
  // Before the compaction, so that the audit sees the day's folder unchanged.
  "archive-audit": row("archive-audit", "scan", "00:10"),
  // The previous day is settled and replayed first.
  "paper-trade-daily": row("paper-trade-daily", "batch", "00:01"),
  // After the compaction, so that the days are read from their compacted files.
  "backtest-daily": row("backtest-daily", "batch", "01:20"),
  // One forecast per day, for one day: forecasts do not overlap, so each can be judged.
  "mc-forewarner": row("mc-forewarner", "batch", "00:05"),
};

/**
 * Layers that a service or a schedule needs: without a worker its tasks would wait forever. Indicators are included
 * where the configuration names some.
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
