/**
 * A frame of `dolphin top`: the known state of the system, fitted to the terminal. The values are those of `dolphin
 * status`. Invariant: no more lines than rows, none wider than the columns, and the last one says how to quit.
 */
import type { Incident } from "../../domain/incidents/incident.ts";
import { exitOf } from "../../domain/supervision/overall.ts";
import type { ServiceRow, SystemStatus } from "../../wire/system-status.ts";
import { duration, grouped } from "../rendering/durations.ts";
import { answerOf, reasonLines, scheduleCells } from "../rendering/status-table.ts";
import type { Colour } from "../rendering/terminal.ts";
import { columnLines, fitted, type TextLine, piece, widthOf } from "./cells.ts";

export type TopReading = {
  readonly status: SystemStatus;
  /** The source: a running process's answer, or our own reading. */
  readonly via: "answered" | "read";
  /** Null: the watchdog, which has them, did not answer. */
  readonly incidents: { readonly open: number; readonly newest: readonly Incident[] } | null;
};

export type TopView = {
  /** Null: nothing was read yet. */
  readonly reading: TopReading | null;
  readonly ageS: number;
  /** Why the last reading failed; null where it did not. */
  readonly trouble: string | null;
};

export type Size = { readonly columns: number; readonly rows: number };

/** A reading is normally one second old, two with a silent server. */
const OLD_S = 6;
const COLOURS: readonly Colour[] = ["green", "yellow", "red", "red"];
const SEVERITY_COLOURS: Readonly<Record<string, Colour>> = { critical: "red", warning: "yellow" };
const INCIDENTS_MAX = 3;
const FOOT = "q quits";
/** Left out from the right where there is no room. */
const HEADS = [
  "SERVICE",
  "STATUS",
  "UP",
  "NEWEST",
  "SEQ",
  "BACKLOG",
  "RESTARTS",
  "PID",
  "SCAN",
  "MB",
  "CPU",
] as const;

export function topFrame(view: TopView, { columns, rows }: Size): readonly TextLine[] {
  const body = view.reading === null ? [] : bodyOf(view.reading, columns);
  const head = headOf(view);
  const room = Math.max(0, rows - head.length - 1);
  const shown = room < body.length ? body.slice(0, Math.max(0, room - 1)) : body;
  const left = body.length - shown.length;
  const rest =
    left === 0 || room === 0
      ? []
      : [[piece(`${left} more lines; 'dolphin status' has all`, "dim")]];
  const isOld = OLD_S < view.ageS;
  const lines = [...head, ...shown, ...rest].slice(0, Math.max(0, rows - 1));
  const visible = isOld ? lines.map((line, at) => (at === 0 ? line : dimmed(line))) : lines;
  return [...visible, [piece(FOOT, "dim")]].slice(0, rows).map((line) => fitted(line, columns));
}

function dimmed(line: TextLine): TextLine {
  return line.map(({ text }) => ({ colour: "dim", text }));
}

function headOf({ reading, ageS, trouble }: TopView): readonly TextLine[] {
  const name = piece("DOLPHIN", "bold");
  if (reading === null) {
    return [[name, piece("  "), piece(trouble ?? "reading", trouble === null ? "dim" : "red")], []];
  }
  const { status, via } = reading;
  const clock = status.checked_at.slice(0, 19).replace("T", " ");
  const isOld = OLD_S < ageS;
  const age = isOld
    ? piece(`  NOTHING NEW for ${duration(ageS)}${trouble === null ? "" : `: ${trouble}`}`, "red")
    : piece(via === "answered" ? "  answered by up or worker" : "  read by this process", "dim");
  return [
    [
      name,
      piece("  "),
      piece(status.status, COLOURS[status.exit] ?? "red"),
      piece(`  ${clock} UTC`, "dim"),
      age,
    ],
    [piece(sentenceOf(status))],
    [],
  ];
}

/** The reason of the first one with the overall word. */
function sentenceOf({ services, servers, status, safety }: SystemStatus): string {
  const silent = servers.filter(({ answered_ms }) => answered_ms === null);
  if (0 < silent.length) return silent.map((one) => `${one.server} ${answerOf(one)}`).join("; ");
  const gravest = services.find((row) => row.status === status);
  if (status === "Healthy") return "all is well";
  if (gravest !== undefined) return `${gravest.service}: ${gravest.why}`;
  return safety?.reasons.join("; ") ?? "";
}

function bodyOf({ status, incidents }: TopReading, columns: number): readonly TextLine[] {
  const facts = columnLines([
    ...status.servers.map((server) =>
      factLine(server.server, answerOf(server), server.answered_ms === null ? "red" : "plain"),
    ),
    ...postureLines(status),
    ...healthLines(status.services),
    ...status.services.flatMap(bookLine),
    ...scanLines(status),
    ...(status.safety == null ? [] : incidentLines(incidents)),
    ...(status.schedules ?? [])
      .flatMap(scheduleCells)
      .map(([what = "", name = "", text = ""]) => factLine(what, `${name} ${text}`, "yellow")),
    factLine("archive", status.archive.state),
    factLine("disk", status.disk.state),
  ]);
  return [...serviceLines(status, columns), [], ...facts];
}

function factLine(name: string, text: string, colour: Colour = "plain"): TextLine {
  return [piece(name, "dim"), piece(text, colour)];
}

function serviceLines(
  { services, checked_at }: SystemStatus,
  columns: number,
): readonly TextLine[] {
  const cells = services.map((row) => [
    row.service,
    row.status,
    duration(row.up_s),
    duration(row.newest_data_age_s),
    grouped(row.last_seq),
    grouped(row.backlog),
    `${row.restarts ?? "-"} of ${row.restarts_max}`,
    row.pid === null ? "-" : String(row.pid),
    grouped(row.last_scan_number),
    row.rss_mb === null ? "-" : String(Math.round(row.rss_mb)),
    row.cpu_percent === null ? "-" : `${row.cpu_percent.toFixed(1)} %`,
  ]);
  const count = columnsShown([HEADS, ...cells], columns);
  const lines = columnLines([
    HEADS.slice(0, count).map((text) => piece(text, "dim")),
    ...cells.map((row, at) =>
      row
        .slice(0, count)
        .map((text, column) => piece(text, column === 1 ? colourOf(services[at]) : "plain")),
    ),
  ]);
  const nowMs = Date.parse(checked_at);
  return [
    lines[0] ?? [],
    ...services.flatMap((row, at) => {
      const [why, ...notable] = reasonLines(row, nowMs);
      // A healthy service's reason adds nothing to its row.
      const reasons = row.status === "Healthy" ? notable : [why ?? "", ...notable];
      return [lines[at + 1] ?? [], ...reasons.map((text) => [piece(`    ${text}`)])];
    }),
  ];
}

function columnsShown(rows: readonly (readonly string[])[], columns: number): number {
  let width = 0;
  for (let at = 0; at < HEADS.length; at += 1) {
    width += Math.max(...rows.map((row) => widthOf(row[at] ?? ""))) + (at === 0 ? 0 : 2);
    // Without its name and its word a row means nothing.
    if (columns < width && 2 <= at) return at;
  }
  return HEADS.length;
}

function colourOf(row: ServiceRow | undefined): Colour {
  return row === undefined ? "plain" : (COLOURS[exitOf(row.status)] ?? "red");
}

function postureLines({ safety }: SystemStatus): readonly TextLine[] {
  if (safety == null) return [];
  const { posture, entries, reasons } = safety;
  const why = reasons.length === 0 ? "" : `: ${reasons.join("; ")}`;
  const colour = entries === "go" ? "plain" : "yellow";
  return [factLine("watchdog", `${posture}, entries ${entries}${why}`, colour)];
}

function healthLines(services: readonly ServiceRow[]): readonly TextLine[] {
  const { health, rm_meta, cause } = services.find(({ role }) => role === "health")?.counters ?? {};
  if (typeof health !== "string") return [];
  const product = typeof rm_meta === "number" ? rm_meta.toFixed(2) : "unknown";
  const why = typeof cause === "string" && cause !== "" ? `: ${cause}` : "";
  return [factLine("health", `${health}, rm_meta ${product}${why}`)];
}

function bookLine({ book, counters, state }: ServiceRow): readonly TextLine[] {
  const { equity, positions, trades, posture } = counters;
  if (book === null || typeof equity !== "number") return [];
  const text = [
    `equity ${equity.toFixed(2)}`,
    `${positions ?? "-"} open`,
    `${trades ?? "-"} trades`,
    posture ?? "UNKNOWN",
    ...(state === null ? [] : [state]),
  ].join(", ");
  return [factLine(book, text)];
}

function scanLines({ latest_scan: scan, services }: SystemStatus): readonly TextLine[] {
  if (scan === null) return [];
  const counters = services.find(({ role }) => role === "bridge")?.counters ?? {};
  const [p50, p99] = [
    counters["complete_to_hazelcast_ms_p50"],
    counters["complete_to_hazelcast_ms_p99"],
  ];
  const lag =
    typeof p50 === "number" && typeof p99 === "number"
      ? `; file to Hazelcast ${p50.toFixed(1)} ms (p50) ${p99.toFixed(1)} ms (p99)`
      : "";
  const { scan_number, seq, assets, age_s } = scan;
  return [
    factLine(
      "last scan",
      `number ${grouped(scan_number)}, seq ${grouped(seq)}, ${assets} assets, pushed ${duration(age_s)} ago${lag}`,
    ),
  ];
}

function incidentLines(incidents: TopReading["incidents"]): readonly TextLine[] {
  if (incidents === null)
    return [factLine("incidents", "not known: the watchdog does not answer", "yellow")];
  if (incidents.open === 0) return [factLine("incidents", "none open")];
  return [
    factLine("incidents", `${incidents.open} open, 'dolphin alerts ls'`, "yellow"),
    ...incidents.newest
      .slice(0, INCIDENTS_MAX)
      .map(({ severity, rule, subject, summary }) =>
        factLine(
          "",
          `${severity} ${rule} ${subject}: ${summary}`,
          SEVERITY_COLOURS[severity] ?? "plain",
        ),
      ),
  ];
}
