/** The activities of a book's day: they ask the trader over its local socket, and read the clock. */
import { ApplicationFailure } from "@temporalio/common";
import type { AskBook } from "../../adapters/session/ask-book.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import type { SessionAnswer, OutboxObservation } from "../../wire/session/trade-session.ts";
import { readTraderRequest, type TraderStatus } from "../../wire/trading/trader-control.ts";
import type { BookReport } from "../../wire/session/trade-session.ts";
import type { SessionBrief } from "../../workflows/messages/trading.ts";
import { traderServiceOf } from "../../workflows/names.ts";
import { BOOKS, isBook } from "../../domain/trading/books.ts";

export type TradingWorld = {
  readonly askBook: AskBook;
  readonly viewOf: (status: TraderStatus) => BookReport;
  readonly nowMs: () => number;
  readonly hasSearchAttributes: () => Promise<boolean>;
};

/** Trades of the last moments before midnight are written by then. */
const DAY_GRACE_MS = 2_000;
const PAGE_TRADES_MAX = 1_000;
/** A day of trades, one a second. */
const PAGES_MAX = 100;

export function createTradingActivities(world: TradingWorld) {
  const dayEndsInMs = (day: string): number =>
    Date.parse(`${day}T00:00:00Z`) + MS_PER_DAY + DAY_GRACE_MS - world.nowMs();
  return {
    async describeBook(book: string, day: string): Promise<SessionBrief> {
      assertBook(book, day);
      return {
        layer: "trader",
        service: traderServiceOf(book),
        dayEndsInMs: dayEndsInMs(day),
        hasSearchAttributes: await world.hasSearchAttributes(),
      };
    },

    /** Idempotent by the command's id: the trader carries it out once. */
    async commandTrader(book: string, command: object): Promise<SessionAnswer> {
      const request = readTraderRequest(command);
      // A retry would fail the same way: so this is an answer, not a failure.
      if (typeof request === "string") return { id: "", ok: false, detail: request, view: null };
      const { id, ok, detail, status } = await world.askBook(book, request);
      return { id, ok, detail, view: status === null ? null : world.viewOf(status) };
    },

    /** Counts the trades of the day that the trader has booked beyond the cursor. */
    async lookAtOutbox(
      book: string,
      day: string,
      cursor: number | null,
    ): Promise<OutboxObservation> {
      const isDayOver = dayEndsInMs(day) <= 0;
      let pending = 0;
      let after = cursor ?? 0;
      for (let pages = 0; pages < PAGES_MAX; pages += 1) {
        const request = { command: "trades", after, max: PAGE_TRADES_MAX };
        const { trades, detail } = await world.askBook(book, request);
        if (trades === null) throw new Error(`the trader of ${book} sends no trades: ${detail}`);
        pending += trades.trades.filter(({ trade }) => isOfDay(trade, day)).length;
        after = trades.to;
        if (trades.trades.length === 0) break;
      }
      return { pending, last_index: after, is_day_over: isDayOver };
    },
  };
}

export type TradingActivities = ReturnType<typeof createTradingActivities>;

function isOfDay(trade: Readonly<Record<string, unknown>>, day: string): boolean {
  const { exitedAtMs } = trade;
  return typeof exitedAtMs === "number" && dayFromMicros(exitedAtMs * US_PER_MS) === day;
}

function assertBook(book: string, day: string): void {
  if (!isBook(book)) throw refuse(`book '${book}' is not known: ${BOOKS.join(" or ")}`);
  if (Number.isNaN(Date.parse(`${day}T00:00:00Z`))) throw refuse(`'${day}' is not a day`);
}

function refuse(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, "InvalidInput");
}
