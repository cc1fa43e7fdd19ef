/** `dolphin status` as text: services with their reasons, then servers, archive and disk. */
import { exitOf } from "../../domain/supervision/overall.ts";
import { traderOf } from "../../domain/supervision/services.ts";
import { BOOKS } from "../../domain/trading/books.ts";
import type { ScheduleRow, ServerRow, ServiceRow, SystemStatus } from "../../wire/system-status.ts";
import { aligned } from "./columns.ts";
import { duration, grouped } from "./durations.ts";
import { paint, printable, type Colour } from "./terminal.ts";

const EXIT_COLOURS: readonly Colour[] = ["green", "yellow", "red", "red"];
const ANSWER_MS = 400;
/** A run normally starts within seconds; a later one was caught up. */
const LATE_S = 120;

export function statusTable(status: SystemStatus): string {
  const colour = EXIT_COLOURS[status.exit] ?? "red";
  const clock = status.checked_at.slice(0, 19).replace("T", " ");
  return [
    `${paint("bold", "DOLPHIN")}  ${paint(colour, status.status)}  ${paint("dim", `${clock} UTC`)}`,
    "",
    ...serviceLines(status.services, Date.parse(status.checked_at)),
    "",
    ...standLines(status),
  ].join("\n");
}

const HEADS = ["SERVICE", "STATUS", "PID", "UP", "SEQ", "SCAN", "NEWEST", "BACKLOG", "RESTARTS"];

function serviceLines(rows: readonly ServiceRow[], nowMs: number): string[] {
  const cells = rows.map((row) => [
    row.service,
    row.status,
    row.pid === null ? "-" : String(row.pid),
    duration(row.up_s),
    grouped(row.last_seq),
    grouped(row.last_scan_number),
    duration(row.newest_data_age_s),
    grouped(row.backlog),
    `${row.restarts ?? "-"} of ${row.restarts_max}`,
  ]);
  const lines = aligned([HEADS, ...cells]);
  return [
    paint("dim", lines[0] ?? ""),
    ...rows.flatMap((row, index) => {
      const colour = EXIT_COLOURS[exitOf(row.status)] ?? "red";
      const line = (lines[index + 1] ?? "").replace(row.status, paint(colour, row.status));
      return [line, ...reasonLines(row, nowMs).map((text) => `    ${text}`)];
    }),
  ];
}

/** Notes of a book beyond the verdict: it diverges, can't enter, or can't be saved. */
const NOTABLE = /^(?:diverged|no entries|halted)|; not saved/;

/** States for which `why` can name a rule, a value and a threshold. */
const BLOCKED = /^(?:no entries|no decisions|halted|bankrupt|latched)/;

export function reasonLines(row: ServiceRow, nowMs: number): string[] {
  const lines = [printable(row.why)];
  if (row.state !== null && NOTABLE.test(row.state)) lines.push(printable(row.state));
  const book = BOOKS.find((one) => traderOf(one).name === row.service);
  if (book !== undefined && BLOCKED.test(row.state ?? "")) {
    lines.push(`'dolphin why no-trade --book ${book}' shows each rule and its value`);
  }
  if (row.next_try_at !== null) {
    const inS = Math.max(0, (Date.parse(row.next_try_at) - nowMs) / 1_000);
    lines.push(`next try in ${duration(inS)}; 'dolphin why restart ${row.service}' says why`);
  }
  return lines;
}

function standLines(status: SystemStatus): string[] {
  const scan = status.latest_scan;
  const rows = [
    ...status.servers.map((server) => [server.server, server.address, answerOf(server)]),
    ["archive", status.archive.path, status.archive.state],
    ["disk", status.disk.path, status.disk.state],
  ];
  const { safety } = status;
  if (safety != null) {
    const { pid, posture, entries, reasons } = safety;
    const because = reasons.length === 0 ? "" : `: ${printable(reasons.join("; "))}`;
    rows.push([
      "watchdog",
      pid === null ? "-" : `pid ${pid}`,
      `${posture}, entries ${entries}${because}`,
    ]);
  }
  if (scan !== null) {
    const text = `seq ${grouped(scan.seq)}, ${scan.assets} assets, pushed ${duration(scan.age_s)} ago`;
    rows.push(["last scan", `number ${grouped(scan.scan_number)}`, text]);
  }
  rows.push(...(status.schedules ?? []).flatMap(scheduleCells));
  const lines = aligned(rows);
  return lines.map((line, index) => {
    const server = status.servers[index];
    return server !== undefined && server.answered_ms === null ? paint("red", line) : line;
  });
}

/** A schedule that runs as declared has no remark. */
export function scheduleCells(row: ScheduleRow): string[][] {
  const { schedule, schedule_skipped: skipped, overlap_skipped: overlap, last_late_s: late } = row;
  const parts = [
    ...(skipped === 0 ? [] : [`${skipped} skipped: too old when Temporal came back`]),
    ...(overlap === 0 ? [] : [`${overlap} skipped: the previous one still ran`]),
    ...(late === null || late < LATE_S
      ? []
      : [`the last one was caught up, ${duration(late)} late`]),
  ];
  return parts.length === 0 ? [] : [["schedule", schedule, parts.join("; ")]];
}

export function answerOf(server: ServerRow): string {
  if (server.answered_ms !== null) return `answered in ${server.answered_ms} ms`;
  const problem = server.problem === null ? "" : `: ${printable(server.problem)}`;
  return `did not answer in ${ANSWER_MS} ms${problem}`;
}
