/**
 * The outbox of one book: sends the trades that its trader has booked to the days' sessions, at most a hundred per
 * message and one message per tick. The cursor is stored in a file after each message. Invariant: ranges follow each
 * other without gaps or overlaps within a file's life; after a crash between sending and storing, a range is sent
 * again, and the session recognises it by its own cursor. Another Temporal, or one that lost its database, has no
 * sessions: it is sent all trades of the log.
 */
import { WorkflowExecutionAlreadyStartedError } from "@temporalio/client";
import { messageOf } from "../../domain/failure.ts";
import type { Layer } from "../../domain/supervision/services.ts";
import { dayFromMicros, US_PER_MS } from "../../domain/time.ts";
import {
  type BookReport,
  SESSION_TRADES_MAX,
  type TradesRange,
} from "../../wire/session/trade-session.ts";
import { sessionTradeOf } from "../../wire/session/outbox-cursor.ts";
import { tradesSignal, type TradeSessionInput } from "../../workflows/messages/trading.ts";
import { sessionIdOf, taskQueueOf, TRADE_SESSION } from "../../workflows/names.ts";
import type { TemporalClient } from "../../adapters/temporal-client.ts";
import { type AskBook, TraderSilentError, bookReportOf } from "../../adapters/session/ask-book.ts";
import { bookFolder } from "../../adapters/event-log/segments/segment-files.ts";
import {
  readOutboxCursor,
  readOutboxFile,
  writeOutboxCursor,
} from "../../adapters/event-log/outbox-cursor.ts";

export type TradeOutboxDeps = {
  readonly temporal: TemporalClient;
  readonly askBook: AskBook;
  /** The folder of all trading journals. */
  readonly root: string;
  readonly book: string;
  readonly nowMs: () => number;
  readonly say: (line: string) => void;
};

/** `silent`: no trader, or no Temporal; nothing was lost. */
export type OutboxTick = "sent" | "nothing_new" | "silent";

const LAYER: Layer = "trader";
const TELL_MS_MAX = 5_000;

type TradeSession = (input: TradeSessionInput) => Promise<unknown>;
type Part = {
  readonly day: string;
  readonly range: TradesRange;
  /** Nothing was left to send after it. */
  readonly isLast: boolean;
};

export type OutboxTrouble = {
  readonly why: string;
  /** Temporal did not accept the message. */
  readonly isTemporal: boolean;
};

export class TradeOutbox {
  readonly #deps: TradeOutboxDeps;
  readonly #folder: string;
  #after: number;
  /** The cursor in the file. */
  #kept: number;
  /** The id of the namespace that the cursor is about; null: not known. */
  #temporalId: string | null;
  /** The last view of the book that was sent (positions and the like), with its day. */
  #sentView = "";
  #sentTrades = -1;
  #trouble: OutboxTrouble | null = null;
  #isSignalling = false;

  constructor(deps: TradeOutboxDeps) {
    this.#deps = deps;
    this.#folder = bookFolder(deps.root, deps.book);
    const { after, temporal } = readOutboxFile(this.#folder);
    this.#after = after;
    this.#kept = after;
    this.#temporalId = temporal;
  }

  /** Why nothing is sent, if so; a book without a trader is not a problem. */
  get trouble(): OutboxTrouble | null {
    return this.#trouble;
  }

  /** Sends one message, if there is news. Any error is logged, and retried by the next tick. */
  async tick(): Promise<OutboxTick> {
    this.#isSignalling = false;
    try {
      const tick = await this.#tell();
      this.#noteTrouble(null);
      return tick;
    } catch (error) {
      const isSilence = error instanceof TraderSilentError;
      // A book without a trader is not a problem; Temporal being away, or a cursor that can't be stored, is.
      const trouble = { why: messageOf(error), isTemporal: this.#isSignalling };
      this.#noteTrouble(isSilence ? null : trouble);
      return "silent";
    }
  }

  async #tell(): Promise<OutboxTick> {
    const { askBook, book, nowMs } = this.#deps;
    const { status } = await askBook(book, { command: "status" });
    if (status === null) throw new Error(`the trader of ${book} sent no status`);
    this.#followFile();
    const view = bookReportOf(status);
    const today = dayFromMicros(nowMs() * US_PER_MS);
    const viewKey = keyOf(view, today);
    if (status.trades === this.#sentTrades && viewKey === this.#sentView) return "nothing_new";
    this.#isSignalling = true;
    await this.#followTemporal();
    this.#isSignalling = false;
    const part = await this.#nextPart(view, today);
    this.#isSignalling = true;
    await this.#signal(part);
    this.#isSignalling = false;
    this.#after = Math.max(this.#after, part.range.to);
    writeOutboxCursor(this.#folder, this.#after, this.#temporalId);
    this.#kept = this.#after;
    if (part.isLast) {
      this.#sentTrades = status.trades;
      this.#sentView = viewKey;
    }
    return "sent";
  }

  /** A log that lost its end books its next trades under indexes that were sent before. */
  #followFile(): void {
    const kept = readOutboxCursor(this.#folder);
    if (kept === this.#kept) return;
    this.#kept = kept;
    this.#after = kept;
    this.#sentTrades = -1;
  }

  /** What was sent to another one, the sessions of this one have not. */
  async #followTemporal(): Promise<void> {
    const { temporal, book, say } = this.#deps;
    const id = await temporal.reads.namespaceId();
    if (id === "" || id === this.#temporalId) return;
    if (this.#temporalId !== null && 0 < this.#after) {
      say(`Temporal is another one than before: its sessions of ${book} are sent all trades again`);
      this.#after = 0;
    }
    this.#temporalId = id;
  }

  /** The next trades, up to the end of a day; without trades the book's view, for today's session. */
  async #nextPart(view: BookReport, today: string): Promise<Part> {
    const { askBook, book } = this.#deps;
    const after = this.#after;
    const request = { command: "trades", after, max: SESSION_TRADES_MAX };
    const { trades: answer, detail } = await askBook(book, request);
    if (answer === null) throw new Error(`the trader of ${book} sends no trades: ${detail}`);
    const all = answer.trades.map(({ index, trade }) => ({ index, trade: sessionTradeOf(trade) }));
    const days = all.map(({ trade }) => dayFromMicros(trade.exitedAtMs * US_PER_MS));
    const day = days[0] ?? today;
    const others = days.findIndex((other) => other !== day);
    const trades = others === -1 ? all : all.slice(0, others);
    const isLast = day === today && others === -1 && trades.length < SESSION_TRADES_MAX;
    // Only up to its last trade if more may follow: those belong to the next message.
    const to = isLast ? answer.to : (trades.at(-1)?.index ?? answer.to);
    return { day, range: { from: after + 1, to, trades, view }, isLast };
  }

  async #signal({ day, range }: Part): Promise<void> {
    const { temporal, book, say } = this.#deps;
    const options = {
      workflowId: sessionIdOf(book, day),
      taskQueue: taskQueueOf(LAYER),
      args: [{ book, day, after: range.from - 1 }] satisfies [TradeSessionInput],
      signal: tradesSignal,
      signalArgs: [range] satisfies [TradesRange],
      // The session of a settled day is closed and not started again.
      workflowIdReusePolicy: "ALLOW_DUPLICATE_FAILED_ONLY" as const,
      staticSummary: `${book} on ${day}`,
      staticDetails:
        `The trades of **${book}** on ${day}. Updates: \`enter\`, \`flatten\`, \`halt\`, ` +
        "`resume`, `settle`. Queries: `positions`, `pnl`.",
    };
    try {
      await temporal.connection.withDeadline(Date.now() + TELL_MS_MAX, () =>
        temporal.client.workflow.signalWithStart<TradeSession, [TradesRange]>(
          TRADE_SESSION,
          options,
        ),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      if (0 < range.trades.length)
        say(`${book} ${day} is closed: its session already has the trades`);
    }
  }

  #noteTrouble(trouble: OutboxTrouble | null): void {
    const isNews = trouble?.why !== this.#trouble?.why;
    this.#trouble = trouble;
    if (!isNews) return;
    const { book, say } = this.#deps;
    say(
      trouble === null
        ? `trades of ${book} are sent again`
        : `trades of ${book} wait: ${trouble.why}`,
    );
  }
}

/** Marks change with each scan and are not worth a message; positions and entry permission are. */
function keyOf({ positions, halted, latched, posture }: BookReport, day: string): string {
  const quantities = positions.map(({ id, quantity }) => [id, quantity]);
  return JSON.stringify([day, quantities, halted, latched, posture]);
}
