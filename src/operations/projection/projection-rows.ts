/** The projection's tables, and the rows that an event and its consequences write. */
import type Database from "better-sqlite3";
import type { TraderCommand } from "../../domain/trading/commands.ts";
import type { ScanDecision } from "../../domain/trading/decision.ts";
import type { TraderEvent } from "../../domain/trading/events.ts";
import { dayFromMicros, US_PER_MS } from "../../domain/time.ts";

/** Raising it rebuilds every projection. */
export const PROJECTION_VERSION = 1;

/** Also of one that stands already: what it lacks is added. */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS decisions (
    seq INTEGER PRIMARY KEY, log_index INTEGER NOT NULL, day TEXT NOT NULL, at_ms REAL NOT NULL,
    class TEXT NOT NULL, outcome TEXT NOT NULL, refusal TEXT, subject TEXT NOT NULL, signal REAL);
  CREATE INDEX IF NOT EXISTS decisions_by_day ON decisions (day, outcome);
  CREATE TABLE IF NOT EXISTS orders (
    client_order_id TEXT PRIMARY KEY, log_index INTEGER NOT NULL, day TEXT NOT NULL,
    position_id TEXT NOT NULL, asset TEXT NOT NULL, side TEXT NOT NULL, quantity REAL NOT NULL,
    purpose TEXT NOT NULL, decided_seq INTEGER NOT NULL, decided_at_ms REAL NOT NULL,
    reference_price REAL, reason TEXT NOT NULL, ages TEXT NOT NULL, status TEXT NOT NULL,
    status_at_ms REAL NOT NULL, status_reason TEXT NOT NULL, broker_order_id TEXT) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS orders_by_day ON orders (day);
  CREATE TABLE IF NOT EXISTS fills (
    client_order_id TEXT NOT NULL, number INTEGER NOT NULL, log_index INTEGER NOT NULL,
    day TEXT NOT NULL, at_ms REAL NOT NULL, seq INTEGER NOT NULL, position_id TEXT NOT NULL,
    asset TEXT NOT NULL, side TEXT NOT NULL, purpose TEXT NOT NULL, quantity REAL NOT NULL,
    price REAL NOT NULL, fee REAL NOT NULL, realized REAL, cash_after REAL,
    PRIMARY KEY (client_order_id, number)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS fills_by_day ON fills (day);
  CREATE INDEX IF NOT EXISTS fills_by_log ON fills (log_index, number);
  CREATE TABLE IF NOT EXISTS trades (
    position_id TEXT PRIMARY KEY, log_index INTEGER NOT NULL, day TEXT NOT NULL,
    asset TEXT NOT NULL, direction TEXT NOT NULL, quantity REAL NOT NULL, entry_price REAL NOT NULL,
    exit_price REAL NOT NULL, entry_seq INTEGER NOT NULL, exit_seq INTEGER NOT NULL,
    entered_at_ms REAL NOT NULL, exited_at_ms REAL NOT NULL, held_scans INTEGER NOT NULL,
    exit_reason TEXT NOT NULL, pnl REAL NOT NULL, fees REAL NOT NULL, posture TEXT NOT NULL,
    signal REAL, bucket TEXT NOT NULL, trade TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS trades_by_day ON trades (day, exit_seq);
  CREATE TABLE IF NOT EXISTS days (
    day TEXT PRIMARY KEY, log_index INTEGER NOT NULL, capital_start REAL, capital_end REAL,
    realized REAL, unrealized REAL, fees REAL, trades INTEGER NOT NULL, wins INTEGER NOT NULL,
    losses INTEGER NOT NULL, max_drawdown REAL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS notes (
    log_index INTEGER NOT NULL, number INTEGER NOT NULL, at_ms REAL NOT NULL, code TEXT NOT NULL,
    severity TEXT NOT NULL, subject TEXT NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (log_index, number)) WITHOUT ROWID;
`;

/** The result of a step of the core. */
export type Derived = {
  readonly decision: ScanDecision | null;
  readonly commands: readonly TraderCommand[];
};

type Value = string | number | Buffer | null;
export type ProjectionStatements = ReturnType<typeof prepareProjection>;

export function prepareProjection(db: Database.Database) {
  const insert = (table: string, columns: number) =>
    db.prepare<Value[]>(`INSERT INTO ${table} VALUES (${Array(columns).fill("?").join(", ")})`);
  return {
    metaGet: db.prepare<[string], Value>("SELECT value FROM meta WHERE key = ?").pluck(),
    metaPut: db.prepare<Value[]>("INSERT OR REPLACE INTO meta VALUES (?, ?)"),
    decision: insert("decisions", 9),
    order: insert("orders", 17),
    orderStatus: db.prepare<Value[]>(
      `UPDATE orders SET status = ?, status_at_ms = ?, status_reason = ?,
         broker_order_id = coalesce(?, broker_order_id) WHERE client_order_id = ?`,
    ),
    fill: insert("fills", 15),
    trade: insert("trades", 20),
    day: db.prepare<Value[]>(
      `INSERT OR REPLACE INTO days VALUES (${Array(11).fill("?").join(", ")})`,
    ),
    note: insert("notes", 7),
  };
}

/**
 * Writes the rows of one event. Rows are inserted, never replaced, so that a second decision on a scan, or a fill
 * that is booked twice, fails instead of being hidden.
 */
export function putStep(sql: ProjectionStatements, event: TraderEvent, derived: Derived): void {
  const { decision, commands } = derived;
  const day = dayFromMicros(event.nowMs * US_PER_MS);
  putBrokerReport(sql, event);
  if (decision !== null) {
    sql.decision.run(
      decision.seq,
      event.index,
      day,
      event.nowMs,
      decision.class,
      decision.outcome,
      decision.refusal,
      decision.subject,
      decision.signal,
    );
  }
  for (const [number, command] of commands.entries()) {
    putCommand(sql, command, { event, day, number });
  }
}

type Place = { readonly event: TraderEvent; readonly day: string; readonly number: number };

function putCommand(sql: ProjectionStatements, command: TraderCommand, place: Place): void {
  const { event, day } = place;
  switch (command.kind) {
    case "submit_order":
      return putOrder(sql, command.order, place);
    case "cancel_order":
      sql.orderStatus.run("cancelling", event.nowMs, "", null, command.clientOrderId);
      return;
    case "book_fill": {
      const { entry } = command;
      const { number, quantity, price, fee } = entry.fill;
      sql.fill.run(
        entry.clientOrderId,
        number,
        event.index,
        day,
        entry.atMs,
        entry.seq,
        entry.positionId,
        entry.asset,
        entry.side,
        entry.purpose,
        quantity,
        price,
        fee,
        entry.realized,
        entry.cashAfter,
      );
      return;
    }
    case "book_trade":
      return putTrade(sql, command.trade, place);
    case "book_day": {
      const { entry } = command;
      sql.day.run(
        entry.day,
        event.index,
        entry.capitalStart,
        entry.capitalEnd,
        entry.realized,
        entry.unrealized,
        entry.fees,
        entry.trades,
        entry.wins,
        entry.losses,
        entry.maxDrawdown,
      );
      return;
    }
    case "note": {
      const { code, severity, subject, detail } = command.note;
      sql.note.run(event.index, place.number, event.nowMs, code, severity, subject, detail);
    }
  }
}

function putOrder(
  sql: ProjectionStatements,
  order: Extract<TraderCommand, { kind: "submit_order" }>["order"],
  { event, day }: Place,
): void {
  sql.order.run(
    order.clientOrderId,
    event.index,
    day,
    order.positionId,
    order.asset,
    order.side,
    order.quantity,
    order.purpose,
    order.decidedSeq,
    order.decidedAtMs,
    order.referencePrice,
    order.reason,
    exactJson(order.ages),
    "submitted",
    event.nowMs,
    "",
    null,
  );
}

function putTrade(
  sql: ProjectionStatements,
  trade: Extract<TraderCommand, { kind: "book_trade" }>["trade"],
  { event, day }: Place,
): void {
  sql.trade.run(
    trade.positionId,
    event.index,
    day,
    trade.asset,
    trade.direction,
    trade.quantity,
    trade.entryPrice,
    trade.exitPrice,
    trade.entrySeq,
    trade.exitSeq,
    trade.enteredAtMs,
    trade.exitedAtMs,
    trade.heldScans,
    trade.exitReason,
    trade.pnl,
    trade.fees,
    trade.posture,
    trade.signal,
    trade.plan.bucket,
    exactJson(trade),
  );
}

/** The state of an order is that of its broker's last report. */
function putBrokerReport(sql: ProjectionStatements, event: TraderEvent): void {
  switch (event.kind) {
    case "order_accepted":
      sql.orderStatus.run("accepted", event.nowMs, "", event.brokerOrderId, event.clientOrderId);
      return;
    case "order_partly_filled":
    case "order_filled":
      sql.orderStatus.run(orderStatusOf(event.kind), event.nowMs, "", null, event.clientOrderId);
      return;
    case "order_rejected":
    case "order_cancelled":
    case "order_unknown":
      sql.orderStatus.run(
        orderStatusOf(event.kind),
        event.nowMs,
        event.reason,
        null,
        event.clientOrderId,
      );
      return;
    case "started":
    case "scan":
    case "scan_lost":
    case "feature":
    case "book":
    case "posture":
    case "tick":
    case "operator":
    case "day_rolled":
  }
}

function orderStatusOf(kind: string): string {
  return kind.slice("order_".length);
}

/** An age may be infinite, which JSON would write as null. */
function exactJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "number" && !Number.isFinite(part) ? String(part) : part,
  );
}
