/** The messages of a book's session and of a paper day, and their answers. */
import { defineQuery, defineSignal, defineUpdate } from "@temporalio/workflow";
import type {
  BookReport,
  SessionAnswer,
  SessionPnl,
  SessionPositions,
  SessionTrade,
  SessionWord,
  TradesRange,
} from "../../wire/session/trade-session.ts";
import type { DayDrift } from "../../wire/session/day-drift.ts";
import type { DayReplayJson } from "../../wire/session/day-replay.ts";

/** Every field is optional, and so is the whole. */
export type TradeSessionInput = {
  /** Default of both: from the workflow id `trades-<book>-YYYY-MM-DD`. */
  readonly book?: string;
  readonly day?: string;
  /** Trades of events up to this one do not belong to this session; default: from the first message. */
  readonly after?: number;
  /** Continues as new at this many events; default: when Temporal suggests it. */
  readonly history_max?: number;
  /** State passed on by continue-as-new. */
  readonly carried?: SessionState;
};

/** The state of a session, as plain JSON. */
export type SessionState = {
  readonly book: string;
  readonly day: string;
  cursor: number | null;
  trades: number;
  wins: number;
  losses: number;
  pnl: number;
  fees: number;
  gaps: readonly { readonly from: number; readonly to: number }[];
  /** Absent: the log has not gone back; also in the state of an older release. */
  went_back?: { readonly from: number; readonly to: number };
  pending: number | null;
  ignored: number;
  view: BookReport | null;
  word: SessionWord;
  reason: string;
  /** Number of looks at the outbox since the day ended. */
  looks: number;
  /** Newest last. */
  last: readonly SessionTrade[];
};

/** A session's data about its book, from the worker's table and clock. */
export type SessionBrief = {
  readonly layer: string;
  readonly service: string;
  /** Not above zero: the day is over. */
  readonly dayEndsInMs: number;
  readonly hasSearchAttributes: boolean;
};

/** The trades that the outbox sends. */
export const tradesSignal = defineSignal<[TradesRange]>("trades");
export const enterUpdate = defineUpdate<SessionAnswer, [unknown]>("enter");
export const flattenUpdate = defineUpdate<SessionAnswer, [unknown]>("flatten");
export const haltUpdate = defineUpdate<SessionAnswer, [unknown]>("halt");
export const resumeUpdate = defineUpdate<SessionAnswer, [unknown]>("resume");
export const settleUpdate = defineUpdate<SessionPnl, [unknown]>("settle");
export const pnlQuery = defineQuery<SessionPnl>("pnl");
export const positionsQuery = defineQuery<SessionPositions>("positions");

/** Every field is optional, and so is the whole. */
export type PaperTradeInput = {
  /** Default: BLUE. */
  readonly book?: string;
  /** Default: the UTC day at the start. A day that is over is only settled and replayed. */
  readonly day?: string;
  /** Default: the UTC day at the start. A past day is only settled and replayed. */
  readonly bridge_wait_s?: number;
  /** Ends the run after this time instead of at the day's end; the day then stays open. */
  readonly run_s?: number;
  /** Default: 600. */
  readonly settle_wait_s?: number;
};

export type PaperTradeResult = {
  readonly book: string;
  readonly day: string;
  /** Findings before the run, one sentence each; empty for a past day. */
  readonly checks: readonly string[];
  readonly session: SessionPnl;
  readonly replay: Omit<DayReplayJson, "broker">;
  readonly broker_parity: DayReplayJson["broker"] & { readonly compared: number };
  /** Only reported: it fails no day. */
  readonly backtest_drift: DayDrift;
};
