/** Questions about a book's past days, recorded by the trader's own parts: the answers equal the record. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventsFrom } from "../../../src/operations/why/find-event.ts";
import type { ExplainedBook } from "../../../src/operations/why/book-answer.ts";
import { explainBook } from "../../../src/operations/why/explain-book.ts";
import { EventLogReader } from "../../../src/adapters/event-log/event-log.ts";
import { listSnapshots, saveSnapshotIn } from "../../../src/adapters/event-log/snapshots.ts";
import type { BookName } from "../../../src/domain/trading/books.ts";
import { GreenBook } from "../../../src/services/trader-green/green-book.ts";
import { openShadow } from "../../../src/services/trader-green/open-shadow.ts";
import { bookConfiguration } from "../../../src/wire/trading/book-configuration.ts";
import { NEVER_PROMOTED, settingsOfBook } from "../../../src/wire/trading/books-file.ts";
import { encodeShadow } from "../../../src/wire/trading/shadow-snapshot.ts";
import type { When } from "../../../src/operations/why/find-event.ts";
import { Configuration } from "../../../src/wire/configuration.ts";
import { LIVELY_BOOK } from "../../helpers/lively.ts";
import { placeIn, recordBook } from "../../helpers/trading/recorded-book.ts";

const START_MS = Date.parse("2026-03-24T23:50:00Z");
const SCAN_EVERY_MS = 5_000;
/** Of a book that follows, as its process saves them. */
const GREEN_SNAPSHOT_EVENTS = 150;
/** Over midnight. */
const SCANS = 240;
const configuration = Configuration.parse({ trader: LIVELY_BOOK });
let dir = "";

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "why-"));
  const recording = { startMs: START_MS, scanEveryMs: SCAN_EVERY_MS, snapshotEvery: 50 };
  recordBook(dir, { ...recording, scans: SCANS });
});

function followAsGreen(): void {
  const place = placeIn(dir);
  const [blue, green] = (["BLUE", "GREEN"] as const).map((book) =>
    bookConfiguration(book, settingsOfBook(book, configuration, NEVER_PROMOTED)),
  );
  const shared = { blueOf: () => blue!, say() {} };
  const opened = openShadow({
    ...shared,
    configurations: { blue: blue!, green: green! },
    snapshots: [],
    oldestOfBlue: () => null,
    newestOfBlue: () => null,
    read: (from) => new EventLogReader(place, from),
  });
  const book = new GreenBook({
    ...shared,
    opened,
    configurations: { green: green! },
    trades: { add() {}, sync() {} },
    snapshotEvents: GREEN_SNAPSHOT_EVENTS,
    saveSnapshot: (of) =>
      saveSnapshotIn(join(place.root, "GREEN"), { index: of.index, bytes: encodeShadow(of) }, 3),
    dayEnded() {},
  });
  while (book.takeSlice());
  book.close();
}

afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function explain(when: When, book: BookName = "BLUE"): Promise<ExplainedBook> {
  const answer = await explainBook(book, { dataDir: dir, configuration, when });
  if (typeof answer === "string") throw new Error(answer);
  return answer;
}

test("any scan, by seq and by time, comes to what the trader recorded of it", async () => {
  const outcomes = new Set<string>();
  for (let seq = 1; seq <= SCANS; seq += 7) {
    const { decided, recorded } = await explain({ kind: "seq", seq });
    expect([decided?.event.seq, recorded]).toEqual([seq, "same"]);
    expect(decided?.concluded?.outcome).toBe(decided?.decision?.outcome);
    outcomes.add(decided?.concluded?.outcome ?? "");
    const ms = START_MS + seq * SCAN_EVERY_MS + 1;
    expect((await explain({ kind: "time", ms })).decided).toEqual(decided);
  }
  expect([...outcomes]).toEqual(expect.arrayContaining(["warming", "no_signal", "held"]));
});

test("it folds from the nearest state, and back to the beginning of what holds the book back", async () => {
  const { read } = await explain({ kind: "seq", seq: SCANS });
  expect(read.from).toMatch(/^snapshot \d+$/);
  expect(read.toIndex - read.fromIndex).toBeLessThan(200);
  expect((await explain({ kind: "seq", seq: 3 })).read.from).toBe("the log's beginning");
});

test("now is what stands after the last event; what is not in the log is said", async () => {
  const { decided, standing } = await explain({ kind: "now" });
  const last = [...eventsFrom(placeIn(dir), 1)].at(-1);
  expect(standing.event.index).toBe(last?.index);
  expect(decided?.event.seq).toBe(SCANS);
  const about = { dataDir: dir, configuration };
  const never = await explainBook("BLUE", { ...about, when: { kind: "seq", seq: 9_999 } });
  expect(never).toBe(
    "there is no scan with seq 9999 in the log: the log has 2026-03-24 to 2026-03-25",
  );
  const none = await explainBook("BLUE", {
    ...about,
    dataDir: `${dir}/none`,
    when: { kind: "now" },
  });
  expect(none).toContain("has no log yet");
});

test("GREEN, which runs the same, is explained the same from its own state on BLUE's log", async () => {
  const asked = { dataDir: dir, configuration, when: { kind: "now" } } as const;
  expect(await explainBook("GREEN", asked)).toContain("there is no saved state of GREEN");
  followAsGreen();
  const [first = 0] = listSnapshots(join(placeIn(dir).root, "GREEN"));
  const outcomes = new Set<string>();
  for (let seq = SCANS; 0 < seq; seq -= 1) {
    const blue = (await explain({ kind: "seq", seq })).decided;
    if (blue === null || blue.event.index <= first) break;
    const { decided } = await explain({ kind: "seq", seq }, "GREEN");
    expect(decided?.concluded).toEqual(blue.concluded);
    expect(decided?.facts.map(({ rule, passes }) => [rule, passes])).toEqual(
      blue.facts.map(({ rule, passes }) => [rule, passes]),
    );
    outcomes.add(decided?.concluded?.outcome ?? "");
  }
  expect([...outcomes]).toEqual(expect.arrayContaining(["entered", "held", "exited", "no_signal"]));
  const before = await explainBook("GREEN", { ...asked, when: { kind: "seq", seq: 2 } });
  expect(before).toContain(`GREEN's saved states begin at event ${first}`);
});
