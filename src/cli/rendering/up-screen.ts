/** The screen of `dolphin up`: where everything is and how it is doing. */
import type { SystemStatus } from "../../wire/system-status.ts";
import type { UpFile } from "../../wire/up-file.ts";
import { duration, grouped } from "./durations.ts";
import { statusTable } from "./status-table.ts";
import { paint, printable, type Colour } from "./terminal.ts";

export type TraderFigures = {
  readonly book: string;
  readonly state: string;
  /** Closed ones of the book so far. */
  readonly trades: number;
  readonly positions: number;
  readonly equity: number;
  readonly realizedToday: number;
};

export type EventLevel = "info" | "warn" | "error";
export type UpEvent = { readonly at: string; readonly level: EventLevel; readonly text: string };
export type UpView = {
  readonly up: UpFile;
  readonly logs: string;
  readonly status: SystemStatus | null;
  readonly scans: {
    readonly seen: number;
    readonly gaps: number;
    readonly lagMs: { readonly p50: number | null; readonly p99: number | null };
  };
  /** Null before it has said anything. */
  readonly trader: TraderFigures | null;
  readonly rssMb: Readonly<Record<string, number>>;
  readonly restarts: number;
  readonly elapsedS: number;
  /** Until it stops by itself; null without --for. */
  readonly leftS: number | null;
  /** Newest last. */
  readonly events: readonly UpEvent[];
};

const EVENTS_SHOWN = 5;
const COLOURS: Readonly<Record<EventLevel, Colour>> = { info: "dim", warn: "yellow", error: "red" };

/** For a terminal, repainted in place. */
export function upScreen(view: UpView): string[] {
  const { up } = view;
  const left = view.leftS === null ? "" : `; stops by itself in ${duration(view.leftS)}`;
  const events = view.events.slice(-EVENTS_SHOWN).map(eventLine);
  return [
    ...(view.status === null ? ["DOLPHIN  starting"] : statusTable(view.status).split("\n")),
    "",
    ...pageLines(up),
    logsLine(view.logs),
    `processes    ${memoryOf(view.rssMb)}`,
    `seen here    ${scansOf(view)}`,
    ...(view.trader === null ? [] : [`trader       ${traderOf(view.trader)}`]),
    ...(events.length === 0 ? [] : ["", ...events]),
    "",
    paint("dim", `up ${duration(view.elapsedS)}, Ctrl-C stops everything${left}`),
  ];
}

/** For a log or a pipe: one line, every ten seconds. */
export function upLine(view: UpView): string {
  const word = view.status?.status ?? "starting";
  const trader = view.trader === null ? "" : ` trader ${traderOf(view.trader)};`;
  return `${word}; ${scansOf(view)};${trader} restarts ${view.restarts}; ${memoryOf(view.rssMb)}`;
}

/** For lines that stay; the live view's table has the servers and the archive itself. */
export function addressLines(up: UpFile, logs: string): string[] {
  return [
    ...pageLines(up),
    `Temporal     ${up.temporal}`,
    `Hazelcast    ${up.hazelcast}, cluster ${up.cluster}`,
    `archive      ${up.archive}`,
    logsLine(logs),
  ];
}

function pageLines(up: UpFile): string[] {
  const dashboard = up.dashboard === null ? [] : [`dashboard    ${up.dashboard}`];
  return [`Temporal UI  ${up.temporal_ui}`, ...dashboard];
}

function logsLine(logs: string): string {
  return `logs         ${logs}   (dolphin logs -f)`;
}

export function eventLine({ at, level, text }: UpEvent): string {
  const clock = paint("dim", at.slice(11, 19));
  return `${clock}  ${paint(COLOURS[level], text.split("\n").map(printable).join("\n          "))}`;
}

function scansOf({ scans }: UpView): string {
  const { seen, gaps, lagMs } = scans;
  const missing = gaps === 0 ? "no gap" : `${grouped(gaps)} MISSING`;
  const lag =
    lagMs.p50 === null || lagMs.p99 === null
      ? ""
      : `, file to event ${lagMs.p50.toFixed(1)} ms (p50) ${lagMs.p99.toFixed(1)} ms (p99)`;
  return `${grouped(seen)} scans, ${missing}${lag}`;
}

function traderOf(trader: NonNullable<UpView["trader"]>): string {
  const { book, state, trades, positions, equity, realizedToday } = trader;
  const open = positions === 0 ? "flat" : `${positions} open`;
  const today = `${realizedToday < 0 ? "" : "+"}${realizedToday.toFixed(2)}`;
  return `${book} ${state}, ${open}, ${grouped(trades)} trades, equity ${equity.toFixed(2)} (${today} today)`;
}

function memoryOf(rssMb: Readonly<Record<string, number>>): string {
  const parts = Object.entries(rssMb).map(([name, mb]) => `${name} ${Math.round(mb)}`);
  return parts.length === 0 ? "-" : `${parts.join(", ")} MB`;
}
