/** Asks the trader of a book that runs on this data directory, over its local socket. */
import { codeOf, messageOf } from "../domain/failure.ts";
import {
  CONTROL_ANSWER_CHARS_MAX,
  TraderAnswer,
  type TraderRequest,
} from "../wire/trading/trader-control.ts";
import { traderServiceOf } from "../workflows/names.ts";
import { askControl, controlSocketPath } from "./control-socket.ts";

export type TraderReply =
  | { readonly kind: "answered"; readonly answer: TraderAnswer }
  /** Nobody listens there: no trader of the book runs on this data directory. */
  | { readonly kind: "no_trader" }
  /** It runs, and did not answer; whether it was done is unknown. The same id may be sent again. */
  | { readonly kind: "no_answer"; readonly why: string };

const ANSWER_WITHIN_MS = 5_000;
const NOBODY = new Set(["ENOENT", "ECONNREFUSED"]);

export async function askTrader(
  dataDir: string,
  book: string,
  request: TraderRequest,
): Promise<TraderReply> {
  const path = controlSocketPath(dataDir, traderServiceOf(book));
  const limits = { withinMs: ANSWER_WITHIN_MS, answerCharsMax: CONTROL_ANSWER_CHARS_MAX };
  try {
    const line = await askControl(path, JSON.stringify(request), limits);
    return { kind: "answered", answer: TraderAnswer.parse(JSON.parse(line)) };
  } catch (error) {
    if (NOBODY.has(codeOf(error) ?? "")) return { kind: "no_trader" };
    return { kind: "no_answer", why: messageOf(error) };
  }
}
