/** `dolphin start`, `stop` and `restart`: an operator's commands, through the supervisors. */
import { Argument, type Command } from "commander";
import { commandService } from "../adapters/supervisor-commands.ts";
import type { ServiceCommandName } from "../adapters/supervisor-commands.ts";
import { connectTemporal } from "../adapters/temporal-client.ts";
import type { TemporalClient } from "../adapters/temporal-client.ts";
import { SERVICE_NAMES, SERVICES } from "../domain/supervision/services.ts";
import type { ServiceSpec } from "../domain/supervision/services.ts";
import type { ServiceStatus } from "../wire/supervision.ts";
import { taskQueueOf } from "../workflows/names.ts";
import { CliError, EXIT_CONFIGURATION, EXIT_FENCED, openContext } from "./context.ts";
import { expectAnswer } from "./create.ts";

const DESCRIPTIONS: Readonly<Record<ServiceCommandName, string>> = {
  start: "start a service; also its supervisor, where that is not there",
  stop: "stop a service and keep it stopped",
  restart: "end the running process and start another; costs no restart budget",
};

const HELP = `
Answers when it took effect. Costs none of the restarts that the policy counts.

Exit status:
  0   done
  1   no worker took it, or the service did not come up (the line says why)
  3   Temporal does not answer
  76  the service was fenced by a newer epoch
  78  the service's configuration is wrong`;

export function addStartCommand(program: Command): void {
  addCommand(program, "start");
}

export function addStopCommand(program: Command): void {
  addCommand(program, "stop");
}

export function addRestartCommand(program: Command): void {
  addCommand(program, "restart");
}

function addCommand(program: Command, name: ServiceCommandName): void {
  program
    .command(name)
    .description(DESCRIPTIONS[name])
    .addArgument(
      new Argument("<service>", "one service, or all").choices([...SERVICE_NAMES, "all"]),
    )
    .option("--json", "print the services' status as JSON", false)
    .addHelpText("after", HELP)
    .action(async (service: string, flags: { readonly json: boolean }, command: Command) => {
      const specs = Object.values(SERVICES).filter(
        (spec) => service === "all" || spec.name === service,
      );
      const temporal = connectTemporal(openContext(command).temporalAddress);
      await expectAnswer(temporal);
      const statuses: ServiceStatus[] = [];
      for (const spec of specs) statuses.push(await send(temporal, spec, name));
      await temporal.close();
      const text = flags.json ? JSON.stringify(statuses, null, 2) : statuses.map(line).join("\n");
      process.stdout.write(`${text}\n`);
      process.exitCode = Math.max(...statuses.map((status) => exitCodeOf(status, name)));
    });
}

async function send(
  temporal: TemporalClient,
  spec: ServiceSpec,
  name: ServiceCommandName,
): Promise<ServiceStatus> {
  const outcome = await commandService(temporal, spec, name);
  switch (outcome.kind) {
    case "done":
      return outcome.status;
    case "no_supervisor":
      throw new CliError(
        `${spec.name} has no supervisor; 'dolphin start ${spec.name}' starts both`,
      );
    case "no_answer":
      throw new CliError(
        `no worker on task queue ${taskQueueOf(spec.layer)} took the command; ` +
          `is 'dolphin worker ${spec.layer}' running? It is done when one comes`,
      );
  }
}

function line(status: ServiceStatus): string {
  const pid = status.pid === null ? "" : `, pid ${status.pid}`;
  return `${status.service}: ${status.word} (life ${status.life}${pid}): ${status.reason}`;
}

function exitCodeOf(status: ServiceStatus, name: ServiceCommandName): number {
  if (name === "stop") return status.pid === null ? 0 : 1;
  if (status.pid !== null) return 0;
  if (status.word === "Fenced") return EXIT_FENCED;
  return status.last_end?.kind === "misconfigured" ? EXIT_CONFIGURATION : 1;
}
