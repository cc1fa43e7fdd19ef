/**
 * `dolphin create`: brings supervisors, schedules and search attributes to their declarations, and reports the
 * changes.
 */
import type { Command } from "commander";
import { bringSupervisor } from "../operations/declared/bring-supervisor.ts";
import {
  configuredIndicators,
  scheduleOf,
} from "../operations/indicators/configured-indicators.ts";
import { expectTemporal } from "../operations/expect-temporal.ts";
import { bringMetaHealth } from "../operations/health/meta-health-client.ts";
import { pollersOf } from "../operations/declared/task-queues.ts";
import { addSearchAttributes, connectTemporal } from "../adapters/temporal-client.ts";
import type { TemporalClient } from "../adapters/temporal-client.ts";
import { type BroughtSchedule, bringSchedule } from "../adapters/temporal-schedules.ts";
import {
  bringIndicatorSchedule,
  pauseOtherIndicators,
} from "../adapters/indicators/indicator-schedules.ts";
import type { Config } from "../config.ts";
import { messageOf } from "../domain/failure.ts";
import { layersInUse } from "../domain/supervision/declared/schedules.ts";
import { SERVICES } from "../domain/supervision/services.ts";
import { configuredSchedules } from "../wire/declared/configured-schedules.ts";
import { declarationOf } from "../wire/declared/configured-services.ts";
import {
  indicatorIdOf,
  META_HEALTH_ID,
  SEARCH_ATTRIBUTES,
  supervisorIdOf,
} from "../workflows/names.ts";
import { CliError, EXIT_CONFIGURATION, openContext } from "./context.ts";
import { type Created, createdText } from "./rendering/created-text.ts";

const HELP = `
Idempotent: makes the search attributes, supervisors, schedules and metaHealth that are missing, and brings
those that are there to what 'services', 'schedules', 'indicators', 'books' and 'recovery' of the configuration
say. The schedule of an indicator that is not configured any more is paused.
What they say nothing new of is left alone, with whatever an operator told: a service that he
stopped, a schedule that he paused. Says line by line what was done, and which task queues nobody
serves. A cap of memory, CPU or tasks holds from the next start of the process.

Exit status:
  0   everything is there, and as it is declared
  1   a supervisor or metaHealth could not be told, as nobody serves its task queue (the line says which)
  3   Temporal does not answer`;

export function addCreateCommand(program: Command): void {
  program
    .command("create")
    .description("bring search attributes, supervisors and schedules to what is declared")
    .option("--json", "print what was made and changed as JSON", false)
    .addHelpText("after", HELP)
    .action(async (flags: { readonly json: boolean }, command: Command) => {
      const { config, temporalAddress } = openContext(command);
      const temporal = connectTemporal(temporalAddress);
      await expectTemporal(temporal);
      const created = await createEverything(temporal, config);
      await temporal.close();
      const text = flags.json ? JSON.stringify(created, null, 2) : createdText(created).join("\n");
      process.stdout.write(`${text}\n`);
      if (untoldOf(created) !== undefined) process.exitCode = 1;
    });
}

export async function createEverything(temporal: TemporalClient, config: Config): Promise<Created> {
  const surroundings = await createSurroundings(temporal, config);
  const supervisors = await Promise.all(
    Object.values(SERVICES).map(async (spec) => {
      const queue = surroundings.task_queues.find(({ layer }) => layer === spec.layer);
      const brought = await bringSupervisor(temporal, spec, {
        declared: declarationOf(spec, config),
        isServed: 0 < (queue?.pollers ?? 0),
      });
      return {
        service: spec.name,
        workflow_id: supervisorIdOf(spec.name),
        created: brought.kind === "created",
        changes: "changes" in brought ? brought.changes : [],
        problem: brought.kind === "refused" ? brought.why : null,
      };
    }),
  );
  return { ...surroundings, supervisors };
}

/** Declarations that could not be applied. */
export function untoldOf({
  supervisors,
  meta_health,
}: Pick<Created, "supervisors" | "meta_health">) {
  return [...supervisors, meta_health].find(({ problem }) => problem !== null);
}

/** Everything but the supervisors: the caller that remembers these decides which to restart. */
export async function createSurroundings(
  temporal: TemporalClient,
  config: Config,
): Promise<Omit<Created, "supervisors">> {
  const created = await addSearchAttributes(temporal);
  const task_queues = await pollersOf(temporal, layersInUse(config));
  const schedules = await Promise.all(
    configuredSchedules(config).map(async (spec) =>
      scheduleLine(spec.name, await bringSchedule(temporal, spec)),
    ),
  );
  return {
    search_attributes: { created, all: SEARCH_ATTRIBUTES },
    schedules: [...schedules, ...(await createIndicators(temporal, config))],
    meta_health: await createMetaHealth(temporal, config, task_queues),
    task_queues,
  };
}

/** @throws {CliError} exit code 78 for a kind that can't be loaded */
async function createIndicators(
  temporal: TemporalClient,
  config: Config,
): Promise<Created["schedules"]> {
  const indicators = await configuredIndicators(config).catch((error: unknown) => {
    throw new CliError(messageOf(error), EXIT_CONFIGURATION);
  });
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

function scheduleLine(schedule_id: string, brought: BroughtSchedule): Created["schedules"][number] {
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
  queues: Created["task_queues"],
): Promise<Created["meta_health"]> {
  const isServed = queues.some(({ layer, pollers }) => layer === "health" && 0 < pollers);
  const brought = await bringMetaHealth(temporal, recovery.mode, isServed);
  return {
    workflow_id: META_HEALTH_ID,
    created: brought.kind === "created",
    changes: "changes" in brought ? brought.changes : [],
    problem: brought.kind === "refused" ? brought.why : null,
  };
}
