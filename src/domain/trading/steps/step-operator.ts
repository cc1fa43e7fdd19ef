/** What an operator asks for, once for each command id. */
import { cancelEntries, placeEntry } from "../book/place-orders.ts";
import type { OperatorCommand, OperatorEvent } from "../events.ts";
import { judgeEntry } from "../risk/entry-gate.ts";
import { releaseLimits } from "../risk/limits.ts";
import { emitNote, type Trader } from "../state.ts";

/** Ids older than this many commands are forgotten. */
const OPERATOR_IDS_MAX = 1_000;

export function stepOperator(trader: Trader, event: OperatorEvent): void {
  const { data } = trader;
  const { commandId, by, command } = event;
  if (data.operatorIds.includes(commandId)) {
    emitNote(trader, "operator_repeated", {
      subject: commandId,
      detail: `${command.kind} was done before`,
    });
    return;
  }
  data.operatorIds.push(commandId);
  if (OPERATOR_IDS_MAX < data.operatorIds.length) data.operatorIds.shift();
  const refusal = obey(trader, command);
  const detail = `${command.kind} by ${by}`;
  if (refusal === null) emitNote(trader, "operator_done", { subject: commandId, detail });
  else
    emitNote(trader, "operator_refused", { subject: commandId, detail: `${detail}: ${refusal}` });
}

/** Returns why not, or null. Only an entry can be refused. */
function obey(trader: Trader, command: OperatorCommand): string | null {
  const { data, windows } = trader;
  switch (command.kind) {
    case "halt":
      data.risk.isHalted = true;
      return null;
    case "resume":
      releaseLimits(trader);
      return null;
    case "flatten":
      data.risk.isHalted = true;
      cancelEntries(trader, null);
      for (const position of data.positions) position.exitWanted ??= "flatten";
      return null;
    case "enter": {
      const { asset, direction, share, plan } = command;
      const wish = { column: windows.columnOf(asset), asset, direction, share, strength: 0, plan };
      const verdict = judgeEntry(trader, wish);
      if (verdict.kind === "refused") return verdict.reason;
      placeEntry(trader, wish, verdict);
      return null;
    }
  }
}
