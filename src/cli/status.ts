/** `dolphin status`: the state of the system for an operator. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import type { StatusOptions, StatusReader } from "../operations/status/open-status.ts";
import { EXIT_SERVER_SILENT } from "../domain/supervision/overall.ts";
import { restartPolicyOf } from "../wire/configuration.ts";
import { configuredServices } from "../wire/declared/configured-services.ts";
import type { SystemStatus } from "../wire/system-status.ts";
import { type CliContext, openContext } from "./context.ts";
import { statusTable } from "./rendering/status-table.ts";

type StatusFlags = { readonly json: boolean; readonly watch: boolean };

const REPAINT_MS = 1_000;
const HELP = `
Exit status:
  0  Healthy
  1  Warning, a backlog, upstream silent (Stale (upstream)), waiting, starting or stopped
  2  Down, Error, FATAL, Fenced, Unkillable, or Stale by our own fault
  3  a server did not answer in 400 ms, not counting time in which this process was too busy
     to receive the answer
Temporal's Web UI shows the same states. docs/status-json.md describes what --json prints.`;

export function addStatusCommand(program: Command): void {
  program
    .command("status")
    .description("services and servers: the state of each, why, and the age of its data")
    .option("--json", "print it as JSON; with --watch one line a second", false)
    .option("--watch", "repaint each second", false)
    .addHelpText("after", HELP)
    .action(async (flags: StatusFlags, command: Command) => {
      const { openStatus } = await import("../operations/status/open-status.ts");
      const reader = await openStatus(statusOptions(openContext(command)));
      const last = flags.watch ? await watch(reader, flags) : await once(reader, flags);
      // Pending connections to a server that is away would keep the process alive.
      process.stdout.write("", () => process.exit(last?.exit ?? EXIT_SERVER_SILENT));
    });
}

async function once(reader: StatusReader, { json }: StatusFlags): Promise<SystemStatus> {
  const status = await reader.read();
  process.stdout.write(statusText(status, json));
  return status;
}

export function statusText(status: SystemStatus, json: boolean): string {
  return json ? `${JSON.stringify(status, null, 2)}\n` : `${statusTable(status)}\n`;
}

async function watch(reader: StatusReader, { json }: StatusFlags): Promise<SystemStatus | null> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const clear = process.stdout.isTTY ? "\u001b[H\u001b[2J" : "";
  let status: SystemStatus | null = null;
  while (!stop.signal.aborted) {
    status = await reader.read();
    const text = json ? JSON.stringify(status) : `${clear}${statusTable(status)}`;
    process.stdout.write(`${text}\n`);
    await sleep(REPAINT_MS, undefined, { signal: stop.signal }).catch(() => undefined);
  }
  return status;
}

export function statusOptions({
  config,
  up,
  temporalAddress,
}: Pick<CliContext, "config" | "up" | "temporalAddress">): StatusOptions {
  return {
    temporalAddress,
    hazelcast: {
      address: config.hazelcast.address,
      cluster: config.hazelcast.cluster,
      prefix: config.hazelcast.prefix,
    },
    dataDir: config.data_dir,
    archive: config.archive,
    services: Object.values(configuredServices(config)),
    policy: restartPolicyOf(config),
    isWatched: config.safety.watchdog,
    temporalUi: up?.temporal_ui ?? null,
    dashboard: up?.dashboard ?? null,
  };
}
