/** `dolphin archive ls | audit | compact | quarantine`: the files in the scan archive and what became of them. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { listDays, namesIn, pathOf } from "../adapters/archive/list-archive.ts";
import { askToRelist, type RelistReply } from "../adapters/scan-journal/ask-bridge.ts";
import { isDayFolder, isScanName } from "../domain/scan/archive-names.ts";
import { isoFromMicros } from "../domain/time.ts";
import {
  type ArchiveAudit,
  auditArchive,
  type AuditOptions,
  openJournalReader,
} from "./archive/archive-audit.ts";
import { auditRing, type RingAudit } from "./archive/audit-ring.ts";
import { addCompactCommand } from "./archive/archive-compact.ts";
import { CliError, EXIT_USAGE, openContext } from "./context.ts";
import { aligned } from "./rendering/columns.ts";
import { printable } from "./rendering/terminal.ts";

const REPAIR_WAIT_MS = 20_000;
const REPAIR_POLL_MS = 500;
const RANGES_SHOWN = 10;

const AUDIT_HELP = `
Without DAY: every day from first_day on.
Exit 0: files on disk = seqs pushed + duplicates + quarantined (+ pending: still being written).
Exit 2: holes; a DAY before first_day with files that were never pushed; or a ringbuffer that lacks one of the newest 2,000
scans although its file is there (if Hazelcast does not answer, that is only reported). Unless --no-repair is given, the running
bridge is asked to list everything again and to fill the ringbuffer, and the audit is repeated. If no bridge runs, the next one
that starts pushes what is missing. The audit itself writes nothing. --deep reads every pushed file and compares its hash.
--json prints {archive, first_day, files_before_first_day, not_ours, not_ours_before, days: {day: totals}, total: {files, pushed, duplicates, quarantined,
pending, missing}, last_seq, seq_gaps: [{after, before}], rewritten: [file], missing: [file],
ring: {compared, lacking: [seq], lacks, ranges: [{from, to}], without_file, detail}, ok}.`;

export function addArchiveCommand(program: Command): void {
  const archive = program
    .command("archive")
    .description("the scan archive: its files, and whether each was pushed");
  archive
    .command("ls")
    .description("the days of the archive and how many files each holds")
    .option("--archive <dir>", "the archive")
    .option("--json", "print as JSON: {archive, days: {day: files}}", false)
    .action((options: { json: boolean; archive?: string }, command: Command) => {
      printDays(openContext(command, { archive: options.archive }).config.archive, options.json);
    });
  archive
    .command("audit [day...]")
    .description(
      "prove that every file has a seq, is a duplicate or is in quarantine; repair holes",
    )
    .option("--archive <dir>", "the archive")
    .option("--deep", "read every pushed file and compare its bytes", false)
    .option("--no-repair", "only report holes")
    .option("--progress", "print progress to stderr: a JSON line {day, files} per day", false)
    .option("--json", "print as JSON", false)
    .addHelpText("after", AUDIT_HELP)
    .action(auditCommand);
  addCompactCommand(archive);
  archive
    .command("quarantine")
    .description("the files that could not be read, and why")
    .option("--json", "print as JSON: [{file, reason, detail, at, size}]", false)
    .action((options: { json: boolean }, command: Command) => {
      printQuarantine(command, options.json);
    });
}

type AuditFlags = {
  readonly json: boolean;
  readonly deep: boolean;
  readonly repair: boolean;
  readonly progress: boolean;
  readonly archive?: string;
};

async function auditCommand(
  asked: readonly string[],
  flags: AuditFlags,
  command: Command,
): Promise<void> {
  const wrong = asked.find((day) => !isDayFolder(day));
  if (wrong !== undefined) {
    throw new CliError(`'${wrong}' is not a day; write it as 2026-03-25`, EXIT_USAGE);
  }
  const { config } = openContext(command, { archive: flags.archive });
  const options: AuditOptions = {
    deep: flags.deep,
    days: asked.length === 0 ? null : asked,
    onProgress: (progress) => {
      if (flags.progress) process.stderr.write(`${JSON.stringify(progress)}\n`);
    },
  };
  let audit = auditArchive(config, options);
  let reply: RelistReply | null = null;
  if (0 < audit.total.missing && flags.repair) {
    reply = await askToRelist(config.data_dir);
    let untilMs = Date.now() + (reply.kind === "asked" ? REPAIR_WAIT_MS : 0);
    while (0 < audit.total.missing && Date.now() < untilMs) {
      await sleep(REPAIR_POLL_MS);
      const before = audit.total.missing;
      audit = auditArchive(config, { ...options, deep: false });
      // The bridge pushes the missing ones: a long day takes time.
      if (audit.total.missing < before) untilMs = Date.now() + REPAIR_WAIT_MS;
    }
    if (reply.kind === "asked") audit = auditArchive(config, options);
  }
  let ring = await auditRing(config);
  if (0 < ring.lacks && flags.repair) {
    reply = await askToRelist(config.data_dir);
    if (reply.kind === "asked") ring = await auditRing(config, REPAIR_WAIT_MS);
  }
  const report = { ...audit, ring, ok: audit.ok && ring.lacks === 0 };
  process.stdout.write(flags.json ? `${JSON.stringify(report, null, 2)}\n` : auditTable(report));
  if (report.ok) return;
  const names = audit.missing.slice(0, 3).map(printable).join(", ");
  throw new CliError(
    notOursText(audit) +
      `${audit.total.missing} files neither pushed, duplicate nor quarantined${names === "" ? "" : ` (${names})`}, ` +
      `${audit.seq_gaps.length} gaps in seq, ${audit.rewritten.length} files rewritten` +
      (0 < ring.lacks ? `, the ringbuffer lacks seq ${rangesText(ring)}` : "") +
      (0 < audit.total.missing + ring.lacks && reply !== null ? `; ${hintFor(reply)}` : ""),
    2,
  );
}

function notOursText({ not_ours, first_day, not_ours_before }: ArchiveAudit): string {
  if (not_ours === 0) return "";
  const wayOut = first_day === not_ours_before ? "" : "; scan_bridge.since sets an earlier one";
  return `not ours: ${not_ours} files before first_day ${first_day}${wayOut}; `;
}

function hintFor(reply: RelistReply): string {
  switch (reply.kind) {
    case "asked":
      return "the bridge is checking every file and the ringbuffer again, and has not finished: see 'dolphin status'";
    case "no_bridge":
      return "no bridge runs on this data directory: the next one that starts pushes them, those of old days within an hour";
    case "no_answer":
      return `the bridge was asked to push them and did not answer: ${reply.why}`;
  }
}

function auditTable(audit: ArchiveAudit & { readonly ring: RingAudit }): string {
  const columns = ["files", "pushed", "duplicates", "quarantined", "pending", "missing"] as const;
  const rows = [...Object.entries(audit.days), ["total", audit.total] as const].map(
    ([day, totals]) => [day, ...columns.map((column) => String(totals[column]))],
  );
  const verdict = audit.ok ? "nothing is missing" : "NOT in order";
  const { not_ours_before: day, first_day, files_before_first_day: before } = audit;
  const notOurs =
    day === null
      ? ""
      : `days before ${day} are not ours: the record of what was pushed from them is incomplete\n`;
  const older =
    before === 0 ? "" : `${before} files in days before the first day, ${first_day}, are ignored\n`;
  const table = aligned([["day", ...columns], ...rows]).join("\n");
  return `${table}\n${older}${notOurs}${ringLine(audit.ring)}\nlast seq ${audit.last_seq}: ${verdict}\n`;
}

function rangesText({ ranges, lacks }: RingAudit): string {
  const few = ranges
    .slice(0, RANGES_SHOWN)
    .map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`));
  return `${few.join(", ")}${RANGES_SHOWN < ranges.length ? ", ..." : ""} (${lacks} in all)`;
}

function ringLine({ compared, lacks, without_file, detail }: RingAudit): string {
  if (detail !== null) return `ringbuffer: not compared: ${detail}`;
  const gone = without_file === 0 ? "" : `, ${without_file} whose files are gone`;
  return `ringbuffer: ${lacks} of the newest ${compared} seqs are missing${gone}`;
}

function printDays(archive: string, json: boolean): void {
  const found = listDays(archive);
  if (found.kind !== "listed") {
    throw new CliError(
      `the archive ${archive} ${found.kind === "missing" ? "does not exist" : `cannot be listed: ${found.detail}`}`,
    );
  }
  const days = found.days.map((day): [string, number] => {
    let files = 0;
    for (const name of namesIn(pathOf(archive, day))) if (isScanName(name)) files += 1;
    return [day, files];
  });
  process.stdout.write(
    json
      ? `${JSON.stringify({ archive, days: Object.fromEntries(days) }, null, 2)}\n`
      : `${aligned([["day", "files"], ...days.map(([day, files]) => [day, String(files)])]).join("\n")}\n`,
  );
}

function printQuarantine(command: Command, json: boolean): void {
  const journal = openJournalReader(openContext(command).config);
  const rows = journal.quarantined().map(({ file, size, atUs, verdict }) => ({
    file,
    reason: verdict.kind === "quarantined" ? verdict.reason : "",
    detail: verdict.kind === "quarantined" ? verdict.detail : "",
    at: isoFromMicros(atUs),
    size,
  }));
  journal.close();
  if (json) {
    process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    return;
  }
  const lines = rows.map((row) => [
    row.at.slice(0, 19),
    row.reason,
    String(row.size),
    printable(row.file),
    printable(row.detail),
  ]);
  process.stdout.write(
    rows.length === 0
      ? "nothing is in quarantine\n"
      : `${aligned([["since (UTC)", "reason", "bytes", "file", "detail"], ...lines]).join("\n")}\n`,
  );
}
