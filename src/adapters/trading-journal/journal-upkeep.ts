/**
 * What BLUE's journal needs besides its trader: the projection for queries, the copy in Postgres, and
 * the end of old days. It only reads the log, so BLUE never waits for it.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import { messageOf } from "../../domain/failure.ts";
import type { Configuration } from "../../wire/configuration.ts";
import { readTold } from "../session/told-cursor.ts";
import { loadStrategiesOf } from "./books/configured-strategies.ts";
import { foldBlue } from "./books/fold-blue.ts";
import { PostgresJournal } from "./postgres/postgres-journal.ts";
import { JournalMirror } from "./postgres/mirror-journal.ts";
import { TradingProjection } from "./projection/trading-projection.ts";
import { deleteOldDays } from "./retention.ts";
import { bookFolder, listDays, tradingRoot } from "./segments/segment-files.ts";
import { endOfLog } from "./segments/log-end.ts";
import { FIRST_EPOCH, type TradingJournalPlace } from "./trading-journal.ts";

export type UpkeepOptions = {
  readonly dataDir: string;
  readonly configuration: Pick<Configuration, "trader" | "green" | "journal">;
  readonly say: (level: "info" | "warn", line: string) => void;
};

/** Of one transaction. */
const EVENTS_PER_ROUND = 1_000;
const BATCHES_PER_ROUND = 20;
const RETENTION_EVERY_MS = 3_600_000;
/** After a failure: what fails is tried again, never at once. */
const PAUSE_MS = 10_000;

export class JournalUpkeep {
  readonly #options: UpkeepOptions;
  readonly #place: TradingJournalPlace;
  readonly #pausedUntilMs = new Map<string, number>();
  readonly #troubles = new Map<string, string>();
  #projection: TradingProjection | null = null;
  #postgres: PostgresJournal | null = null;
  #mirror: JournalMirror | null = null;
  #retainedAtMs = -Infinity;

  constructor(options: UpkeepOptions) {
    this.#options = options;
    this.#place = { root: tradingRoot(options.dataDir), book: "BLUE" };
  }

  /** A piece of each work that is due. Never rejects; returns whether there may be more at once. */
  async round(nowMs: number): Promise<boolean> {
    if (listDays(bookFolder(this.#place.root, this.#place.book)).length === 0) return false;
    const more = await Promise.all([
      this.#attempt("projection", nowMs, () => this.#project()),
      this.#attempt("copy in Postgres", nowMs, () => this.#copy()),
    ]);
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
      // Said once, however long it lasts.
      if (this.#troubles.get(what) !== trouble) this.#options.say("warn", `${what}: ${trouble}`);
      this.#troubles.set(what, trouble);
      this.#pausedUntilMs.set(what, nowMs + PAUSE_MS);
      return "failed";
    }
  }

  async #project(): Promise<boolean> {
    // Who cuts the log's end removes the database.
    if (!existsSync(projectionPath(this.#options.dataDir))) this.#closeProjection();
    this.#projection ??= await this.#openProjection();
    try {
      return this.#projection.catchUp(EVENTS_PER_ROUND) === EVENTS_PER_ROUND;
    } catch (error) {
      // A promoted strategy's file may have changed since it was loaded: the next round loads it anew.
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
    this.#postgres ??= await PostgresJournal.open(url);
    this.#mirror ??= await openMirror(this.#postgres, this.#place);
    try {
      for (let batch = 0; batch < BATCHES_PER_ROUND; batch += 1) {
        if ((await this.#mirror.sendBatch()) === 0) return false;
      }
      return true;
    } catch (error) {
      // The trader may have taken the book since: the next round sends under its epoch.
      this.#mirror = null;
      throw error;
    }
  }

  async #deleteOldDays(nowMs: number): Promise<boolean> {
    this.#retainedAtMs = nowMs;
    const { configuration, say } = this.#options;
    const { keep_days, postgres_secret_url } = configuration.journal;
    if (keep_days === null) return false;
    const folder = bookFolder(this.#place.root, this.#place.book);
    const copied = await this.#postgres?.stateOf(this.#place.book);
    const { deleted } = deleteOldDays(folder, {
      keepFrom: dayFromMicros((nowMs - keep_days * MS_PER_DAY) * US_PER_MS),
      toldTo: readTold(folder),
      unreadFrom: Math.min(
        (this.#projection?.cursor ?? -1) + 1,
        postgres_secret_url === null ? Infinity : (copied?.nextIndex ?? 0),
      ),
    });
    if (deleted.length > 0) say("info", `deleted old days: ${deleted.join(", ")}`);
    return false;
  }
}

export function projectionPath(dataDir: string): string {
  return join(tradingRoot(dataDir), "BLUE.db");
}

/** Sends as the trader of this host: who does not have the book any more is fenced by the first batch. */
async function openMirror(
  postgres: PostgresJournal,
  place: TradingJournalPlace,
): Promise<JournalMirror> {
  const epoch = Math.max(FIRST_EPOCH, endOfLog(bookFolder(place.root, place.book)).epoch);
  // The trader began before there was a Postgres.
  if ((await postgres.stateOf(place.book)) === null) await postgres.takeOver(place.book, epoch);
  return new JournalMirror(place, postgres, epoch);
}
