/** What an operator asks for, once for each command id. */
import { cancelEntries } from "../book/cancel-entries.ts";
import { placeEntry } from "../book/place-orders.ts";
import type { OperatorCommand, OperatorEvent } from "../events.ts";
import { judgeEntry } from "../risk/entry-gate.ts";
import { releaseLimits } from "../risk/limits.ts";
import { refusalWords } from "../risk/refusal-words.ts";
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
  const { isDone, more } = obey(trader, command);
  const detail = `${command.kind} by ${by}${more}`;
  if (!isDone) {
    // Nothing was done, so the id is not done before: sent again it is judged anew.
    emitNote(trader, "operator_refused", { subject: commandId, detail });
    return;
  }
  data.operatorIds.push(commandId);
  if (OPERATOR_IDS_MAX < data.operatorIds.length) data.operatorIds.shift();
  emitNote(trader, "operator_done", { subject: commandId, detail });
}

type Outcome = { readonly isDone: boolean; readonly more: string };
const DONE: Outcome = { isDone: true, more: "" };

/** Only an entry can be refused. */
function obey(trader: Trader, command: OperatorCommand): Outcome {
  const { data } = trader;
  switch (command.kind) {
    case "halt":
      data.risk.isHalted = true;
      cancelEntries(trader, null);
      return DONE;
    case "resume":
      releaseLimits(trader);
      return DONE;
    case "flatten":
      data.risk.isHalted = true;
      cancelEntries(trader, null);
      for (const position of data.positions) position.exitWanted ??= "flatten";
      return DONE;
    case "enter":
      return enter(trader, command);
  }
}

function enter(trader: Trader, command: Extract<OperatorCommand, { kind: "enter" }>): Outcome {
  const { asset, direction, share, plan } = command;
  const column = trader.windows.columnOf(asset);
  const wish = { column, asset, direction, share, strength: 0, plan };
  const verdict = judgeEntry(trader, wish);
  if (verdict.kind === "refused") {
    return { isDone: false, more: `: ${refusalWords(verdict.reason, verdict.subject)}` };
  }
  const { side, quantity, clientOrderId } = placeEntry(trader, wish, verdict);
  return { isDone: true, more: `: ${side} ${quantity} ${asset} as ${clientOrderId}` };
}
