/** `dolphin config plan`: another configuration over the recorded days of health, before it is applied. */
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../../config.ts";
import { messageOf } from "../../domain/failure.ts";
import type { ActAlone } from "../../domain/health/incident/compare.ts";
import { isoFromMs, MS_PER_SECOND } from "../../domain/time.ts";
import type { ConfigurationPlan } from "../../operations/health/plan-configuration.ts";
import { CliError, openContext } from "../context.ts";
import { aligned } from "../rendering/columns.ts";
import { duration, grouped } from "../rendering/durations.ts";
import { printable } from "../rendering/terminal.ts";

const SHOWN_MAX = 10;
const HELP = `
Changes nothing. NEW.yaml is read as if it replaced the present file: with the same variables and flags, its paths relative
to its own folder. Both configurations diagnose the recorded samples again and decide on them. The recording itself stays as
it was, so the effects of a restart that one of them would have made are not simulated. --json prints the whole comparison.`;

export function addPlanCommand(config: Command): void {
  config
    .command("plan <new>")
    .description("what NEW.yaml would have changed in the last seven days of recorded health")
    .addHelpText("after", HELP)
    .action(async (file: string, _flags: unknown, command: Command) => {
      const { loaded } = openContext(command);
      // Also accepts this option before the subcommand's name.
      const { json, dataDir } = command.optsWithGlobals<{ json: boolean; dataDir?: string }>();
      const next = loadConfig({
        env: process.env,
        cwd: process.cwd(),
        file: resolve(file),
        flags: { data_dir: dataDir },
      });
      const { planConfiguration } = await import("../../operations/health/plan-configuration.ts");
      const history = join(loaded.config.data_dir, "health", "history.db");
      const configs = { now: loaded.config, next: next.config };
      const plan = orUnreadable(history, () => planConfiguration(history, configs));
      const text = json ? JSON.stringify(plan, null, 2) : planText(plan);
      process.stdout.write(`${text}\n`);
    });
}

/** @throws {CliError} that names the file. */
function orUnreadable<T>(history: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CliError(`${history} cannot be read: ${messageOf(error)}`);
  }
}

export function planText({ keys, heard, compared }: ConfigurationPlan): string {
  return [
    ...keyLines(keys),
    "",
    heardLine(heard),
    ...(heard.samples === 0 ? [] : ["", ...outcomeLines(compared), ...diagnosisLines(heard)]),
    ...actLines("only the present one", compared.only.now),
    ...actLines("only the new one", compared.only.next),
  ].join("\n");
}

function keyLines(keys: ConfigurationPlan["keys"]): readonly string[] {
  if (keys.length === 0) return ["The configurations are the same."];
  const rows = keys.map(({ key, now, next, judged, why }) => [
    printable(key),
    valueText(now),
    valueText(next),
    why === "" ? judged : `${judged}: ${why}`,
  ]);
  return aligned([["KEY", "PRESENT", "NEW", "JUDGED BELOW"], ...rows]);
}

function valueText(value: unknown): string {
  return printable(JSON.stringify(value) ?? "-");
}

function heardLine({ samples, fromMs, untilMs, gaps, gapsMs }: ConfigurationPlan["heard"]): string {
  if (fromMs === null || untilMs === null) {
    return "No health is recorded, so there is nothing to compare the configurations on.";
  }
  const missing =
    gaps === 0
      ? ""
      : `; gaps: ${grouped(gaps)}, ${duration(gapsMs / MS_PER_SECOND)} in all, without decisions`;
  return `${timeText(fromMs)} to ${timeText(untilMs)}: ${grouped(samples)} samples${missing}`;
}

function outcomeLines({ outcomes: { now, next } }: ConfigurationPlan["compared"]): string[] {
  const names = new Set([...Object.keys(now.restarts), ...Object.keys(next.restarts)]);
  const rules = new Set(
    [...Object.entries(now.held), ...Object.entries(next.held)].map(([rule]) => rule),
  );
  return aligned([
    ["", "PRESENT", "NEW"],
    ["mode", now.mode, next.mode],
    ["restarts (in monitor-only: reported)", grouped(now.total), grouped(next.total)],
    ...[...names].map((name) => [
      `  ${name}`,
      grouped(countIn(now.restarts, name)),
      grouped(countIn(next.restarts, name)),
    ]),
    ["new causes", grouped(now.alerts), grouped(next.alerts)],
    ...[...rules].map((rule) => [
      `held back by ${rule}`,
      grouped(countIn(now.held, rule)),
      grouped(countIn(next.held, rule)),
    ]),
  ]);
}

function countIn(counts: Readonly<Record<string, number>>, name: string): number {
  return counts[name] ?? 0;
}

function diagnosisLines({ others, otherwise }: ConfigurationPlan["heard"]): readonly string[] {
  if (others === 0) return ["Each sample has the same word and the same causes under both."];
  return [
    `${grouped(others)} samples have another word or other causes:`,
    ...otherwise
      .slice(0, SHOWN_MAX)
      .map(
        ({ atMs, now, next }) =>
          `  ${timeText(atMs)} ${diagnosisText(now)}, new: ${diagnosisText(next)}`,
      ),
  ];
}

function diagnosisText({ word, roots }: { word: string; roots: readonly string[] }): string {
  return printable(`${word} (${roots.join(", ") || "no cause"})`);
}

function actLines(whose: string, acts: readonly ActAlone[]): readonly string[] {
  if (acts.length === 0) return [];
  const rest = acts.length - SHOWN_MAX;
  return [
    "",
    `${whose}:`,
    ...acts.slice(0, SHOWN_MAX).map(({ atMs, says }) => `  ${timeText(atMs)} ${printable(says)}`),
    ...(0 < rest ? [`  and ${grouped(rest)} more (--json has all)`] : []),
  ];
}

function timeText(ms: number): string {
  return `${isoFromMs(ms).slice(0, 19)}Z`;
}
