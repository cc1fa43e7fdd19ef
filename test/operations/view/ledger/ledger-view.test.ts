import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SCHEMA } from "../../../../src/operations/projection/projection-rows.ts";
import { createLedgerView } from "../../../../src/operations/view/ledger/ledger-view.ts";

let dir = "";
let path = "";
let db: Database.Database;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "dolphin-ledger-"));
  path = join(dir, "projection.db");
  openProjection();
});
afterEach(() => {
  db.close();
  rmSync(dir, { recursive: true });
});

function openProjection(): void {
  db = new Database(path);
  // As the bookkeeper writes it.
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = OFF");
  db.exec(SCHEMA);
}

function fill(index: number, cash: number, atMs = 1_000): void {
  db.prepare(
    `INSERT INTO fills VALUES (?, 1, ?, '2026-03-25', ?, 1, 'p', 'A', 'buy', 'exit', 1, 1, 0, 0, ?)`,
  ).run(`order-${100_000 - index}`, index, atMs, cash);
}

function decide(seq: number, index: number, { day = "2026-03-25", outcome = "waits" } = {}): void {
  db.prepare("INSERT INTO decisions VALUES (?, ?, ?, 1000, 'live', ?, NULL, 'A', 0)").run(
    seq,
    index,
    day,
    outcome,
  );
}

function endDay(day: string, index: number, cash: number): void {
  db.prepare("INSERT INTO days VALUES (?, ?, 0, ?, 0, 0, 0, 0, 0, 0, 0)").run(day, index, cash);
}

function taken(index: number): void {
  db.prepare("INSERT OR REPLACE INTO meta VALUES ('cursor', ?)").run(index);
}

test("the curves of cash are kept until there is another fill, and end with the last one of a moment", () => {
  const ledger = createLedgerView(path);
  fill(1, 100);
  fill(2, 90);
  const first = ledger();
  expect(first?.cash.last.at(-1)).toBe(90);
  expect(ledger()?.cash).toBe(first?.cash);
  fill(3, 95);
  expect(ledger()?.cash.last.at(-1)).toBe(95);
  expect(ledger()?.cash.count).toBe(3);
});

test("what is added look by look is what one look at all of it gives, days and late decisions included", () => {
  const ledger = createLedgerView(path);
  const startMs = Date.parse("2026-03-25T00:00:00Z");
  let index = 0;
  for (let round = 1; round <= 20; round += 1) {
    for (let row = 0; row < 150; row += 1) {
      index += 1;
      fill(index, 1_000 + ((index * 7_919) % 500), startMs + index * 20_000);
      const outcome = index % 3 === 0 ? "enters" : "waits";
      // Every tenth seq is left out, and found two looks later.
      if (index % 10 !== 0) decide(index, index, { outcome });
      if (index % 10 === 0 && 300 < index) decide(index - 300, index, { outcome });
    }
    if (round === 15) endDay("2026-03-25", (index += 1), 777);
    taken(index);
    const [own, anew] = [ledger(), createLedgerView(path)()];
    expect(own).toEqual(anew);
    expect(own?.isWhole).toBe(true);
  }
  decide(index + 1, index + 1, { day: "2026-03-26" });
  taken(index + 1);
  expect(ledger()).toMatchObject({ outcomesDay: "2026-03-26", outcomes: [{ count: 1 }] });
});

test("of a projection that was begun anew, or cut, nothing of the one before is left", () => {
  const ledger = createLedgerView(path);
  for (let index = 1; index <= 50; index += 1) fill(index, index);
  decide(1, 50);
  taken(50);
  expect(ledger()?.cash.count).toBe(50);
  db.exec("DELETE FROM fills WHERE 10 < log_index; DELETE FROM decisions");
  taken(10);
  expect(ledger()).toMatchObject({ cash: { count: 10 }, outcomes: [] });
  db.close();
  for (const ending of ["", "-wal", "-shm"]) rmSync(`${path}${ending}`, { force: true });
  openProjection();
  fill(1, 5);
  taken(100);
  expect(ledger()?.cash).toMatchObject({ count: 1, last: [5] });
});
