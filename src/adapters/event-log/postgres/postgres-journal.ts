/**
 * A second copy of books' logs in Postgres, from which another host can take a book over. Invariant: a book belongs
 * to the highest epoch that claimed it, and every write locks the book's row and checks that (a fencing token), so a
 * host that lost the book can't add to it, however long it was away.
 */
import { Pool, type PoolClient } from "pg";
import { SegmentLogError } from "../segments/segment-log-error.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS trading_books (
    book text PRIMARY KEY, epoch bigint NOT NULL, next_index bigint);
  CREATE TABLE IF NOT EXISTS trading_records (
    book text NOT NULL, index bigint NOT NULL, definition int NOT NULL, epoch bigint NOT NULL,
    day text NOT NULL, crc bigint NOT NULL, payload bytea NOT NULL,
    PRIMARY KEY (book, index, definition));
`;
/** Advisory lock for creating the tables; the number is arbitrary. */
const SCHEMA_LOCK = 420_260_325;
const CONNECT_MS = 5_000;
const STATEMENT_MS = 30_000;
/** A server that is unreachable does not even report a statement timeout. */
const ANSWER_MS = STATEMENT_MS + CONNECT_MS;

/** A record of the log that owns its payload. */
export type StoredRecord = {
  readonly kind: "event" | "definition";
  readonly index: number;
  readonly epoch: number;
  readonly day: string;
  /** The checksum of the payload, compared when it is read back. */
  readonly crc: number;
  readonly payload: Buffer;
};

export type ClaimedBook = {
  readonly epoch: number;
  /** Null while nothing of the book is stored. */
  readonly nextIndex: number | null;
};

export class PostgresJournal {
  readonly #pool: Pool;

  private constructor(pool: Pool) {
    this.#pool = pool;
  }

  /** Connects, and creates missing tables. */
  static async open(url: string): Promise<PostgresJournal> {
    const pool = new Pool({
      connectionString: url,
      max: 2,
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      query_timeout: ANSWER_MS,
    });
    // A connection that breaks while it is idle is replaced with the next query.
    pool.on("error", ignore);
    const journal = new PostgresJournal(pool);
    try {
      await journal.#within(async (client) => {
        await client.query("SELECT pg_advisory_xact_lock($1)", [SCHEMA_LOCK]);
        await client.query(SCHEMA);
      });
      return journal;
    } catch (error) {
      await pool.end();
      throw error;
    }
  }

  /** Claims a book: appends under a lower epoch are refused from now on. */
  async takeOver(book: string, epochLeast: number): Promise<ClaimedBook> {
    const rows = await this.#query(
      `INSERT INTO trading_books AS b (book, epoch) VALUES ($1, $2)
       ON CONFLICT (book) DO UPDATE SET epoch = greatest(b.epoch + 1, excluded.epoch)
       RETURNING epoch, next_index`,
      [book, epochLeast],
    );
    return bookStateFrom(rows[0]);
  }

  /** Null where the book was never stored. */
  async stateOf(book: string): Promise<ClaimedBook | null> {
    const rows = await this.#query("SELECT epoch, next_index FROM trading_books WHERE book = $1", [
      book,
    ]);
    return rows.length === 0 ? null : bookStateFrom(rows[0]);
  }

  /**
   * Adds records in order, all or none; what is stored already is passed over, so that a batch whose
   * answer was lost may be sent again. Returns the index that is due next.
   * @throws {SegmentLogError} TRADING_JOURNAL_FENCED or TRADING_JOURNAL_INDEX.
   */
  async append(book: string, epoch: number, records: readonly StoredRecord[]): Promise<number> {
    return this.#within(async (client) => {
      const found = await client.query(
        "SELECT epoch, next_index FROM trading_books WHERE book = $1 FOR UPDATE",
        [book],
      );
      const state = found.rows.length === 0 ? null : bookStateFrom(found.rows[0]);
      if (state?.epoch !== epoch) throw fenced(book, epoch, state);
      const first = records[0]?.index ?? 0;
      const due = state.nextIndex ?? first;
      const last = records.findLast(({ kind }) => kind === "event")?.index;
      if (due < first) throw gap(book, first, due);
      const missing = records.filter(({ index }) => due <= index);
      await insertRecords(client, book, missing);
      const next = Math.max(due, (last ?? -1) + 1);
      await client.query("UPDATE trading_books SET next_index = $2 WHERE book = $1", [book, next]);
      return next;
    });
  }

  /** Up to `count` records after (index, definition), in the order of the log. */
  async read(
    book: string,
    after: { readonly index: number; readonly definition: number },
    count: number,
  ): Promise<readonly { readonly record: StoredRecord; readonly definition: number }[]> {
    const rows = await this.#query(
      `SELECT index, definition, epoch, day, crc, payload FROM trading_records
       WHERE book = $1 AND (index, definition) > ($2, $3) ORDER BY index, definition LIMIT $4`,
      [book, after.index, after.definition, count],
    );
    return rows.map((row) => ({ record: recordFrom(row), definition: Number(row["definition"]) }));
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #query(text: string, values: unknown[]): Promise<Row[]> {
    const { rows } = await this.#pool.query<Row>(text, values);
    return rows;
  }

  async #within<T>(act: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    // While the client is checked out nobody else handles its errors, and an unhandled one would end the process; the
    // query itself fails.
    client.on("error", ignore);
    let isBroken = true;
    try {
      await client.query("BEGIN");
      const result = await act(client);
      await client.query("COMMIT");
      isBroken = false;
      return result;
    } finally {
      // A connection whose transaction failed is destroyed, and the server rolls back.
      client.release(isBroken);
      client.off("error", ignore);
    }
  }
}

function ignore(): void {}

type Row = Readonly<Record<string, unknown>>;

/** Definitions of one index count down to -1, so that they sort before their event at 0. */
async function insertRecords(
  client: PoolClient,
  book: string,
  records: readonly StoredRecord[],
): Promise<void> {
  if (records.length === 0) return;
  const places: number[] = records.map(({ kind }) => (kind === "event" ? 0 : -1));
  for (let at = places.length - 2; 0 <= at; at--) {
    if (places[at] === -1 && places[at + 1]! < 0) places[at] = places[at + 1]! - 1;
  }
  await client.query(
    `INSERT INTO trading_records
     SELECT $1::text, * FROM unnest($2::bigint[], $3::int[], $4::bigint[], $5::text[], $6::bigint[], $7::bytea[])
     ON CONFLICT DO NOTHING`,
    [
      book,
      records.map(({ index }) => index),
      places,
      records.map(({ epoch }) => epoch),
      records.map(({ day }) => day),
      records.map(({ crc }) => crc),
      records.map(({ payload }) => payload),
    ],
  );
}

function recordFrom(row: Row): StoredRecord {
  const { payload } = row;
  if (!Buffer.isBuffer(payload)) throw new Error("a stored payload is bytes");
  return {
    kind: Number(row["definition"]) === 0 ? "event" : "definition",
    index: Number(row["index"]),
    epoch: Number(row["epoch"]),
    day: String(row["day"]),
    crc: Number(row["crc"]),
    payload,
  };
}

function bookStateFrom(row: Row | undefined): ClaimedBook {
  const next = row?.["next_index"] ?? null;
  return { epoch: Number(row?.["epoch"]), nextIndex: next === null ? null : Number(next) };
}

function fenced(book: string, epoch: number, state: ClaimedBook | null): SegmentLogError {
  const owner = state === null ? "nobody has taken it" : `it belongs to epoch ${state.epoch}`;
  return new SegmentLogError(
    "TRADING_JOURNAL_FENCED",
    `${book} is not epoch ${epoch}'s in Postgres: ${owner}. Stop this trader; another host has the book`,
  );
}

function gap(book: string, first: number, due: number): SegmentLogError {
  return new SegmentLogError(
    "TRADING_JOURNAL_INDEX",
    `${book} in Postgres continues with index ${due}, the batch begins with ${first}`,
  );
}
