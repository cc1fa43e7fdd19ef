/**
 * The maintenance of BLUE's journal beside its trader: the projection for queries, the copy in Postgres, and
 * retention. It only reads the log, so BLUE never waits for it.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import { messageOf } from "../../domain/failure.ts";
import type { Configuration } from "../../wire/configuration.ts";
import { readOutboxCursor } from "../../adapters/event-log/outbox-cursor.ts";
import { loadStrategiesOf } from "../books/configured-strategies.ts";
import { foldBlue } from "../books/fold-blue.ts";
import type { PostgresJournal } from "../../adapters/event-log/postgres/postgres-journal.ts";
import { JournalMirror } from "../../adapters/event-log/postgres/mirror-journal.ts";
import { TradingProjection } from "../projection/trading-projection.ts";
import { announce, readNotice, writeNotice } from "../../adapters/event-log/retention-notice.ts";
import { deleteOldDays } from "../../adapters/event-log/retention.ts";
import {
  bookFolder,
  listSegmentDays,
  tradingRoot,
} from "../../adapters/event-log/segments/segment-files.ts";
import { endOfLog } from "../../adapters/event-log/segments/log-end.ts";
import { FIRST_EPOCH, type SegmentLogPlace } from "../../adapters/event-log/segment-log.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";

export type UpkeepOptions = {
  readonly dataDir: string;
  readonly configuration: Pick<Configuration, "trader" | "green" | "journal">;
  readonly say: (level: "info" | "warn", line: string) => void;
};

/** Events that one transaction copies. */
const EVENTS_PER_ROUND = 1_000;
const BATCHES_PER_ROUND = 20;
/** About 10 GB at 400 assets. */
const KEEP_DAYS_USUAL = 90;
const RETENTION_EVERY_MS = 3_600_000;
/** Delay after a failure before the next try. */
const PAUSE_MS = 10_000;

export class EventLogMaintenance {
  readonly #options: UpkeepOptions;
  readonly #place: SegmentLogPlace;
  readonly #pausedUntilMs = new Map<string, number>();
  readonly #troubles = new Map<string, string>();
  #projection: TradingProjection | null = null;
  #postgres: PostgresJournal | null = null;
  #mirror: JournalMirror | null = null;
  #retainedAtMs = -Infinity;
  #isLevel = false;
  #projectedIndex: number | null = null;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#place = { root: tradingRoot(options.dataDir), book: COUNTED_BOOK };
  }

  /** Whether the last round left nothing of the log unprojected. */
  get isLevel(): boolean {
    return this.#isLevel;
  }

  /** The last projected event; null before the projection is open. */
  get projectedIndex(): number | null {
    return this.#projectedIndex;
  }

  /** The present failures, each with its reason. */
  troubles(): ReadonlyMap<string, string> {
    return this.#troubles;
  }

  /** Does a piece of each task that is due. Never rejects; returns whether more may be due at once. */
  async round(nowMs: number): Promise<boolean> {
    const log = await this.#attempt("log", nowMs, () => this.#hasLog());
    if (log !== "more") {
      this.#isLevel = log === "done";
      return false;
    }
    const more = await Promise.all([
      this.#attempt("projection", nowMs, () => this.#project()),
      this.#attempt("copy in Postgres", nowMs, () => this.#copy()),
    ]);
    this.#isLevel = more[0] === "done";
    if (RETENTION_EVERY_MS <= nowMs - this.#retainedAtMs && more.every((one) => one === "done")) {
      await this.#attempt("retention", nowMs, () => this.#deleteOldDays(nowMs));
    }
    return more.includes("more");
  }

  async close(): Promise<void> {
    this.#closeProjection();
    this.#mirror?.close();
    this.#mirror = null;
    await this.#postgres?.close();
    this.#postgres = null;
  }

  async #attempt(
    what: string,
    nowMs: number,
    work: () => boolean | Promise<boolean>,
  ): Promise<"more" | "done" | "failed"> {
    if (nowMs < (this.#pausedUntilMs.get(what) ?? -Infinity)) return "failed";
    try {
      const hasMore = await work();
      if (this.#troubles.delete(what)) this.#options.say("info", `${what}: goes on`);
      return hasMore ? "more" : "done";
    } catch (error) {
      const trouble = messageOf(error);
      // Logged once, however long it lasts.
      if (this.#troubles.get(what) !== trouble) this.#options.say("warn", `${what}: ${trouble}`);
      this.#troubles.set(what, trouble);
      this.#pausedUntilMs.set(what, nowMs + PAUSE_MS);
      return "failed";
    }
  }

  #hasLog(): boolean {
    return 0 < listSegmentDays(bookFolder(this.#place.root, this.#place.book)).length;
  }

  async #project(): Promise<boolean> {
    // Whoever truncates the log deletes the database.
    if (!existsSync(projectionPath(this.#options.dataDir))) this.#closeProjection();
    this.#projection ??= await this.#openProjection();
    try {
      const hasMore = this.#projection.catchUp(EVENTS_PER_ROUND) === EVENTS_PER_ROUND;
      this.#projectedIndex = this.#projection.cursor;
      return hasMore;
    } catch (error) {
      // A promoted strategy's file may have changed since it was loaded: the next round loads it again.
      this.#closeProjection();
      throw error;
    }
  }

  #closeProjection(): void {
    this.#projection?.close();
    this.#projection = null;
  }

  async #openProjection(): Promise<TradingProjection> {
    const { dataDir, configuration, say } = this.#options;
    const strategyOf = await loadStrategiesOf(configuration);
    return new TradingProjection({
      path: projectionPath(dataDir),
      place: this.#place,
      startFold: foldBlue({ dataDir, configuration, strategyOf, say }),
    });
  }

  async #copy(): Promise<boolean> {
    const url = this.#options.configuration.journal.postgres_secret_url;
    if (url === null) return false;
    this.#postgres ??= await openPostgres(url);
    this.#mirror ??= await openMirror(this.#postgres, this.#place);
    try {
      for (let batch = 0; batch < BATCHES_PER_ROUND; batch += 1) {
        if ((await this.#mirror.sendBatch()) === 0) return false;
      }
      return true;
    } catch (error) {
      // The trader may have claimed the book since: the next round sends under its epoch.
      this.#mirror = null;
      throw error;
    }
  }

  async #deleteOldDays(nowMs: number): Promise<boolean> {
    this.#retainedAtMs = nowMs;
    const { configuration, say } = this.#options;
    const { postgres_secret_url } = configuration.journal;
    const folder = bookFolder(this.#place.root, this.#place.book);
    const keepFrom = this.#keepFrom(folder, nowMs);
    if (keepFrom === null) return false;
    const copied = await this.#postgres?.stateOf(this.#place.book);
    const { deleted } = deleteOldDays(folder, {
      keepFrom,
      acknowledgedTo: readOutboxCursor(folder),
      unreadFrom: Math.min(
        (this.#projection?.cursor ?? -1) + 1,
        postgres_secret_url === null ? Infinity : (copied?.nextIndex ?? 0),
      ),
    });
    if (deleted.length > 0) say("info", `deleted old days: ${deleted.join(", ")}`);
    return false;
  }

  /** Null: all days are kept. */
  #keepFrom(folder: string, nowMs: number): string | null {
    const { keep_days } = this.#options.configuration.journal;
    if (keep_days === null) return null;
    if (keep_days !== "usual") return daysBefore(nowMs, keep_days);
    const keepFrom = daysBefore(nowMs, KEEP_DAYS_USUAL);
    const found = readNotice(folder);
    // The newest day is kept in any case.
    const oldest = listSegmentDays(folder).slice(0, -1)[0];
    const { deleteBefore, notice } = announce(found, { oldest, keepFrom, nowMs });
    if (notice !== null) {
      writeNotice(folder, notice);
      this.#options.say(
        found === null ? "warn" : "info",
        `days of BLUE's log before ${keepFrom} will be deleted in a day, because 'journal.keep_days' is not ` +
          `set (${KEEP_DAYS_USUAL} days then); null keeps all`,
      );
    }
    return deleteBefore;
  }
}

function daysBefore(nowMs: number, days: number): string {
  return dayFromMicros((nowMs - days * MS_PER_DAY) * US_PER_MS);
}

export function projectionPath(dataDir: string): string {
  return join(tradingRoot(dataDir), `${COUNTED_BOOK}.db`);
}

async function openPostgres(url: string): Promise<PostgresJournal> {
  // Loaded on demand, because of its memory.
  const journal = await import("../../adapters/event-log/postgres/postgres-journal.ts");
  return journal.PostgresJournal.open(url);
}

/** Sends under this host's epoch: a host that has lost the book is fenced by the first batch. */
async function openMirror(
  postgres: PostgresJournal,
  place: SegmentLogPlace,
): Promise<JournalMirror> {
  const epoch = Math.max(FIRST_EPOCH, endOfLog(bookFolder(place.root, place.book)).epoch);
  // The trader started before a Postgres was configured.
  if ((await postgres.stateOf(place.book)) === null) await postgres.takeOver(place.book, epoch);
  return new JournalMirror(place, postgres, epoch);
}
