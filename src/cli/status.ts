/** `dolphin status`. */
import type { Command } from "commander";

export function addStatusCommand(program: Command): void {
  program.command("status");
}
