import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SCHEMA } from "../../../src/operations/projection/projection-rows.ts";
import { createLedgerView } from "../../../src/operations/view/ledger-view.ts";

let dir = "";
let db: Database.Database;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "dolphin-ledger-"));
  db = new Database(join(dir, "projection.db"));
  db.exec(SCHEMA);
});
afterEach(() => {
  db.close();
  rmSync(dir, { recursive: true });
});

function fill(index: number, cash: number): void {
  db.prepare(
    `INSERT INTO fills VALUES (?, 1, ?, '2026-03-25', 1000, 1, 'p', 'A', 'buy', 'exit', 1, 1, 0, 0, ?)`,
  ).run(`order-${100 - index}`, index, cash);
}

test("the curves of cash are kept until there is another fill, and end with the last one of a moment", () => {
  const ledger = createLedgerView(join(dir, "projection.db"));
  fill(1, 100);
  fill(2, 90);
  const first = ledger();
  expect(first?.cash.last.at(-1)).toBe(90);
  expect(ledger()?.cash).toBe(first?.cash);
  fill(3, 95);
  expect(ledger()?.cash.last.at(-1)).toBe(95);
  expect(ledger()?.cash.count).toBe(3);
});
