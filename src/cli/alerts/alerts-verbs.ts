/** `dolphin alerts`: incidents, and the channels that send notifications of them. */
import type { Command } from "commander";
import { addIncidentCommands } from "./incident-commands.ts";
import { addTestCommand } from "./test-command.ts";

export function addAlertsCommand(program: Command): void {
  const alerts = program
    .command("alerts")
    .description("incidents, and the channels that report them");
  addIncidentCommands(alerts);
  addTestCommand(alerts);
}
