/** `dolphin health` as text for a person: the word, the sensors with what is wrong in them, the causes. */
import type { HealthRow } from "../../adapters/health/health-history.ts";
import { remedyWords } from "../../domain/health/diagnosis.ts";
import { SENSOR_NAMES } from "../../domain/health/sample.ts";
import { isoFromMicros } from "../../domain/time.ts";
import type { HealthReport } from "../../wire/health/health-report.ts";
import { aligned } from "./columns.ts";
import { paint, printable, type Colour } from "./terminal.ts";

const COLOURS: Readonly<Record<string, Colour>> = {
  GREEN: "green",
  DEGRADED: "yellow",
  CRITICAL: "red",
  DEAD: "red",
};
const CHANGES_MAX = 200;

export function healthText(report: HealthReport): string[] {
  const word = paint(COLOURS[report.status] ?? "red", report.status);
  const clock = paint("dim", `${clockOf(report.timestamp)} UTC`);
  return [
    `${paint("bold", "DOLPHIN")}  ${word}  rm_meta ${figure(report.rm_meta)}  ${clock}`,
    "",
    ...sensorLines(report),
    ...causeLines(report),
  ];
}

function sensorLines({ sensors }: HealthReport): string[] {
  const lines = aligned(
    SENSOR_NAMES.map((name) => {
      const { score, parts } = sensors[name];
      const well = parts.filter((part) => part.score === 1).length;
      return [name, figure(score), `${well} of ${parts.length} healthy`];
    }),
  );
  return SENSOR_NAMES.flatMap((name, at) => [
    lines[at] ?? "",
    ...sensors[name].parts
      .filter(({ score }) => score !== 1)
      .map(({ score, says }) => `    ${figure(score)}  ${printable(says)}`),
  ]);
}

function causeLines({ roots, symptoms }: HealthReport): string[] {
  return roots.flatMap(({ id, owner, evidence, remedy }) => [
    "",
    `${paint("bold", printable(id))}  (${owner})`,
    ...evidence.map((says) => `    ${printable(says)}`),
    `    remedy: ${remedyText(remedy)}`,
    ...symptoms.filter(({ of }) => of === id).map(({ says }) => `    so: ${printable(says)}`),
  ]);
}

export function remedyText(remedy: HealthReport["roots"][number]["remedy"]): string {
  return printable(remedyWords(remedy));
}

/** One line where the word or the causes changed. */
export function historyLines(rows: readonly HealthRow[]): string[] {
  if (rows.length === 0) return ["no health was recorded in that period"];
  return rows
    .filter((row, at) => at === 0 || stateOf(row) !== stateOf(rows[at - 1]))
    .slice(-CHANGES_MAX)
    .map(
      (row) =>
        `${clockOf(isoFromMicros(row.at_us))}  ${row.status}  rm_meta ${figure(row.rm_meta)}  ${row.causes}`,
    );
}

function stateOf(row: HealthRow | undefined): string {
  return `${row?.status} ${row?.causes}`;
}

function clockOf(iso: string): string {
  return iso.slice(0, 19).replace("T", " ");
}

function figure(score: number | null): string {
  return score === null ? "unknown" : score.toFixed(2);
}
