import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { cutLog } from "../../src/adapters/event-log/truncate-segments.ts";
import { bookFolder } from "../../src/adapters/event-log/segments/segment-files.ts";
import { SegmentLogReader } from "../../src/adapters/event-log/segment-log-reader.ts";
import {
  JournalMirror,
  takeOverBook,
} from "../../src/adapters/event-log/postgres/mirror-journal.ts";
import {
  PostgresJournal,
  type StoredRecord,
} from "../../src/adapters/event-log/postgres/postgres-journal.ts";
import type { SegmentLogPlace } from "../../src/adapters/event-log/segment-log.ts";
import { EventLog, EventLogReader } from "../../src/adapters/event-log/event-log.ts";
import { codeOf } from "../../src/domain/failure.ts";
import { findPostgres, startPostgres, type TestPostgres } from "../helpers/postgres.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { startSession } from "../helpers/trading-session.ts";

const bin = findPostgres();
if (bin === null) process.stderr.write("skipped: no Postgres; apt-get install postgresql\n");

describe.skipIf(bin === null)("Postgres beside the segments", () => {
  let root = "";
  let server: TestPostgres;
  let postgres: PostgresJournal;
  let hosts = 0;
  let one: SegmentLogPlace;
  let two: SegmentLogPlace;

  beforeAll(async () => {
    root = makeTemporaryDirectory("trading-postgres");
    server = await startPostgres(bin ?? "", root);
    postgres = await PostgresJournal.open(server.url);
  });
  afterAll(async () => {
    await postgres?.close();
    await server?.stop();
    removeTemporaryDirectory(root);
  });
  beforeEach(async () => {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query("TRUNCATE trading_books, trading_records");
    await client.end();
    hosts += 2;
    one = { root: join(root, `host-${hosts}`), book: "BLUE" };
    two = { root: join(root, `host-${hosts + 1}`), book: "BLUE" };
  });

  /** Three days of a paper trader, under the epoch that Postgres gave. */
  async function tradeOnHostOne(): Promise<number> {
    const { epoch } = await takeOverBook(one, postgres);
    expect(epoch).toBe(1);
    const session = startSession(one, 100_000);
    const mirror = new JournalMirror(one, postgres, epoch);
    for (let round = 0; round < 10; round++) {
      session.run(200);
      await mirror.sendBatch();
    }
    await sendAll(mirror);
    mirror.close();
    session.close();
    return session.lastIndex;
  }

  test("another host restores the log byte for byte and goes on; the first is fenced", async () => {
    const last = await tradeOnHostOne();
    expect(await postgres.stateOf("BLUE")).toEqual({ epoch: 1, nextIndex: last + 1 });

    expect(await takeOverBook(two, postgres)).toEqual({ epoch: 2, restoredEvents: last });
    expect(segmentsOf(two)).toEqual(segmentsOf(one));
    expect(eventsOf(two)).toEqual(eventsOf(one));

    tick(two, 2, last + 1);
    await sendAll(new JournalMirror(two, postgres, 2));
    expect(await postgres.stateOf("BLUE")).toEqual({ epoch: 2, nextIndex: last + 2 });

    // The first host did not notice, and goes on by itself: nothing of it gets into the log.
    tick(one, 1, last + 1);
    tick(one, 1, last + 2);
    const mirror = new JournalMirror(one, postgres, 1);
    expect(await codeFrom(() => mirror.sendBatch())).toBe("TRADING_JOURNAL_FENCED");
    expect(await postgres.stateOf("BLUE")).toEqual({ epoch: 2, nextIndex: last + 2 });

    // It may come back only without what it did alone; until then the second one keeps the book.
    expect(await codeFrom(() => takeOverBook(one, postgres))).toBe("TRADING_JOURNAL_FENCED");
    expect(await postgres.stateOf("BLUE")).toMatchObject({ epoch: 2 });
    expect(cutLog(bookFolder(one.root, one.book), last + 1, "7")).toHaveLength(1);
    const back = await takeOverBook(one, postgres);
    expect(back).toEqual({ epoch: 3, restoredEvents: 1 });
    expect(eventsOf(one)).toEqual(eventsOf(two));
    expect(epochsOf(one)).toEqual(epochsOf(two));
  });

  test("a restart keeps what Postgres has not got yet, and sends it", async () => {
    const last = await tradeOnHostOne();
    tick(one, 1, last + 1);
    // The book is its own: no epoch is taken for it.
    expect(await takeOverBook(one, postgres)).toEqual({ epoch: 1, restoredEvents: 0 });
    tick(one, 1, last + 2);
    await sendAll(new JournalMirror(one, postgres, 1));
    expect(await takeOverBook(two, postgres)).toMatchObject({ epoch: 2 });
    expect(eventsOf(two)).toEqual(eventsOf(one));
  });

  test("a log that lost its end to a power cut gets it back", async () => {
    const last = await tradeOnHostOne();
    const whole = segmentsOf(one);
    cutLog(bookFolder(one.root, one.book), last - 300, "7");
    expect(await takeOverBook(one, postgres)).toEqual({ epoch: 1, restoredEvents: 301 });
    expect(segmentsOf(one)).toEqual(whole);
    // Without Postgres it went on under the same epoch, with other events: neither sent nor taken.
    cutLog(bookFolder(one.root, one.book), last - 300, "8");
    for (let index = last - 300; index <= last + 1; index += 1) tick(one, 1, index);
    const mirror = new JournalMirror(one, postgres, 1);
    expect(await codeFrom(() => mirror.sendBatch())).toBe("TRADING_JOURNAL_FENCED");
    expect(await codeFrom(() => takeOverBook(one, postgres))).toBe("TRADING_JOURNAL_FENCED");
  });

  test("a batch that is sent again is stored once; one with a hole before it is refused", async () => {
    await postgres.takeOver("BLUE", 5);
    const records = recordsOf(5, 6);
    expect(await postgres.append("BLUE", 5, records.slice(0, 4))).toBe(5);
    expect(await postgres.append("BLUE", 5, records.slice(0, 4))).toBe(5);
    expect(await codeFrom(() => postgres.append("BLUE", 5, records.slice(5)))).toBe(
      "TRADING_JOURNAL_INDEX",
    );
    expect(await postgres.append("BLUE", 5, records)).toBe(7);
    expect(await postgres.read("BLUE", { index: 0, definition: 0 }, 100)).toHaveLength(6);
    expect(await codeFrom(() => postgres.append("GREEN", 5, records))).toBe(
      "TRADING_JOURNAL_FENCED",
    );
    // What was changed in Postgres is not restored.
    expect(await codeFrom(() => takeOverBook(two, postgres))).toBe("TRADING_JOURNAL_DAMAGED");
  });

  test("of two hosts that append at once, one has the book", async () => {
    const other = await PostgresJournal.open(server.url);
    for (let round = 0; round < 20; round++) {
      const book = `BOOK${round}`;
      const { epoch } = await postgres.takeOver(book, 1);
      const [mine, theirs] = await Promise.all([
        codeFrom(() => postgres.append(book, epoch, recordsOf(epoch, 1))),
        other.takeOver(book, 1),
      ]);
      expect(["no error", "TRADING_JOURNAL_FENCED"]).toContain(mine);
      expect(theirs.epoch).toBe(2);
      const again = await codeFrom(() => postgres.append(book, epoch, recordsOf(epoch, 1)));
      expect(again).toBe("TRADING_JOURNAL_FENCED");
      expect(await other.append(book, 2, recordsOf(2, 1))).toBe(2);
    }
    await other.close();
  });
});

async function sendAll(mirror: JournalMirror): Promise<void> {
  while (0 < (await mirror.sendBatch()));
}

function eventsOf(place: SegmentLogPlace) {
  const reader = new EventLogReader(place, null);
  const events = [...reader.poll()];
  reader.close();
  return events;
}

function epochsOf(place: SegmentLogPlace): number[] {
  const reader = new SegmentLogReader(place, null);
  const epochs = [...reader.poll()].map(({ epoch }) => epoch);
  reader.close();
  return epochs;
}

function segmentsOf({ root: dir, book }: SegmentLogPlace): Record<string, string> {
  const names = readdirSync(join(dir, book)).filter((name) => name.endsWith(".seg"));
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(dir, book, name), "base64")]),
  );
}

async function codeFrom(act: () => Promise<unknown>): Promise<string | undefined> {
  return act().then(
    () => "no error",
    (error: unknown) => codeOf(error),
  );
}

function tick(place: SegmentLogPlace, epoch: number, index: number): void {
  const log = new EventLog(place, { epoch, carriedCount: 0 });
  log.append({ kind: "tick", index, nowMs: 1_774_700_000_000 + index });
  log.close();
}

/** From index 1 on, with checksums that are wrong. */
function recordsOf(epoch: number, count: number): StoredRecord[] {
  return Array.from({ length: count }, (_, at) => ({
    kind: "event",
    index: at + 1,
    epoch,
    day: "2026-03-25",
    crc: 0,
    payload: Buffer.of(at),
  }));
}
