/** `dolphin worker LAYER...`: the workers of these layers, and the services that they keep. */
import { Argument, type Command } from "commander";
import { LAYERS, SERVICES } from "../domain/supervision/services.ts";
import type { Layer } from "../domain/supervision/services.ts";
import { openContext } from "./context.ts";

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
      // Services read their own configuration: the same file, the same data directory.
      const { file, config } = context.loaded;
      const env = {
        ...process.env,
        ...(file === null ? {} : { DOLPHIN_CONFIG: file }),
        DOLPHIN_DATA_DIR: config.data_dir,
      };
      const { runWorkers } = await import("../workers/run-workers.ts");
      await runWorkers({
        layers: [...new Set(layers)],
        config: context.config,
        services: SERVICES,
        env,
        temporalAddress: context.temporalAddress,
        say: (line) => process.stdout.write(`dolphin worker: ${line}\n`),
      });
      process.exit(0);
    });
}
