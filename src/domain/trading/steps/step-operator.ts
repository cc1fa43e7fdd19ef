/** An operator's commands, carried out once for each command id. */
import { isoFromMs } from "../../time.ts";
import { cancelEntries } from "../cancel-orders.ts";
import { placeEntry } from "../portfolio/place-orders.ts";
import { closeInBook } from "../portfolio/write-off.ts";
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
    // A refused command had no effect, so its id is not recorded: sent again, it is checked anew.
    emitNote(trader, "operator_refused", { subject: commandId, detail });
    return;
  }
  data.operatorIds.push(commandId);
  if (OPERATOR_IDS_MAX < data.operatorIds.length) data.operatorIds.shift();
  emitNote(trader, "operator_done", { subject: commandId, detail });
}

type Outcome = { readonly isDone: boolean; readonly more: string };
const DONE: Outcome = { isDone: true, more: "" };

/** Only an entry, and closing something that is not open, can be refused. */
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
    case "close":
      return close(trader, command);
    case "enter":
      return enter(trader, command);
  }
}

/** The note is the audit record: who closed what, at which price, and at which mark the book held it. */
function close(trader: Trader, command: Extract<OperatorCommand, { kind: "close" }>): Outcome {
  const { positions } = trader.data;
  const { position: named, price } = command;
  const found = positions.find(({ id, asset }) => asset === named || isSamePlace(id, named));
  if (found === undefined) {
    const open = positions.map(({ id, asset }) => `${id} (${asset})`).join(", ") || "none";
    return { isDone: false, more: `: no position ${named}; open: ${open}` };
  }
  const { id, quantity, asset, direction, mark, markedAtMs } = found;
  const pnl = closeInBook(trader, found, { price, reason: "operator" });
  const marked = isoFromMs(markedAtMs);
  return {
    isDone: true,
    more: `: ${id}, ${direction} ${quantity} ${asset}, at ${price}; its last mark was ${mark} of ${marked}; pnl ${pnl}`,
  };
}

/** The other book's position has the same id except for the book's name: both books get the same command. */
function isSamePlace(id: string, named: string): boolean {
  return named.includes("-") && id.slice(id.indexOf("-")) === named.slice(named.indexOf("-"));
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
