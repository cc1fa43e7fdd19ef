/** `dolphin up`: the whole stack on one machine. */
import type { Command } from "commander";

export function addUpCommand(program: Command): void {
  program.command("up");
}
