/**
 * One day of one book: receives its trades, passes an operator's commands to the trader, and settles the day once the
 * outbox has nothing left. Invariant: each signal is published by its own handler, and none is processed before the
 * book is known. A query may make the SDK run ahead, so that signals of two tasks arrive in one: what is published,
 * and in which order, must not depend on that.
 */
import {
  allHandlersFinished,
  condition,
  currentUpdateInfo,
  log,
  makeContinueAsNewFunc,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
} from "@temporalio/workflow";
import { ActivityFailure, ApplicationFailure } from "@temporalio/common";
import type { TradingActivities } from "../../activities/trading/trading.ts";
import type { SessionAnswer, SessionPnl } from "../../wire/session/trade-session.ts";
import { DAY, expectNoArgument, integerFrom, openInput, sessionFrom, text } from "../input.ts";
import { carriedWith, heedCancel, isRollDue } from "../roll-over.ts";
import {
  enterUpdate,
  flattenUpdate,
  haltUpdate,
  pnlQuery,
  positionsQuery,
  resumeUpdate,
  type SessionBrief,
  type SessionState,
  settleUpdate,
  type TradeSessionInput,
  tradesSignal,
} from "../messages/trading.ts";
import { searchAttributesOf } from "../publisher.ts";
import { type CommandName, readCommand } from "./session-commands.ts";
import {
  initialSession,
  pnlOf,
  sessionText,
  takeAnswer,
  takeOutbox,
  takeRange,
} from "./session-state.ts";

const { describeBook } = proxyActivities<TradingActivities>({
  startToCloseTimeout: "10 seconds",
  retry: { maximumInterval: "5 seconds" },
});
const { commandTrader } = proxyActivities<TradingActivities>({
  startToCloseTimeout: "15 seconds",
  // A restarted trader is back within this time.
  scheduleToCloseTimeout: "45 seconds",
  retry: { initialInterval: "500 milliseconds", maximumInterval: "2 seconds" },
});
const { lookAtOutbox } = proxyActivities<TradingActivities>({
  startToCloseTimeout: "30 seconds",
  retry: { maximumAttempts: 1 },
});

const POLL_EVERY_MS = 60_000;
/** A week: a book whose trader never returns can't be settled. */
const POLLS_MAX = 7 * 24 * 60;

export async function tradeSession(raw?: unknown): Promise<SessionPnl> {
  const input = readInput(raw, workflowInfo().workflowId);
  const session = new Session(input.state);
  await session.learn();
  while (!session.isSettled()) {
    if (isRollDue(input.historyMax)) {
      // Not deferred to the next step, because no further news need follow.
      await condition(allHandlersFinished);
      return rollOver(session.state, input);
    }
    await session.step();
  }
  await condition(allHandlersFinished);
  session.publish();
  return pnlOf(session.state);
}

class Session {
  readonly state: SessionState;
  #brief: SessionBrief | null = null;
  #revision = 0;
  #isDayOver = false;
  #published = "";
  #attributed = "";

  constructor(state: SessionState) {
    this.state = state;
    this.publish();
    this.#handleQueries();
    this.#handleCommands();
  }

  /** Asks the worker about the book, and when its day ends. */
  async learn(): Promise<void> {
    const { book, day } = this.state;
    this.#brief = await describeBook(book, day).catch(asInputFailure);
    this.#tellAttributes();
    if (this.#brief.dayEndsInMs <= 0) this.#isDayOver = true;
    else void this.#endDayAfter(this.#brief.dayEndsInMs);
    // Signals that arrived before are processed now, one by one.
    this.#handleTrades();
  }

  isSettled(): boolean {
    return this.state.word === "settled" || POLLS_MAX < this.state.looks;
  }

  /** Reads the outbox when the day is over, else waits for news. */
  async step(): Promise<void> {
    this.publish();
    const seen = this.#revision;
    if (this.#isDayOver) {
      this.state.looks += 1;
      await this.#poll();
      if (this.isSettled()) return;
      this.publish();
    }
    const isNews = (): boolean => this.#revision !== seen;
    if (this.#isDayOver) await condition(isNews, POLL_EVERY_MS);
    else await condition(isNews);
  }

  publish(): void {
    const { state } = this;
    const details = sessionText(state);
    if (details === this.#published) return;
    this.#published = details;
    upsertMemo({ session: pnlOf(state) });
    this.#tellAttributes();
    setCurrentDetails(details);
    log.info(`${state.book} ${state.day}: ${state.word}, ${state.trades} trades, ${state.pnl}`);
  }

  #tellAttributes(): void {
    if (this.#brief === null || this.#attributed === this.state.word) return;
    this.#attributed = this.state.word;
    const attributes = searchAttributesOf(this.#brief, this.state.word);
    if (0 < attributes.length) upsertSearchAttributes(attributes);
  }

  async #poll(): Promise<void> {
    const { book, day, cursor } = this.state;
    const found = await lookAtOutbox(book, day, cursor).catch((error: unknown): string => {
      if (error instanceof ActivityFailure) return error.cause?.message ?? error.message;
      throw error;
    });
    // A message that arrived during the look is newer.
    if (typeof found !== "string" && cursor !== this.state.cursor) return;
    takeOutbox(this.state, found);
  }

  async #endDayAfter(ms: number): Promise<void> {
    const isOver = await sleep(ms).then(
      () => true,
      () => false,
    );
    if (!isOver) return;
    this.#isDayOver = true;
    this.#revision += 1;
  }

  #handleTrades(): void {
    setHandler(
      tradesSignal,
      (range) => {
        takeRange(this.state, range);
        this.publish();
        this.#revision += 1;
      },
      { description: "From the outbox: all trades that a range of the journal's events booked" },
    );
  }

  #handleQueries(): void {
    setHandler(pnlQuery, () => pnlOf(this.state), {
      description: "The day's trades and their profit, as far as they were received",
    });
    const positions = () => {
      const { book, day, view } = this.state;
      return { book, day, view };
    };
    setHandler(positionsQuery, positions, {
      description: "Positions, cash and equity of the trader's last report, with its time",
    });
  }

  #handleCommands(): void {
    const handle = (name: CommandName, update: typeof enterUpdate, description: string): void => {
      const validator = (raw: unknown) => void readCommand(name, raw, "");
      setHandler(update, (raw) => this.#command(name, raw), { validator, description });
    };
    handle("enter", enterUpdate, "Opens a position, if every gate and limit allows it");
    handle("flatten", flattenUpdate, "Closes every position at the next fresh scan, and halts");
    handle("halt", haltUpdate, "No entries from now on; open positions keep their exits");
    handle("resume", resumeUpdate, "Ends a halt and every latched limit");
    const settle = async (): Promise<SessionPnl> => {
      await condition(() => this.#brief !== null);
      await this.#poll();
      this.#revision += 1;
      return pnlOf(this.state);
    };
    setHandler(settleUpdate, settle, {
      validator: expectNoArgument,
      description: "Checks now whether trades of the day are still to be received",
    });
  }

  /** The trader itself knows the ids that it has carried out. */
  async #command(name: CommandName, raw: unknown): Promise<SessionAnswer> {
    const command = readCommand(name, raw, currentUpdateInfo()?.id ?? "");
    const answer = await commandTrader(this.state.book, command).catch((error: unknown) => {
      if (!(error instanceof ActivityFailure)) throw error;
      const why = error.cause?.message ?? error.message;
      throw ApplicationFailure.nonRetryable(why, "TraderSilent");
    });
    takeAnswer(this.state, answer);
    this.publish();
    this.#revision += 1;
    if (answer.ok) return answer;
    throw ApplicationFailure.nonRetryable(`${name}: ${answer.detail}`, "Refused");
  }
}

function asInputFailure(error: unknown): never {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  throw cause instanceof ApplicationFailure ? cause : error;
}

type Input = { readonly state: SessionState; readonly historyMax: number | undefined };

function rollOver(carried: SessionState, { historyMax }: Input): Promise<never> {
  const continueAsNew = makeContinueAsNewFunc<(next: TradeSessionInput) => Promise<never>>();
  const history = historyMax === undefined ? {} : { history_max: historyMax };
  heedCancel();
  return continueAsNew({ book: carried.book, day: carried.day, ...history, carried });
}

function readInput(raw: unknown, workflowId: string): Input {
  const read = openInput(raw, ["book", "day", "after", "history_max", "carried"]);
  const named = { book: read("book", text), day: read("day", DAY) };
  const { book, day } = sessionFrom(workflowId, named);
  const after = read("after", integerFrom(0)) ?? null;
  const state = read("carried", CARRIED) ?? initialSession(book, day, after);
  return { state, historyMax: read("history_max", integerFrom(20)) };
}

const CARRIED = carriedWith<SessionState>("cursor", "word");
