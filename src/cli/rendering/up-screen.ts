/** The screen of `dolphin up`: addresses and state. */
import type { SystemStatus } from "../../wire/system-status.ts";
import type { UpFile } from "../../wire/up-file.ts";
import { duration, grouped } from "./durations.ts";
import { statusTable } from "./status-table.ts";
import { paint, printable, type Colour } from "./terminal.ts";

export type TraderFigures = {
  readonly book: string;
  readonly state: string;
  /** Closed trades of the book so far. */
  readonly trades: number;
  readonly positions: number;
  /** Held assets without a price; empty where all have one. */
  readonly noPrice: string;
  readonly equity: number;
  readonly realizedToday: number;
};

export type EventLevel = "info" | "warn" | "error";
export type UpEvent = { readonly at: string; readonly level: EventLevel; readonly text: string };
export type UpView = {
  readonly up: UpFile;
  readonly logs: string;
  /** The link that lets the page give commands: a secret, only for a terminal. Null while there is no page. */
  readonly link: string | null;
  readonly status: SystemStatus | null;
  readonly scans: {
    readonly seen: number;
    readonly gaps: number;
    readonly lagMs: { readonly p50: number | null; readonly p99: number | null };
  };
  /** Null before its first report. */
  readonly trader: TraderFigures | null;
  readonly rssMb: Readonly<Record<string, number>>;
  readonly restarts: number;
  /** Servers and workers whose restart budget is spent, and the time of the next try. */
  readonly fatal: readonly { readonly name: string; readonly retryInS: number }[];
  /** What cannot be written or read now, for example because of a full disk. */
  readonly troubles: readonly string[];
  readonly elapsedS: number;
  /** Time until it stops by itself; null without --for. */
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
    ...fatalOf(view),
    ...view.troubles,
    ...pageLines(up),
    ...(view.link === null ? [] : [`commands     ${printable(view.link)}`]),
    logsLine(view.logs),
    `processes    ${memoryOf(view.rssMb)}`,
    `seen here    ${scansOf(view)}`,
    ...healthOf(view.status).map((text) => `health       ${text}`),
    ...(view.trader === null ? [] : [`trader       ${traderOf(view.trader)}`]),
    ...(events.length === 0 ? [] : ["", ...events]),
    "",
    paint("dim", `up ${duration(view.elapsedS)}, Ctrl-C stops everything${left}`),
  ];
}

/** For a log or a pipe: one line, every ten seconds. */
export function upLine(view: UpView): string {
  const words = view.fatal.length === 0 ? [view.status?.status ?? "starting"] : fatalOf(view);
  const word = [...words, ...view.troubles].join("; ");
  const trader = view.trader === null ? "" : ` trader ${traderOf(view.trader)};`;
  const health = healthOf(view.status).map((text) => ` health ${text};`);
  return `${word};${health.join("")} ${scansOf(view)};${trader} restarts ${view.restarts}; ${memoryOf(view.rssMb)}`;
}

/** For permanent lines; the live view's table has the servers and the archive itself. */
export function addressLines(up: UpFile, logs: string): string[] {
  return [
    ...pageLines(up),
    `Temporal     ${up.temporal}`,
    `Hazelcast    ${up.hazelcast}, cluster ${up.cluster}`,
    `archive      ${up.archive}`,
    logsLine(logs),
  ];
}

/** A silent server whose restarts are suspended is reported as such. */
function fatalOf({ fatal }: UpView): string[] {
  return fatal.map(({ name, retryInS }) => `FATAL: ${name}, next try in ${duration(retryInS)}`);
}

function pageLines(up: UpFile): string[] {
  const dashboard = up.dashboard === null ? [] : [`dashboard    ${up.dashboard}`];
  return [`Temporal UI  ${up.temporal_ui}`, ...dashboard];
}

/** What is no terminal may be a log. */
export function pageNotice(url: string): string[] {
  return [
    `dashboard    ${url}`,
    "commands     'dolphin dashboard link' prints the link that lets the page give some",
  ];
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
  const { book, state, trades, positions, noPrice, equity, realizedToday } = trader;
  const unpriced = noPrice === "" ? "" : ` (no price for ${printable(noPrice)})`;
  const open = positions === 0 ? "flat" : `${positions} open${unpriced}`;
  const today = `${realizedToday < 0 ? "" : "+"}${realizedToday.toFixed(2)}`;
  return `${book} ${state}, ${open}, ${grouped(trades)} trades, equity ${equity.toFixed(2)} (${today} today)`;
}

/** The word and its causes from health's beats; empty before the first. */
function healthOf(status: SystemStatus | null): string[] {
  const row = status?.services.find(({ role }) => role === "health");
  const { health, rm_meta, cause } = row?.counters ?? {};
  if (typeof health !== "string" || row?.pid == null) return [];
  const product = typeof rm_meta === "number" ? rm_meta.toFixed(2) : "unknown";
  const causes = typeof cause === "string" && cause !== "" ? `: ${printable(cause)}` : "";
  return [`${health} (rm_meta ${product})${causes}`];
}

function memoryOf(rssMb: Readonly<Record<string, number>>): string {
  const parts = Object.entries(rssMb).map(([name, mb]) => `${name} ${Math.round(mb)}`);
  return parts.length === 0 ? "-" : `${parts.join(", ")} MB`;
}
