/** `dolphin archive ls | audit | compact | quarantine`: what became of the files in the scan archive. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { listDays, namesIn, pathOf } from "../adapters/archive/list-archive.ts";
import { isScanName } from "../domain/scan/archive-names.ts";
import { isoFromMicros } from "../domain/time.ts";
import { RELIST_KEY } from "../domain/scan/audit.ts";
import { type Audit, auditArchive, openJournal } from "./archive/archive-audit.ts";
import { addCompactCommand } from "./archive/archive-compact.ts";
import { CliError, openContext } from "./context.ts";
import { aligned } from "./rendering/columns.ts";
import { printable } from "./rendering/terminal.ts";

const REPAIR_WAIT_MS = 20_000;
const REPAIR_LOOK_MS = 500;

const AUDIT_HELP = `
Exit 0: files on disk = seqs pushed + duplicates + quarantined (+ pending: still being written).
Exit 2: holes. The running bridge is asked to list everything anew and the audit is taken again,
unless --no-repair. --deep reads every pushed file and compares its hash.
--json prints {archive, first_day, days: {day: totals}, total: {files, pushed, duplicates, quarantined,
pending, missing}, last_seq, seq_gaps: [{after, before}], rewritten: [file], missing: [file], ok}.`;

export function addArchiveCommand(program: Command): void {
  const archive = program
    .command("archive")
    .description("the scan archive: what is in it, and what became of it");
  archive
    .command("ls")
    .description("the days of the archive and how many files each holds")
    .option("--archive <dir>", "the archive")
    .option("--json", "print as JSON: {archive, days: {day: files}}", false)
    .action((options: { json: boolean; archive?: string }, command: Command) => {
      printDays(openContext(command, { archive: options.archive }).config.archive, options.json);
    });
  archive
    .command("audit")
    .description("prove that every file is a seq, a duplicate or in quarantine; repair holes")
    .option("--archive <dir>", "the archive")
    .option("--deep", "read every pushed file and compare its bytes", false)
    .option("--no-repair", "only tell")
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

type AuditOptions = {
  readonly json: boolean;
  readonly deep: boolean;
  readonly repair: boolean;
  readonly archive?: string;
};

async function auditCommand(options: AuditOptions, command: Command): Promise<void> {
  const { config } = openContext(command, { archive: options.archive });
  let audit = auditArchive(config, options);
  if (0 < audit.total.missing && options.repair) {
    const journal = openJournal(config, { readonly: false });
    journal.setMeta(RELIST_KEY, Date.now());
    journal.close();
    const untilMs = Date.now() + REPAIR_WAIT_MS;
    while (0 < audit.total.missing && Date.now() < untilMs) {
      await sleep(REPAIR_LOOK_MS);
      audit = auditArchive(config, { deep: false });
    }
    audit = auditArchive(config, options);
  }
  process.stdout.write(options.json ? `${JSON.stringify(audit, null, 2)}\n` : auditTable(audit));
  if (audit.ok) return;
  const names = audit.missing.slice(0, 3).map(printable).join(", ");
  const hint = "; is the bridge running? ('dolphin status')";
  throw new CliError(
    `${audit.total.missing} files without a verdict${names === "" ? "" : ` (${names}${hint})`}, ` +
      `${audit.seq_gaps.length} gaps in seq, ${audit.rewritten.length} files rewritten`,
    2,
  );
}

function auditTable(audit: Audit): string {
  const columns = ["files", "pushed", "duplicates", "quarantined", "pending", "missing"] as const;
  const rows = [...Object.entries(audit.days), ["total", audit.total] as const].map(
    ([day, totals]) => [day, ...columns.map((column) => String(totals[column]))],
  );
  const verdict = audit.ok ? "nothing is missing" : "NOT in order";
  return `${aligned([["day", ...columns], ...rows]).join("\n")}\nlast seq ${audit.last_seq}: ${verdict}\n`;
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
  const journal = openJournal(openContext(command).config, { readonly: true });
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
