/** `dolphin worker LAYER...`: the workers of these layers, and the services that they keep. */
import { Argument, type Command } from "commander";
import { LAYERS, SERVICES } from "../domain/supervision/services.ts";
import type { Layer } from "../domain/supervision/services.ts";
import { ConfigError } from "../config.ts";
import { type CliContext, EXIT_CONFIGURATION, openContext } from "./context.ts";

const HELP = `
Layers: ${LAYERS.join(", ")}. A layer without services still runs its workflows.
Waits for a Temporal server that is not up yet. SIGTERM stops the services, then the workers.

Exit status:
  0   stopped as asked
  1   a worker failed; the log says why
  78  bad configuration`;

export function addWorkerCommand(program: Command): void {
  program
    .command("worker")
    .description("run the workers of these layers against the configured servers")
    .addArgument(new Argument("<layer...>", "the layers to serve").choices(LAYERS))
    .addHelpText("after", HELP)
    .action(async (layers: Layer[], _flags: unknown, command: Command) => {
      const context = openContext(command);
      const { runWorkers } = await import("../workers/run-workers.ts");
      try {
        await runWorkers({
          layers: [...new Set(layers)],
          config: context.config,
          services: SERVICES,
          env: serviceEnvironment(context),
          temporalAddress: context.temporalAddress,
          say: (line) => process.stdout.write(`dolphin worker: ${line}\n`),
        });
      } catch (error) {
        // Native threads of a worker that failed would keep the process.
        const isConfiguration = error instanceof ConfigError;
        const text = isConfiguration ? error.message : `the worker failed: ${String(error)}`;
        process.stderr.write(`dolphin: ${text}\n`);
        process.exit(isConfiguration ? EXIT_CONFIGURATION : 1);
      }
      process.exit(0);
    });
}

/** Services read their own configuration: it must be the one that this worker was given. */
function serviceEnvironment({ loaded, config, up }: CliContext): NodeJS.ProcessEnv {
  return {
    ...process.env,
    ...(loaded.file === null ? {} : { DOLPHIN_CONFIG: loaded.file }),
    DOLPHIN_DATA_DIR: config.data_dir,
    ...(up === null
      ? {}
      : {
          DOLPHIN_ARCHIVE: config.archive,
          DOLPHIN_HAZELCAST_ADDRESS: config.hazelcast.address,
          DOLPHIN_HAZELCAST_CLUSTER: config.hazelcast.cluster,
        }),
  };
}
