/** Asks a book's trader on behalf of a session: returns its answer, or throws an error that says what to do. */
import { randomUUID } from "node:crypto";
import { isoFromMicros } from "../../domain/time.ts";
import type { BookReport } from "../../wire/session/trade-session.ts";
import {
  type TraderAnswer,
  TraderRequest,
  type TraderStatus,
} from "../../wire/trading/trader-control.ts";
import { traderServiceOf } from "../../workflows/names.ts";
import { wallMicros } from "../clock.ts";
import { askTrader } from "../trader-client.ts";

/** A request without an id gets one. @throws {TraderSilentError} */
export type AskBook = (book: string, request: object) => Promise<TraderAnswer>;

export class TraderSilentError extends Error {
  override readonly name = "TraderSilentError";
}

export function createAskBook(dataDir: string): AskBook {
  return async (book, request) => {
    const parsed = TraderRequest.parse({ id: randomUUID(), ...request });
    const reply = await askTrader(dataDir, book, parsed);
    const service = traderServiceOf(book);
    switch (reply.kind) {
      case "answered":
        return reply.answer;
      case "no_trader":
        throw new TraderSilentError(
          `no trader of ${book} runs here; 'dolphin start ${service}' starts it`,
        );
      case "no_answer":
        throw new TraderSilentError(
          `the trader of ${book} does not answer: ${reply.why}; see 'dolphin logs ${service}'`,
        );
    }
  };
}

export function bookReportOf(status: TraderStatus): BookReport {
  const { last_index, cash, equity, halted, latched, posture, positions } = status;
  const as_of = isoFromMicros(wallMicros());
  return { as_of, last_index, cash, equity, halted, latched, posture, positions };
}
