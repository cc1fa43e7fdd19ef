/** `dolphin create`: what the server must hold for us, made once and again at no harm. */
import type { Command } from "commander";
import { startSupervisor } from "../adapters/supervisor-commands.ts";
import {
  addSearchAttributes,
  connectTemporal,
  temporalAnswers,
} from "../adapters/temporal-client.ts";
import type { TemporalClient } from "../adapters/temporal-client.ts";
import { createSchedule, SCHEDULES } from "../adapters/temporal-schedules.ts";
import { SERVICES } from "../domain/supervision/services.ts";
import { SEARCH_ATTRIBUTES, supervisorIdOf } from "../workflows/names.ts";
import { CliError, openContext } from "./context.ts";

export type Created = {
  readonly search_attributes: {
    readonly created: readonly string[];
    readonly all: readonly string[];
  };
  readonly supervisors: readonly {
    readonly service: string;
    readonly workflow_id: string;
    readonly created: boolean;
  }[];
  readonly schedules: readonly { readonly schedule_id: string; readonly created: boolean }[];
};

const HELP = `
Idempotent: makes the search attributes and schedules that are missing and starts the
supervisors that are not there. A supervisor that runs and a schedule that stands are left alone,
with whatever an operator told them.

Exit status:
  0   everything is there
  3   Temporal does not answer`;

export function addCreateCommand(program: Command): void {
  program
    .command("create")
    .description("search attributes, supervisors and schedules, where they are missing")
    .option("--json", "print what was made as JSON", false)
    .addHelpText("after", HELP)
    .action(async (flags: { readonly json: boolean }, command: Command) => {
      const temporal = connectTemporal(openContext(command).temporalAddress);
      await expectAnswer(temporal);
      const created = await createEverything(temporal);
      await temporal.close();
      process.stdout.write(flags.json ? `${JSON.stringify(created, null, 2)}\n` : textOf(created));
    });
}

export async function createEverything(temporal: TemporalClient): Promise<Created> {
  const created = await addSearchAttributes(temporal);
  const supervisors = await Promise.all(
    Object.values(SERVICES).map(async (spec) => ({
      service: spec.name,
      workflow_id: supervisorIdOf(spec.name),
      created: await startSupervisor(temporal, spec),
    })),
  );
  const schedules = await Promise.all(
    SCHEDULES.map(async (schedule) => ({
      schedule_id: schedule.scheduleId,
      created: await createSchedule(temporal, schedule),
    })),
  );
  return { search_attributes: { created, all: SEARCH_ATTRIBUTES }, supervisors, schedules };
}

/** @throws {CliError} exit code 3 when the server is away. */
export async function expectAnswer(temporal: TemporalClient): Promise<void> {
  if (await temporalAnswers(temporal, COLD_ANSWER_MS_MAX)) return;
  const { address } = temporal.address;
  throw new CliError(
    `Temporal at ${address} does not answer; start it ('dolphin up') or set TEMPORAL_ADDRESS`,
    EXIT_SERVER_SILENT,
  );
}

const EXIT_SERVER_SILENT = 3;
/** A first call also connects, on a machine that may be busy. */
const COLD_ANSWER_MS_MAX = 5_000;

function textOf({ search_attributes, supervisors, schedules }: Created): string {
  const rows = [
    ...search_attributes.all.map((name) => ({
      what: `search attribute ${name}`,
      isNew: search_attributes.created.includes(name),
    })),
    ...supervisors.map((one) => ({ what: `supervisor ${one.workflow_id}`, isNew: one.created })),
    ...schedules.map((one) => ({ what: `schedule ${one.schedule_id}`, isNew: one.created })),
  ];
  return rows.map(({ what, isNew }) => `${what}: ${isNew ? "created" : "there"}\n`).join("");
}
