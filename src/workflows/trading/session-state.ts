/**
 * The state of a day's session and its changes by messages: pure, plain JSON, carried through continue-as-new.
 * Invariant: a trade counts once. Everything at or below the cursor was counted, or recorded as a gap.
 */
import type {
  BookReport,
  SessionAnswer,
  OutboxObservation,
  SessionPnl,
  SessionTrade,
  SessionWord,
  TradesRange,
} from "../../wire/session/trade-session.ts";
import type { SessionState } from "../messages/trading.ts";

const GAPS_MAX = 50;
const LAST_MAX = 10;
const TRADES_MAX = 100;

export function initialSession(book: string, day: string, cursor: number | null): SessionState {
  return {
    book,
    day,
    cursor,
    trades: 0,
    wins: 0,
    losses: 0,
    pnl: 0,
    fees: 0,
    gaps: [],
    pending: null,
    ignored: 0,
    view: null,
    word: "open",
    reason: "",
    looks: 0,
    last: [],
  };
}

/** Takes what is new in a message; anybody may send one, so it is validated. */
export function takeRange(state: SessionState, raw: unknown): void {
  if (!isRange(raw)) {
    state.ignored += 1;
    return;
  }
  noteStepBack(state, raw);
  if (raw.view !== null) takeView(state, raw.view);
  const { cursor } = state;
  const { from, to } = raw;
  if (cursor !== null && to <= cursor) {
    // A message without a range only shows the book.
    if (from <= to) state.ignored += 1;
    return;
  }
  if (cursor !== null && cursor + 1 < from) {
    state.gaps = [...state.gaps, { from: cursor + 1, to: from - 1 }].slice(-GAPS_MAX);
  }
  for (const { index, trade } of raw.trades) {
    if (cursor === null || cursor < index) count(state, trade);
  }
  state.cursor = to;
}

/**
 * New trades of a log that ends before what was counted: it was restored or cut, and continues under the same indexes. A message that
 * came late is known by its time.
 */
function noteStepBack(state: SessionState, { to, trades, view }: TradesRange): void {
  const { cursor } = state;
  if (cursor === null || cursor < to || trades.length === 0) return;
  const lastIndex = view?.last_index;
  if (lastIndex === undefined || cursor <= lastIndex) return;
  if (state.view !== null && view !== null && view.as_of <= state.view.as_of) return;
  state.went_back ??= { from: cursor, to: lastIndex };
}

export function takeAnswer(state: SessionState, answer: SessionAnswer): void {
  if (answer.view !== null) takeView(state, answer.view);
}

/** The day is settled once the outbox has nothing left; until then this says why not. */
export function takeOutbox(state: SessionState, found: OutboxObservation | string): void {
  state.pending = typeof found === "string" ? null : found.pending;
  if (typeof found === "string") {
    say(state, "unsettled", found);
  } else if (!found.is_day_over) {
    say(state, "open", "the day is not over");
  } else if (0 < found.pending) {
    say(state, "unsettled", `${found.pending} trades of the day are still to be sent`);
  } else {
    say(state, "settled", "");
  }
}

export function pnlOf(state: SessionState): SessionPnl {
  const { book, day, word: status, reason, trades, wins, losses, pnl, fees } = state;
  const { cursor, gaps, went_back, pending, ignored } = state;
  const totals = { trades, wins, losses, pnl, fees };
  const back = went_back === undefined ? {} : { went_back };
  return { book, day, status, reason, ...totals, cursor, gaps, ...back, pending, ignored };
}

export function sessionText(state: SessionState): string {
  const { view } = state;
  const positions = (view?.positions ?? []).map(
    ({ asset, direction, quantity, entry_price, unrealized, no_price_since: since }) =>
      `- open: ${direction} ${quantity} ${asset} at ${entry_price}, unrealized ${unrealized}` +
      (typeof since === "string" ? `, **no price since ${since}**` : ""),
  );
  const gaps = state.gaps.map(
    ({ from, to }) => `- **gap**: events ${from} to ${to} were not received`,
  );
  const back = state.went_back;
  const backText =
    back === undefined
      ? []
      : [
          `- **the log went back** to event ${back.to}, and trades up to event ${back.from} were counted: the data directory is older than ` +
            "this session. Its figures are not those of the book, which 'dolphin export trades' has",
        ];
  const last = state.last.map(
    ({ positionId, direction, asset, pnl, exitReason }) =>
      `- ${positionId}: ${direction} ${asset}, ${pnl} (${exitReason})`,
  );
  return [
    `## ${state.book} ${state.day}: ${state.word}`,
    state.reason,
    "",
    "| | |",
    "|---|---|",
    `| trades | ${state.trades} (${state.wins} won, ${state.losses} lost) |`,
    `| pnl after fees | ${state.pnl} |`,
    `| fees | ${state.fees} |`,
    `| received up to event | ${state.cursor ?? "none yet"} |`,
    `| equity | ${view === null ? "not received yet" : `${view.equity}, as of ${view.as_of}`} |`,
    `| halted | ${view?.halted === true ? "yes" : "no"} ${view?.latched.join(", ") ?? ""} |`,
    "",
    ...gaps,
    ...backText,
    ...positions,
    ...last,
  ].join("\n");
}

function say(state: SessionState, word: SessionWord, reason: string): void {
  state.word = word;
  state.reason = reason;
}

function takeView(state: SessionState, view: BookReport): void {
  if (state.view === null || state.view.as_of <= view.as_of) state.view = view;
}

function count(state: SessionState, trade: SessionTrade): void {
  state.trades += 1;
  if (0 < trade.pnl) state.wins += 1;
  else state.losses += 1;
  state.pnl += trade.pnl;
  state.fees += trade.fees;
  state.last = [...state.last, trade].slice(-LAST_MAX);
}

/** Indices rise within the range, so that a message can't count a trade twice. */
function isRange(value: unknown): value is TradesRange {
  if (typeof value !== "object" || value === null) return false;
  const { from, to, trades, view }: Partial<Record<keyof TradesRange, unknown>> = value;
  if (!isIndex(from) || !isIndex(to) || to + 1 < from) return false;
  if (!Array.isArray(trades) || TRADES_MAX < trades.length) return false;
  if (view !== null && !isView(view)) return false;
  let before = from - 1;
  return trades.every((one: unknown) => {
    if (!isNumbered(one) || one.index <= before || to < one.index) return false;
    before = one.index;
    return true;
  });
}

function isNumbered(value: unknown): value is { index: number; trade: SessionTrade } {
  if (typeof value !== "object" || value === null) return false;
  const { index, trade }: { index?: unknown; trade?: unknown } = value;
  if (!isIndex(index) || typeof trade !== "object" || trade === null) return false;
  const { pnl, fees, positionId }: { pnl?: unknown; fees?: unknown; positionId?: unknown } = trade;
  return Number.isFinite(pnl) && Number.isFinite(fees) && typeof positionId === "string";
}

function isView(value: unknown): value is BookReport {
  if (typeof value !== "object" || value === null) return false;
  const { as_of, positions, latched }: Partial<Record<keyof BookReport, unknown>> = value;
  return typeof as_of === "string" && Array.isArray(positions) && Array.isArray(latched);
}

function isIndex(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && 0 <= value;
}
