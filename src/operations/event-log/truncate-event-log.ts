/**
 * Truncates the end of BLUE's log with all data derived from it: promotions, GREEN's states, the projection, the
 * outbox cursor. A plan, which changes nothing, comes first.
 */
import { codeOf, messageOf } from "../../domain/failure.ts";
import type { Promotion } from "../../wire/trading/books-file.ts";
import { readOutboxCursor, writeOutboxCursor } from "../../adapters/event-log/outbox-cursor.ts";
import { cutLog, type LogCut, planLogCut } from "../../adapters/event-log/truncate-segments.ts";
import { SegmentLogReader } from "../../adapters/event-log/segment-log-reader.ts";
import { projectionPath } from "./event-log-maintenance.ts";
import { removeDatabase } from "../projection/trading-projection.ts";
import { bookFolder, tradingRoot } from "../../adapters/event-log/segments/segment-files.ts";
import { deleteSnapshotsBehind, listSnapshots } from "../../adapters/event-log/snapshots.ts";
import { type BookedTrade, tradesBehind } from "../../adapters/event-log/trade-file.ts";
import {
  booksUpTo,
  forgetPromotions,
  readBooksFile,
} from "../../adapters/event-log/books/books-store.ts";
import { withBooksLocked } from "../../adapters/event-log/books/lock-books.ts";
import { COUNTED_BOOK, SHADOW_BOOK } from "../../domain/trading/books.ts";

export type EndPlan = {
  readonly cut: LogCut;
  /** Number of readable events to be removed. */
  readonly events: number;
  /** The days that contain them, oldest first. */
  readonly days: readonly string[];
  /** Why the rest of the log can't be read; null where it can. */
  readonly damage: string | null;
  readonly trades: readonly BookedTrade[];
  /** Snapshots of BLUE that contain events to be removed. */
  readonly snapshots: readonly number[];
  readonly promotions: readonly Promotion[];
  /** The last event whose trades were sent to the sessions; the sessions keep them. */
  readonly acknowledged: number;
  /** Where sending restarts: the beginning of the first day that loses events. */
  readonly tellAgainAfter: number;
};

export type PlannedEnd =
  | { readonly kind: "planned"; readonly plan: EndPlan }
  | { readonly kind: "refused"; readonly reason: string };

/** `after`: the last event to keep; Infinity: the last readable one. */
export function planEnd(dataDir: string, after: number): PlannedEnd {
  const { folder, place } = placeOf(dataDir);
  const cut = planLogCut(folder, after + 1);
  const log = readLog(place, cut.lastKept);
  if (log.firstIndex === null) return refused("BLUE has no readable log");
  if (cut.lastKept < log.firstIndex) {
    return refused(`the oldest event in the log is ${log.firstIndex}: name that or a later one`);
  }
  const states = listSnapshots(folder).filter((index) => log.firstIndex! - 1 <= index);
  const isWhole = log.firstIndex <= 1;
  if (!isWhole && !states.some((index) => index <= cut.lastKept)) {
    const earliest = states[0];
    return refused(
      `the log begins with event ${log.firstIndex}, and no state of event ${cut.lastKept} or earlier is ` +
        `kept: ${earliest === undefined ? "BLUE could not continue" : `the earliest is ${earliest}`}`,
    );
  }
  const books = readBooksFile(dataDir);
  const kept = booksUpTo(books, cut.lastKept).promotions.length;
  const acknowledged = readOutboxCursor(folder);
  const plan: EndPlan = {
    cut,
    events: log.events,
    days: log.days,
    damage: log.damage,
    trades: tradesBehind(folder, cut.lastKept),
    snapshots: listSnapshots(folder).filter((index) => cut.lastKept < index),
    promotions: books.promotions.slice(kept),
    acknowledged,
    tellAgainAfter:
      acknowledged <= cut.lastKept ? acknowledged : Math.min(acknowledged, log.dayBegin - 1),
  };
  return { kind: "planned", plan };
}

/** Returns the files that hold what was removed, or why nothing was changed. */
export function giveUpEnd(
  dataDir: string,
  after: number,
  stamp: string,
): readonly string[] | string {
  return withBooksLocked<readonly string[] | string>(tradingRoot(dataDir), {
    act: () => giveUp(dataDir, after, stamp),
    inUse: (book) =>
      `the trader of ${book} runs: 'dolphin stop trader-${book.toLowerCase()}' first`,
  });
}

function giveUp(dataDir: string, after: number, stamp: string): readonly string[] | string {
  const { root, folder } = placeOf(dataDir);
  const planned = planEnd(dataDir, after);
  if (planned.kind === "refused") return planned.reason;
  const { cut, acknowledged, tellAgainAfter } = planned.plan;
  const { lastKept } = cut;
  forgetPromotions(dataDir, lastKept);
  // GREEN itself removes its trades after the state from which it continues.
  deleteSnapshotsBehind(bookFolder(root, SHADOW_BOOK), lastKept);
  if (tellAgainAfter < acknowledged) writeOutboxCursor(folder, tellAgainAfter);
  const files = cutLog(folder, lastKept + 1, stamp);
  // Last: a running worker rebuilds it at once from the log.
  removeDatabase(projectionPath(dataDir));
  return files;
}

function placeOf(dataDir: string) {
  const root = tradingRoot(dataDir);
  return { root, folder: bookFolder(root, COUNTED_BOOK), place: { root, book: COUNTED_BOOK } };
}

function refused(reason: string): PlannedEnd {
  return { kind: "refused", reason };
}

function readLog(place: { readonly root: string; readonly book: string }, lastKept: number) {
  const days = new Set<string>();
  let firstIndex: number | null = null;
  let events = 0;
  let dayBegin = 0;
  let day = "";
  let damage: string | null = null;
  const reader = new SegmentLogReader(place, null);
  try {
    for (const record of reader.poll()) {
      if (record.kind !== "event") continue;
      const { index } = record;
      firstIndex ??= index;
      if (day !== record.day && index <= lastKept + 1) dayBegin = index;
      ({ day } = record);
      if (index <= lastKept) continue;
      events += 1;
      days.add(day);
    }
  } catch (error) {
    if (codeOf(error) !== "TRADING_JOURNAL_DAMAGED") throw error;
    damage = messageOf(error);
  } finally {
    reader.close();
  }
  return { firstIndex, events, dayBegin, days: [...days], damage };
}
