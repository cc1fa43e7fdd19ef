/** `dolphin why health`: the root causes behind the word, with their evidence and symptoms. */
import type { Command } from "commander";
import { wallMs } from "../../adapters/clock.ts";
import { readHealthReport } from "../../adapters/health/health-outlets.ts";
import { SENSOR_NAMES } from "../../domain/health/sample.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import type { HealthReport } from "../../wire/health/health-report.ts";
import { CliError, openContext } from "../context.ts";
import { duration } from "../rendering/durations.ts";
import { remedyText } from "../rendering/health-text.ts";
import { printable } from "../rendering/terminal.ts";

const HELP = `
Reads <data-dir>/meta_health.json, which the service 'health' writes every few seconds. If that does not run,
'dolphin health --once' takes a sample itself.

Exit status:
  0   shown
  1   there is no report (the line says how to get one)

--json prints the report as it is in the file.`;

/** A sample comes every 5 s. */
const OLD_AFTER_S = 15;

export function addHealth(why: Command): void {
  why
    .command("health")
    .description("the causes behind the present health: evidence, owner, remedy, symptoms")
    .option("--json", "print as JSON", false)
    .addHelpText("after", HELP)
    .action(({ json }: { readonly json: boolean }, command: Command) => {
      const nowMs = wallMs();
      const { report, ageMs } = readReport(openContext(command).config.data_dir, nowMs);
      const text = json ? JSON.stringify(report, null, 2) : healthLines(report, ageMs).join("\n");
      process.stdout.write(`${text}\n`);
    });
}

function readReport(dataDir: string, nowMs: number) {
  const published = readHealthReport(dataDir, nowMs);
  if (published !== null) return published;
  throw new CliError(
    `there is no readable meta_health.json in ${dataDir} yet: 'dolphin start health' starts the service that ` +
      "writes it, 'dolphin health --once' takes a sample itself",
  );
}

/** `ageMs` is that of its file, which a clock that was set back does not make new. */
export function healthLines(report: HealthReport, ageMs: number): readonly string[] {
  const { status, timestamp, rm_meta, roots } = report;
  const ageS = ageMs / MS_PER_SECOND;
  const old =
    OLD_AFTER_S < ageS ? ": outdated, because the service health no longer writes it" : "";
  const factors = SENSOR_NAMES.map((name) => `${name} ${figure(report[name])}`).join(" x ");
  return [
    `health ${printable(status)} at ${timestamp.slice(0, 19)}Z, ${duration(ageS)} ago${old}`,
    `  rm_meta ${figure(rm_meta)} = ${factors} (unknown ones are left out)`,
    ...(roots.length === 0 ? ["  no cause: nothing is wrong"] : []),
    ...roots.flatMap((root) => rootLines(report, root)),
  ];
}

function rootLines(
  { symptoms }: HealthReport,
  root: HealthReport["roots"][number],
): readonly string[] {
  const { id, owner, evidence, remedy } = root;
  return [
    "",
    `  cause ${printable(id)} (${printable(owner)})`,
    ...evidence.map((says) => `    because: ${printable(says)}`),
    `    remedy: ${remedyText(remedy)}`,
    ...symptoms.filter(({ of }) => of === id).map(({ says }) => `    so: ${printable(says)}`),
  ];
}

function figure(score: number | null): string {
  return score === null ? "?" : String(Number(score.toPrecision(3)));
}
