/**
 * `dolphin create`: brings supervisors, schedules and search attributes to their declarations, and reports the
 * changes.
 */
import { text as textOf } from "node:stream/consumers";
import { type Command, Option } from "commander";
import { bringSupervisor } from "../operations/declared/bring-supervisor.ts";
import { createSurroundings } from "../operations/declared/create-surroundings.ts";
import { configuredIndicators } from "../operations/indicators/configured-indicators.ts";
import { expectTemporal } from "../operations/expect-temporal.ts";
import { connectTemporal } from "../adapters/temporal-client.ts";
import type { TemporalClient } from "../adapters/temporal-client.ts";
import type { Config } from "../config.ts";
import { messageOf } from "../domain/failure.ts";
import { SERVICES } from "../domain/supervision/services.ts";
import { declarationOf } from "../wire/declared/configured-services.ts";
import { supervisorIdOf } from "../workflows/names.ts";
import { CliError, EXIT_CONFIGURATION, openContext } from "./context.ts";
import { type Created, createdText, failedOf } from "./rendering/created-text.ts";

const HELP = `
Idempotent: creates the search attributes, supervisors, schedules and metaHealth that are missing, and updates
existing ones to the sections 'services', 'schedules', 'indicators', 'books' and 'recovery' of the configuration.
The schedule of an indicator that is no longer configured is paused. Only what changed in the configuration since
the last 'create' is updated, so an operator's commands stay in force: a service that was stopped, a schedule that
was paused. Prints what was done, and which task queues have no worker. A changed limit of memory, CPU or tasks
takes effect at the next start of the process.

Exit status:
  0   everything exists as declared
  1   a supervisor or metaHealth could not be updated, because its task queue has no worker (the line says which)
  3   Temporal does not answer`;

type CreateFlags = { readonly json: boolean; readonly afterInput?: boolean };

export function addCreateCommand(program: Command): void {
  program
    .command("create")
    .description("create or update search attributes, supervisors and schedules as declared")
    .option("--json", "print what was created and changed as JSON", false)
    .addOption(new Option("--after-input", "begin when standard input ends").hideHelp())
    .addHelpText("after", HELP)
    .action(async (flags: CreateFlags, command: Command) => {
      const { config, temporalAddress } = openContext(command);
      const temporal = connectTemporal(temporalAddress);
      if (flags.afterInput === true) await textOf(process.stdin);
      await expectTemporal(temporal);
      const created = await createEverything(temporal, config);
      await temporal.close();
      const text = flags.json ? JSON.stringify(created, null, 2) : createdText(created).join("\n");
      process.stdout.write(`${text}\n`);
      if (failedOf(created) !== undefined) process.exitCode = 1;
    });
}

/** @throws {CliError} exit code 78 for an indicator whose kind can't be had */
export async function createEverything(temporal: TemporalClient, config: Config): Promise<Created> {
  const indicators = await configuredIndicators(config).catch((error: unknown) => {
    throw new CliError(messageOf(error), EXIT_CONFIGURATION);
  });
  const surroundings = await createSurroundings(temporal, config, indicators);
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
