/**
 * Claims a book before a trader opens its journal. With a Postgres this calls `takeOverBook`, which returns the epoch
 * to write under; without one there is no other host.
 */
import { messageOf } from "../../../domain/failure.ts";
import { endOfLog } from "../segments/log-end.ts";
import { bookFolder, listSegmentDays } from "../segments/segment-files.ts";
import { SegmentLogError } from "../segments/segment-log-error.ts";
import type { SegmentLogPlace } from "../segment-log.ts";
import { takeOverBook } from "./mirror-journal.ts";

type Say = (level: "info" | "warn", line: string) => void;

/**
 * Returns the epoch to write under; null: the last one of the local journal. @throws {SegmentLogError}
 * TRADING_JOURNAL_FENCED where another host has continued the book.
 */
export async function claimBook(
  place: SegmentLogPlace,
  postgresUrl: string | null,
  say: Say,
): Promise<number | null> {
  if (postgresUrl === null) return null;
  const { epoch: written } = endOfLog(bookFolder(place.root, place.book));
  const postgres = await openOrGoOn(place, postgresUrl, say);
  if (postgres === null) return null;
  try {
    const { epoch, restoredEvents } = await takeOverBook(place, postgres);
    if (restoredEvents > 0) say("info", `restored ${restoredEvents} events from Postgres`);
    if (epoch !== written) say("info", `owns ${place.book} under epoch ${epoch} from now on`);
    return epoch;
  } finally {
    await postgres.close();
  }
}

/** Null where it does not answer and the local journal may be used. */
async function openOrGoOn(place: SegmentLogPlace, url: string, say: Say) {
  // Loaded on demand, because of its memory.
  const { PostgresJournal } = await import("./postgres-journal.ts");
  try {
    return await PostgresJournal.open(url);
  } catch (error) {
    const trouble = `Postgres (journal.postgres_secret_url) does not answer: ${messageOf(error)}`;
    if (0 < listSegmentDays(bookFolder(place.root, place.book)).length) {
      say("warn", `${trouble}; ${place.book} continues with this host's own journal`);
      return null;
    }
    throw new SegmentLogError(
      "TRADING_JOURNAL_UNAVAILABLE",
      `${trouble}; it may have ${place.book} of another host, which has no journal here: start it, ` +
        "or remove the key to begin a new book",
      { cause: error },
    );
  }
}
