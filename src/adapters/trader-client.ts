/** Asks the trader of a book on this data directory, over its local socket. */
import { messageOf } from "../domain/failure.ts";
import {
  CONTROL_ANSWER_CHARS_MAX,
  TraderAnswer,
  type TraderRequest,
} from "../wire/trading/trader-control.ts";
import { traderServiceOf } from "../workflows/names.ts";
import { askService } from "./control-socket.ts";

export type TraderReply =
  | { readonly kind: "answered"; readonly answer: TraderAnswer }
  /** No trader of the book runs on this data directory. */
  | { readonly kind: "no_trader" }
  /** It runs, but did not answer; if the request was sent, its effect is unknown. The same id may be sent again. */
  | { readonly kind: "no_answer"; readonly why: string; readonly wasAsked: boolean };

const ANSWER_WITHIN_MS = 5_000;

export async function askTrader(
  dataDir: string,
  book: string,
  request: TraderRequest,
): Promise<TraderReply> {
  const limits = { withinMs: ANSWER_WITHIN_MS, answerCharsMax: CONTROL_ANSWER_CHARS_MAX };
  const at = { dataDir, service: traderServiceOf(book) };
  const reply = await askService(at, JSON.stringify(request), limits);
  if (reply.kind === "nobody") return { kind: "no_trader" };
  if (reply.kind === "no_answer") return reply;
  try {
    return { kind: "answered", answer: TraderAnswer.parse(JSON.parse(reply.line)) };
  } catch (error) {
    return { kind: "no_answer", why: messageOf(error), wasAsked: true };
  }
}
