/** Creates or updates what the supervisors need at the server: search attributes, schedules, metaHealth. */
import { addSearchAttributes, type TemporalClient } from "../../adapters/temporal-client.ts";
import { type BroughtSchedule, bringSchedule } from "../../adapters/temporal-schedules.ts";
import {
  bringIndicatorSchedule,
  pauseOtherIndicators,
} from "../../adapters/indicators/indicator-schedules.ts";
import type { Config } from "../../config.ts";
import type { DeclarationChange } from "../../domain/supervision/declared/declaration.ts";
import { layersInUse } from "../../domain/supervision/declared/schedules.ts";
import { configuredSchedules } from "../../wire/declared/configured-schedules.ts";
import { indicatorIdOf, META_HEALTH_ID, SEARCH_ATTRIBUTES } from "../../workflows/names.ts";
import { bringMetaHealth } from "../health/meta-health/meta-health-client.ts";
import { type ConfiguredIndicator, scheduleOf } from "../indicators/configured-indicators.ts";
import { pollersOf, type ServedQueue } from "../../adapters/temporal/task-queues.ts";

export type CreateResult = {
  readonly search_attributes: {
    readonly created: readonly string[];
    readonly all: readonly string[];
  };
  readonly schedules: readonly {
    readonly schedule_id: string;
    readonly created: boolean;
    readonly changes: readonly DeclarationChange[];
    /** The operator's note from pausing it. */
    readonly paused: string | null;
  }[];
  readonly meta_health: {
    readonly workflow_id: string;
    readonly created: boolean;
    readonly changes: readonly DeclarationChange[];
    readonly problem: string | null;
  };
  /** The task queues of every layer that has a supervisor or a schedule. */
  readonly task_queues: readonly ServedQueue[];
};

/** All but the supervisors: whether one of those may be started again is decided by whoever remembers its intent. */
export async function createSurroundings(
  temporal: TemporalClient,
  config: Config,
  indicators: readonly ConfiguredIndicator[],
): Promise<CreateResult> {
  const created = await addSearchAttributes(temporal);
  const task_queues = await pollersOf(temporal.reads, layersInUse(config));
  const schedules = await Promise.all(
    configuredSchedules(config).map(async (spec) =>
      scheduleLine(spec.name, await bringSchedule(temporal, spec)),
    ),
  );
  return {
    search_attributes: { created, all: SEARCH_ATTRIBUTES },
    schedules: [...schedules, ...(await createIndicators(temporal, indicators))],
    meta_health: await createMetaHealth(temporal, config, task_queues),
    task_queues,
  };
}

async function createIndicators(
  temporal: TemporalClient,
  indicators: readonly ConfiguredIndicator[],
): Promise<CreateResult["schedules"]> {
  const brought = await Promise.all(
    indicators.map(async (indicator) =>
      scheduleLine(
        indicatorIdOf(indicator.name),
        await bringIndicatorSchedule(temporal, scheduleOf(indicator)),
      ),
    ),
  );
  const others = await pauseOtherIndicators(
    temporal,
    indicators.map(({ name }) => name),
  );
  const changes = [{ what: "enabled", from: "true", to: "false" }];
  return [...brought, ...others.map((id) => scheduleLine(id, { kind: "changed", changes }))];
}

function scheduleLine(
  schedule_id: string,
  brought: BroughtSchedule,
): CreateResult["schedules"][number] {
  return {
    schedule_id,
    created: brought.kind === "created",
    changes: brought.kind === "changed" ? brought.changes : [],
    paused: brought.kind === "unchanged" ? brought.note : null,
  };
}

async function createMetaHealth(
  temporal: TemporalClient,
  { recovery }: Config,
  queues: CreateResult["task_queues"],
): Promise<CreateResult["meta_health"]> {
  const isServed = queues.some(({ layer, pollers }) => layer === "health" && 0 < pollers);
  const brought = await bringMetaHealth(temporal, recovery.mode, isServed);
  return {
    workflow_id: META_HEALTH_ID,
    created: brought.kind === "created",
    changes: "changes" in brought ? brought.changes : [],
    problem: brought.kind === "refused" ? brought.why : null,
  };
}
