/** The trader's part of the way of scans, from BLUE's projection, read while the bookkeeper writes it. */
import { existsSync } from "node:fs";
import Database from "better-sqlite3";

export type DecisionRow = {
  readonly seq: number;
  /** Time of the event that brought the scan. */
  readonly at_ms: number;
  readonly log_index: number;
  readonly class: string;
  readonly outcome: string;
  readonly refusal: string | null;
  readonly signal: number | null;
};

export type OrderRow = {
  readonly client_order_id: string;
  readonly position_id: string;
  readonly asset: string;
  readonly side: string;
  readonly purpose: string;
  readonly decided_seq: number;
  readonly status: string;
  /** Time of its first fill; null: none yet. */
  readonly filled_at_ms: number | null;
  readonly fills: number;
};

export type BookWays = {
  decisionOn(seq: number): DecisionRow | null;
  ordersOn(seq: number): readonly OrderRow[];
  /** The orders that opened and closed a position, found by its id or one order's. */
  ordersOf(id: string): readonly OrderRow[];
  /** For scans with seqs in [from, end): time of the first fill of their first order. */
  firstFills(fromSeq: number, endSeq: number): ReadonlyMap<number, number>;
  /** The seq of the newest decision; null: none. */
  lastSeq(): number | null;
  close(): void;
};

/** Both sides of a day's trades, and more than any of our books makes. */
const ORDERS_MAX = 10_000;
const ORDERS = `
  SELECT client_order_id, position_id, asset, side, purpose, decided_seq, status,
    (SELECT min(at_ms) FROM fills WHERE fills.client_order_id = orders.client_order_id)
      AS filled_at_ms,
    (SELECT count(*) FROM fills WHERE fills.client_order_id = orders.client_order_id) AS fills
  FROM orders`;

/** Null where BLUE's log is not projected yet. */
export function openBookWays(projection: string): BookWays | null {
  if (!existsSync(projection)) return null;
  const db = new Database(projection, { readonly: true });
  const decision = db.prepare<[number], DecisionRow>(
    "SELECT seq, at_ms, log_index, class, outcome, refusal, signal FROM decisions WHERE seq = ?",
  );
  const last = db.prepare<[], number | null>("SELECT max(seq) FROM decisions").pluck();
  const bySeq = db.prepare<[number, number], OrderRow>(
    `${ORDERS} WHERE decided_seq = ? ORDER BY log_index, client_order_id LIMIT ?`,
  );
  const byId = db.prepare<{ readonly id: string; readonly max: number }, OrderRow>(
    `${ORDERS} WHERE position_id IN (@id,
       (SELECT position_id FROM orders WHERE client_order_id = @id))
     ORDER BY log_index, client_order_id LIMIT @max`,
  );
  const fills = db.prepare<[number, number], { readonly seq: number; readonly ms: number }>(
    `SELECT decided_seq AS seq, min(at_ms) AS ms FROM orders JOIN fills USING (client_order_id)
     WHERE ? <= decided_seq AND decided_seq < ? GROUP BY decided_seq`,
  );
  return {
    decisionOn: (seq) => decision.get(seq) ?? null,
    ordersOn: (seq) => bySeq.all(seq, ORDERS_MAX),
    ordersOf: (id) => byId.all({ id, max: ORDERS_MAX }),
    firstFills: (from, end) => new Map(fills.all(from, end).map(({ seq, ms }) => [seq, ms])),
    lastSeq: () => last.get() ?? null,
    close: () => void db.close(),
  };
}
