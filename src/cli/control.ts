/** `dolphin start`, `stop` and `restart`: an operator's commands, through the supervisors. */
import { Argument, type Command } from "commander";
import { connectTemporal } from "../adapters/temporal-client.ts";
import {
  COMMANDABLE,
  type Commanded,
  commandedLine,
  commandServices,
} from "../operations/supervision/command-services.ts";
import type { ServiceCommandName } from "../operations/supervision/supervisor-commands.ts";
import { openContext } from "./context.ts";
import { COMMAND_ID } from "./quick/command-id.ts";

const DESCRIPTIONS: Readonly<Record<ServiceCommandName, string>> = {
  start: "start a service, and its supervisor if there is none",
  stop: "stop a service and keep it stopped",
  restart: "end the running process and start another; costs no restart budget",
};

const HELP = `
Answers when it took effect. Does not count as a restart in the restart budget.
Several services are started upstream first, and stopped in reverse order.
'restart all' and 'restart group:...' do not start what is stopped.

Exit status:
  0   done
  1   no worker executed it, or the service did not come up (the line says why)
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
    .addArgument(new Argument("<service>", "one service, a group, or all").choices(COMMANDABLE))
    .option("--json", "print the services' status as JSON", false)
    .addHelpText("after", HELP)
    .action(async (service: string, { json }: { readonly json: boolean }, command: Command) => {
      const { config, temporalAddress } = openContext(command);
      const temporal = connectTemporal(temporalAddress);
      const done = await commandServices(temporal, {
        name,
        service,
        config,
        id: COMMAND_ID,
        warn: (text) => process.stderr.write(text),
      });
      await temporal.close();
      process.stdout.write(commandedText(done, json));
      process.exitCode = done.exit;
    });
}

export function commandedText({ statuses }: Commanded, json: boolean): string {
  const text = json ? JSON.stringify(statuses, null, 2) : statuses.map(commandedLine).join("\n");
  return `${text}\n`;
}
