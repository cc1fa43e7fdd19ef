/** The columns of each exported table, with their units: the source of docs/export.md. */
import type { ExportColumn, ColumnKind } from "./table.ts";

function column(name: string, kind: ColumnKind, about: string): ExportColumn {
  const [, unit = "", says = ""] = /^(?:\[([^\]]+)\] )?(.*)$/.exec(about) ?? [];
  return { name, kind, unit, says };
}

const TRADES = [
  column("position_id", "text", "id of the position, and of the order that opened it"),
  column("asset", "text", "such as BTCUSDT"),
  column("direction", "text", "long or short"),
  column("quantity", "number", "[base currency] sum of all entries"),
  column("entry_price", "number", "[quote currency] mean price of its entries' fills"),
  column("exit_price", "number", "[quote currency] mean price of its exits' fills"),
  column("entry_seq", "integer", "seq of the scan at its first fill"),
  column("exit_seq", "integer", "seq of the scan at its last fill"),
  column("entered_at", "time", "[UTC] time of its first fill's event"),
  column("exited_at", "time", "[UTC] time of its last fill's event"),
  column("held_scans", "integer", "[scans] number of scans while it was open"),
  column("exit_reason", "text", "take_profit, stop_loss, max_hold, strategy, flatten and others"),
  column("pnl", "number", "[quote currency] profit after fees, funding and interest"),
  column("fees", "number", "[quote currency] fees of all fills, interest included"),
  column(
    "max_adverse",
    "number",
    "[share of the entry price] distance of the worst mark while it was open",
  ),
  column(
    "max_favourable",
    "number",
    "[share of the entry price] distance of the best mark while it was open",
  ),
  column("signal", "number", "the strategy's own measure at the entry"),
  column("posture", "text", "posture at the entry"),
  column("bucket", "text", "the strategy's name for the asset's volatility at the entry"),
];

const EVENTS = [
  column("index", "integer", "index in the book's log, rising by one"),
  column("at", "time", "[UTC] when the trader took it off its queue, in whole milliseconds"),
  column("kind", "text", "scan, order_filled, posture, tick and others"),
  column("seq", "integer", "seq of a scan, or of a lost scan"),
  column("scan_number", "integer", "number of a scan, as counted by its writer"),
  column("as_of", "time", "[UTC] when a scan's prices, a feature or a posture were true"),
  column("assets", "integer", "[assets] number of assets in a scan"),
  column("replayed", "flag", "a scan that the bridge pushed from a backlog"),
  column("late", "flag", "a scan that is older than one pushed before it"),
  column("repaired", "flag", "a scan that was read from the ringbuffer or the journal"),
  column("subject", "text", "the order, feature, posture, command or day that it is about"),
  column("value", "number", "value of a feature, or price of a fill [quote currency]"),
  column("quantity", "number", "[base currency] size of a fill"),
  column("fee", "number", "[quote currency] fee of a fill"),
  column("reason", "text", "why an order was refused or cancelled, or its fate is unknown"),
];

const SCANS = [
  column("seq", "integer", "counts every scan pushed, without a gap"),
  column("scan_number", "integer", "number of the scan, as counted by its writer"),
  column("file", "text", "YYYY-MM-DD/name in the archive"),
  column("complete_at", "time", "[UTC] the file's last change, by its writer's clock"),
  column("seen_at", "time", "[UTC] when the bridge first saw the file; empty for older bridges"),
  column("decoded_at", "time", "[UTC] when the bridge had decoded it; empty for older bridges"),
  column("pushed_at", "time", "[UTC] when the bridge gave it its seq and sent it"),
  column("late", "flag", "older than one that was pushed before it"),
  column("replayed", "flag", "pushed from a backlog"),
  column(
    "event_at",
    "time",
    "[UTC] when BLUE's trader took it off its queue, in whole milliseconds",
  ),
  column("class", "text", "how BLUE classified it: fresh, stale, late or gap"),
  column("outcome", "text", "what BLUE decided: entered, held, refused and others"),
  column("refusal", "text", "which gate or limit stopped a signal"),
  column("signal", "number", "the strategy's own measure, else 0"),
];

const EQUITY = [
  column("at", "time", "[UTC] time of the fill, or of the end of the day"),
  column("kind", "text", "fill, or day_end"),
  column("seq", "integer", "seq of the scan at the fill"),
  column("cash", "number", "[quote currency] cash after the fill"),
  column(
    "unrealized",
    "number",
    "[quote currency] unrealized profit at the end of a day; else empty",
  ),
  column(
    "equity",
    "number",
    "[quote currency] cash plus unrealized profit at the end of a day; else empty",
  ),
  column("realized", "number", "[quote currency] profit realized by the fill, or over the day"),
  column("fees", "number", "[quote currency] fees of the fill, or of the day"),
  column("max_drawdown", "number", "[share of the day's peak equity] largest drawdown of the day"),
];

/** Columns of `dolphin indicators export`. */
export const READINGS = [
  column("series", "text", "the indicator, and its value's label, such as funding.BTCUSDT"),
  column("as_of", "time", "[UTC] time for which its source states it"),
  column("fetched_at", "time", "[UTC] when it was read"),
  column("pushed_at", "time", "[UTC] time from which it was known"),
  column("value", "number", "value in the unit of the next column"),
  column("unit", "text", "unit of the value"),
  column("source", "text", "source of the value"),
  column("source_hash", "text", "hash of the source's answer"),
];

export const EXPORTS = { trades: TRADES, events: EVENTS, scans: SCANS, equity: EQUITY } as const;
export type ExportName = keyof typeof EXPORTS;

export function isExport(name: string): name is ExportName {
  return Object.hasOwn(EXPORTS, name);
}
