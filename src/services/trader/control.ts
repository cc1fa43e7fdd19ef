/** Answers the local socket: an operator's command becomes an event, a query reads the state. */
import type { TradeFile } from "../../adapters/event-log/trade-file.ts";
import { unpricedPositions } from "../../domain/trading/portfolio/unpriced-positions.ts";
import type { TraderNote } from "../../domain/trading/commands.ts";
import type { OperatorCommand } from "../../domain/trading/events.ts";
import type { Trader } from "../../domain/trading/trader.ts";
import {
  type OperatorRequest,
  readTraderRequest,
  type TraderAnswer,
  type TraderRequest,
  type TraderStatus,
} from "../../wire/trading/trader-control.ts";
import { traderStatusOf } from "../book-status.ts";
import type { UnsequencedEvent } from "./event-sequencer.ts";
import type { PostureFact } from "./intake/posture-intake.ts";

export type ControlDeps = {
  readonly trader: Trader;
  readonly trades: Pick<TradeFile, "since">;
  /** One short phrase for operators. */
  readonly standing: () => string;
  /** Writes the trades of the steps so far. */
  readonly flush: () => void;
  /** Steps a fact; returns the resulting notes, null when the journal did not accept it. */
  readonly take: (fact: UnsequencedEvent) => readonly TraderNote[] | null;
  /** False when the journal did not accept it. */
  readonly takePosture: (fact: PostureFact) => boolean;
};

/** Every answer is one line; an unreadable request gets one, too. */
export async function answerRequest(deps: ControlDeps, line: string): Promise<string> {
  return JSON.stringify(await answerTo(deps, line));
}

async function answerTo(deps: ControlDeps, line: string): Promise<TraderAnswer> {
  const request = parseRequest(line);
  if (typeof request === "string") {
    return { id: "", ok: false, detail: request, status: null, trades: null };
  }
  switch (request.command) {
    case "status":
      return { ...plain(request.id, true, "running"), status: statusOf(deps) };
    case "posture": {
      const { id, posture, entries, source, as_of_ms: asOfMs } = request;
      const fact: PostureFact = { kind: "posture", posture, source, asOfMs };
      const ok = deps.takePosture(entries === "go" ? fact : { ...fact, entries: "stop" });
      const detail = ok
        ? "known"
        : "not accepted: it is from the future, or the journal cannot be written";
      return { ...plain(id, ok, detail), status: statusOf(deps) };
    }
    case "trades": {
      const { id, after, max } = request;
      deps.flush();
      // Read before the file: trades booked meanwhile have higher indexes.
      const newest = deps.trader.nextIndex - 1;
      const trades = await deps.trades.since(after, max);
      const to = trades.length < max ? Math.max(after, newest) : (trades.at(-1)?.index ?? after);
      const copies = trades.map(({ index, trade }) => ({ index, trade: { ...trade } }));
      return {
        ...plain(id, true, `${trades.length} trades`),
        trades: { from: after + 1, to, trades: copies.filter(({ index }) => index <= to) },
      };
    }
    case "enter":
    case "close":
    case "flatten":
    case "halt":
    case "resume":
      return obey(deps, request);
  }
}

function obey({ trader, take }: ControlDeps, request: OperatorRequest): TraderAnswer {
  const { id, by } = request;
  const notes = take({ kind: "operator", commandId: id, by, command: commandOf(request) });
  if (notes === null) return plain(id, false, "the journal cannot be written; nothing was done");
  const note = notes.find(({ subject, code }) => subject === id && code.startsWith("operator_"));
  const isDone = note?.code === "operator_done" || note?.code === "operator_repeated";
  const waiting = request.command === "flatten" ? unpricedPositions(trader) : [];
  const lacking = waiting.map(({ asset }) => `no price now for ${asset}, which stays open`);
  const detail = [note?.detail ?? "no answer", ...lacking].join("; ");
  return { ...plain(id, isDone, detail), status: traderStatusOf(trader) };
}

function commandOf(request: OperatorRequest): OperatorCommand {
  if (request.command === "close") {
    return { kind: "close", position: request.position, price: request.price };
  }
  if (request.command !== "enter") return { kind: request.command };
  const { asset, direction, share } = request;
  const plan = {
    takeProfit: request.take_profit,
    stopLoss: request.stop_loss,
    holdScansMax: request.hold_scans_max,
    bucket: "operator",
  };
  return { kind: "enter", asset, direction, share, plan };
}

function statusOf({ trader, standing }: ControlDeps): TraderStatus {
  return { ...traderStatusOf(trader), state: standing() };
}

function plain(id: string, ok: boolean, detail: string): TraderAnswer {
  return { id, ok, detail, status: null, trades: null };
}

/** A sentence when it is not a request. */
function parseRequest(line: string): TraderRequest | string {
  let raw: unknown;
  try {
    raw = JSON.parse(line);
  } catch {
    return "the request is not a JSON line";
  }
  return readTraderRequest(raw);
}
