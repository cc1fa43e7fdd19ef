/**
 * The cost of the page's view of BLUE's ledger with a million fills and as many decisions in the projection: the first
 * read, in slices; then a read without changes; and a read after each of some new fills.
 *     node bench/ledger-view.ts [--json] [--files 1000000] [--rounds 20]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { dayFromMicros } from "../src/domain/time.ts";
import { SCHEMA } from "../src/operations/projection/projection-rows.ts";
import { createLedgerView } from "../src/operations/view/ledger/ledger-view.ts";
import { benchOptions, report } from "./harness/options.ts";
import { median, rounded } from "./harness/statistics.ts";

const options = benchOptions({ rounds: 20 });
const FILLS = options.files ?? 1_000_000;
/** A fill each half minute: a million are a year. */
const FILL_EVERY_MS = 30_000;
const START_MS = Date.parse("2025-03-25T00:00:00Z");

const dir = mkdtempSync(join(tmpdir(), "dolphin-ledger-"));
try {
  const path = join(dir, "BLUE.db");
  const db = new Database(path);
  // As the bookkeeper writes it.
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = OFF");
  db.exec(SCHEMA);
  const put = putting(db);
  db.transaction(() => {
    for (let index = 1; index <= FILLS; index += 1) put(index);
  })();
  const ledger = createLedgerView(path);
  const slices = whole(ledger);
  const idle = Array.from({ length: options.rounds }, () => timed(ledger));
  const fresh = Array.from({ length: options.rounds }, (_, at) => {
    put(FILLS + 1 + at);
    return timed(ledger);
  });
  const found = ledger();
  if (found?.cash.count !== FILLS + options.rounds) throw new Error("a fill was not counted");
  const row = {
    first_look_ms: rounded(slices.reduce((sum, one) => sum + one, 0)),
    first_look_answers: slices.length,
    longest_answer_ms: rounded(Math.max(...slices)),
    nothing_new_ms: rounded(median(idle), 3),
    after_a_fill_ms: rounded(median(fresh), 3),
    after_a_fill_most_ms: rounded(Math.max(...fresh), 3),
    points_shown: found.cash.atMs.length,
  };
  const title = `the ledger's view over ${FILLS} fills`;
  report(options, { title, fills: FILLS, ...row }, { milliseconds: row });
  db.close();
} finally {
  rmSync(dir, { recursive: true });
}

function putting(db: Database.Database): (index: number) => void {
  const fill = db.prepare(
    "INSERT INTO fills VALUES (?, 1, ?, ?, ?, ?, 'p', 'A', 'buy', 'exit', 1, 1, 0, 0, ?)",
  );
  const decide = db.prepare(
    "INSERT INTO decisions VALUES (?, ?, ?, ?, 'live', 'waits', NULL, '', 0)",
  );
  const cursor = db.prepare("INSERT OR REPLACE INTO meta VALUES ('cursor', ?)");
  return (index) => {
    const atMs = START_MS + index * FILL_EVERY_MS;
    const day = dayFromMicros(atMs * 1_000);
    fill.run(`BLUE-${index}`, index, day, atMs, index, 10_000 + ((index * 7_919) % 1_000));
    decide.run(index, index, day, atMs);
    cursor.run(index);
  };
}

function timed(ledger: () => unknown): number {
  const from = performance.now();
  ledger();
  return performance.now() - from;
}

function whole(ledger: ReturnType<typeof createLedgerView>): readonly number[] {
  const slices: number[] = [];
  for (let isWhole = false; !isWhole;) {
    const from = performance.now();
    isWhole = ledger()?.isWhole ?? true;
    slices.push(performance.now() - from);
  }
  return slices;
}
