/** `dolphin why`: the facts, times, rules and thresholds behind a state, from the records. */
import type { Command } from "commander";
import { addHealth } from "./health.ts";
import { addNoTrade } from "./no-trade.ts";
import { addPosture } from "./posture.ts";
import { addRestart } from "./restart.ts";

export function addWhyCommand(program: Command): void {
  const why = program
    .command("why")
    .description(
      "explain why a book does not trade, why a service was restarted, or the present health and posture",
    );
  addNoTrade(why);
  addPosture(why);
  addRestart(why);
  addHealth(why);
}
