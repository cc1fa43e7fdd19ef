/** An operator's command to a book's trader, over its local socket, for the command line and the dashboard. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { askTrader } from "../../adapters/trader-client.ts";
import { SERVICE_NAMES } from "../../domain/supervision/services.ts";
import type { TraderAnswer, TraderRequest } from "../../wire/trading/trader-control.ts";
import { traderServiceOf } from "../../workflows/names.ts";
import { CommandRefused } from "../command-refused.ts";
import { type LeftOpen, leftOpen, waitsInVain } from "./left-open.ts";

export type CommandReply = {
  readonly answer: TraderAnswer;
  /** Positions that the book still holds after the command `flatten`. */
  readonly left: readonly LeftOpen[];
};

const ASK_EVERY_MS = 250;

/**
 * Waits for a book that is flattened, at most as long as requested. @throws {CommandRefused} where no trader answers.
 */
export async function tellTrader(
  dataDir: string,
  book: string,
  { request, flatWithinMs }: { readonly request: TraderRequest; readonly flatWithinMs: number },
): Promise<CommandReply> {
  const first = await send(dataDir, book, request);
  if (request.command !== "flatten" || !first.ok) return { answer: first, left: [] };
  const answer = await whenFlat(dataDir, book, { first, waitMs: flatWithinMs });
  return { answer, left: answer.status === null ? [] : leftOpen(answer.status) };
}

/** The answer with the newest status: flat, or what is left when the time is over or a price is missing. */
async function whenFlat(
  dataDir: string,
  book: string,
  { first, waitMs }: { readonly first: TraderAnswer; readonly waitMs: number },
): Promise<TraderAnswer> {
  let { status } = first;
  const untilMs = performance.now() + waitMs;
  while (status !== null && leftOpen(status).length !== 0 && performance.now() < untilMs) {
    if (status.positions.length !== 0 && waitsInVain(status, Date.now())) break;
    await sleep(ASK_EVERY_MS);
    const reply = await askTrader(dataDir, book, { command: "status", id: randomUUID() });
    // The command was accepted, and the last answer stays valid: a restarted trader continues with it.
    if (reply.kind === "answered") status = reply.answer.status ?? status;
  }
  return { ...first, status };
}

async function send(dataDir: string, book: string, request: TraderRequest): Promise<TraderAnswer> {
  const reply = await askTrader(dataDir, book, request);
  switch (reply.kind) {
    case "answered":
      return reply.answer;
    case "no_trader": {
      const service = traderServiceOf(book);
      const known = SERVICE_NAMES.some((name) => name === service);
      const how = known ? `'dolphin start ${service}' starts it` : `there is no ${service} yet`;
      throw new CommandRefused(
        `no trader of ${book} runs on ${dataDir}, so nothing was done; ${how}, or give another --data-dir`,
      );
    }
    case "no_answer":
      if (!reply.wasAsked) {
        throw new CommandRefused(
          `${reply.why}; nothing was done yet, '--id ${request.id}' tries it again`,
        );
      }
      throw new CommandRefused(
        `the trader of ${book} did not answer, so it may or may not have been executed: ${reply.why}; ` +
          `'--id ${request.id}' repeats it safely`,
        1,
        true,
      );
  }
}
