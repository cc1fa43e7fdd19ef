/** `dolphin worker LAYER...`: runs the workers of these layers, and the services that they keep. */
import { Argument, type Command } from "commander";
import { raiseFormat } from "../adapters/files/data-format.ts";
import { provideLeanMessages } from "../adapters/temporal/lean-messages.ts";
import { LAYERS } from "../domain/supervision/services.ts";
import type { Layer } from "../domain/supervision/services.ts";
import { ConfigError } from "../config.ts";
import { effectiveConfigFile, temporalConfigFile } from "../embedded/state/up-state.ts";
import { findFreePort } from "../embedded/ports/ports.ts";
import type { StatusReader } from "../operations/status/open-status.ts";
import { messageOf } from "../domain/failure.ts";
import { answerVerbs, isAnswered } from "./quick/answer-verbs.ts";
import { printsLike, printsOf } from "./quick/question.ts";
import { statusOptions } from "./status.ts";
import { configuredServices } from "../wire/declared/configured-services.ts";
import {
  type CliContext,
  EXIT_CONFIGURATION,
  openContext,
  outliveOutput,
  refuseUnusable,
} from "./context.ts";

const HELP = `
Layers: ${LAYERS.join(", ")}. A layer without services still runs its workflows.
Waits for a Temporal server that is not up yet. SIGTERM stops the services, then the workers.

Exit status:
  0   stopped as requested
  1   a worker failed; the log says why
  78  bad configuration, or a data directory of a newer release`;

export function addWorkerCommand(program: Command): void {
  program
    .command("worker")
    .description("run the workers of these layers against the configured servers")
    .addArgument(new Argument("<layer...>", "the layers to serve").choices(LAYERS))
    .addHelpText("after", HELP)
    .action(async (layers: Layer[], _flags: unknown, command: Command) => {
      const context = openContext(command);
      refuseUnusable(context.config.data_dir);
      refuseBesideUp(context);
      raiseFormat(context.config.data_dir);
      outliveOutput();
      provideLeanMessages();
      const reader = readerOnDemand(context);
      await answerAsWorker(context, reader);
      const { runWorkers } = await import("../workers/run-workers.ts");
      try {
        await runWorkers({
          layers: [...new Set(layers)],
          config: context.config,
          services: configuredServices(context.config),
          env: serviceEnvironment(context),
          temporalAddress: context.temporalAddress,
          ...(await metricsOf(context, reader)),
          say: (line) => process.stdout.write(`dolphin worker: ${line}\n`),
        });
      } catch (error) {
        // Native threads of a failed worker would keep the process alive.
        const isConfiguration = error instanceof ConfigError;
        const text = isConfiguration ? error.message : `the worker failed: ${String(error)}`;
        process.stderr.write(`dolphin: ${text}\n`);
        process.exit(isConfiguration ? EXIT_CONFIGURATION : 1);
      }
      process.exit(0);
    });
}

/** An `up` starts its own workers, and they get the address of its server. @throws {ConfigError} */
function refuseBesideUp({ up, config }: CliContext): void {
  const address = process.env["TEMPORAL_ADDRESS"];
  if (up === null || address === undefined || address === up.temporal) return;
  throw new ConfigError(
    `a 'dolphin up' (pid ${up.pid}) runs on ${config.data_dir} with Temporal at ${up.temporal}, and this worker is to serve ` +
      `${address}: stop one of them, or give this worker a data_dir of its own`,
  );
}

type Reader = () => Promise<StatusReader>;

/** Opens its connections at the first request. */
function readerOnDemand(context: CliContext): Reader {
  let reader: Promise<StatusReader> | null = null;
  const open = async () => {
    const { openStatus } = await import("../operations/status/open-status.ts");
    return openStatus(statusOptions(context));
  };
  return () =>
    (reader ??= open().catch((error: unknown) => {
      reader = null;
      throw error;
    }));
}

/** Nothing where the port is 0. */
async function metricsOf({ config }: CliContext, reader: Reader) {
  const port = config.ports.metrics;
  return port === 0 ? {} : { metrics: { port, reader, sdkPort: await findFreePort() } };
}

/** Where no other worker answers yet: the worker of an `up`, and any where no `up` runs. */
async function answerAsWorker({ config, up }: CliContext, reader: Reader): Promise<void> {
  const { TEMPORAL_CONFIG_FILE: file, TEMPORAL_NAMESPACE: namespace = "default" } = process.env;
  // Only `up` gives its children this file.
  const isKept = file === temporalConfigFile(config.data_dir);
  if ((up !== null && !isKept) || (await isAnswered(config.data_dir))) return;
  try {
    await answerVerbs({
      name: "worker",
      dataDir: config.data_dir,
      hazelcast: config.hazelcast,
      temporal: isKept ? printsOf(namespace) : printsLike(process.env),
      reader,
    });
  } catch (error) {
    process.stderr.write(
      `dolphin: this process cannot answer the command line: ${messageOf(error)}\n`,
    );
  }
}

/** Services read the configuration themselves: it must be the one that this worker was given. */
function serviceEnvironment({ loaded, config, up }: CliContext): NodeJS.ProcessEnv {
  const file = loaded.file ?? (up === null ? null : effectiveConfigFile(config.data_dir));
  return {
    ...process.env,
    ...(file === null ? {} : { DOLPHIN_CONFIG: file }),
    DOLPHIN_DATA_DIR: config.data_dir,
    ...(up === null
      ? {}
      : {
          DOLPHIN_ARCHIVE: config.archive,
          DOLPHIN_HAZELCAST_ADDRESS: config.hazelcast.address,
          DOLPHIN_HAZELCAST_CLUSTER: config.hazelcast.cluster,
          ...(config.hazelcast.prefix === null
            ? {}
            : { DOLPHIN_HAZELCAST_PREFIX: config.hazelcast.prefix }),
        }),
  };
}
