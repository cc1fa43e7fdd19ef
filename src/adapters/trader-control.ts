/** Asks the trader of a book over its local socket, whatever servers are away. */
import { randomUUID } from "node:crypto";
import { codeOf, messageOf } from "../domain/failure.ts";
import { isoFromMicros } from "../domain/time.ts";
import type { BookView } from "../wire/session/trade-session.ts";
import {
  CONTROL_ANSWER_CHARS_MAX,
  TraderAnswer,
  type TraderStatus,
} from "../wire/trading/trader-control.ts";
import { traderServiceOf } from "../workflows/names.ts";
import { wallMicros } from "./clock.ts";
import { askControl, controlSocketPath } from "./control-socket.ts";

const ANSWER_WITHIN_MS = 5_000;

export type AskTrader = (book: string, request: object) => Promise<TraderAnswer>;

/** No trader answers there; the text says what to do. */
export class TraderSilentError extends Error {
  override readonly name = "TraderSilentError";
}

/** A request without an id gets one. @throws {TraderSilentError} */
export function createTraderControl(dataDir: string): AskTrader {
  return async (book, request) => {
    const service = traderServiceOf(book);
    const line = JSON.stringify({ id: randomUUID(), ...request });
    const limits = { withinMs: ANSWER_WITHIN_MS, answerCharsMax: CONTROL_ANSWER_CHARS_MAX };
    let answer: string;
    try {
      answer = await askControl(controlSocketPath(dataDir, service), line, limits);
    } catch (error) {
      const isAbsent = ["ENOENT", "ECONNREFUSED"].includes(codeOf(error) ?? "");
      const why = isAbsent ? "nobody serves its socket" : messageOf(error);
      throw new TraderSilentError(
        `the trader of ${book} does not answer (${why}); 'dolphin start ${service}' starts it`,
        { cause: error },
      );
    }
    return TraderAnswer.parse(JSON.parse(answer));
  };
}

export function viewOf(status: TraderStatus): BookView {
  const { cash, equity, halted, latched, posture, positions } = status;
  return { as_of: isoFromMicros(wallMicros()), cash, equity, halted, latched, posture, positions };
}
