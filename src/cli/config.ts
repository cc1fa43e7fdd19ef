/** `dolphin config`: the effective configuration, secrets hidden, and where each value came from. */
import type { Command } from "commander";
import { effectiveSettings, FROM_RUNNING_UP, type Setting } from "../config.ts";
import { isSecretKey, REDACTED } from "../wire/redaction.ts";
import { addPlanCommand } from "./config/plan.ts";
import { type CliContext, openConfiguration } from "./context.ts";
import { aligned } from "./rendering/columns.ts";
import { paint, printable } from "./rendering/terminal.ts";

type Settings = {
  readonly file: string | null;
  readonly settings: Readonly<Record<string, Setting>>;
  readonly temporal: Readonly<Record<string, Omit<Setting, "variable">>>;
};

const HELP = `
Sources, each overriding those before it: defaults, what a running 'dolphin up' uses, dolphin.yaml (or --config, or DOLPHIN_CONFIG), DOLPHIN_* variables, flags.
Temporal's address, namespace and credentials come from Temporal's own environment configuration.
--json prints {file, settings: {key: {value, origin, variable}}, temporal: {key: {value, origin}}}.`;

export function addConfigCommand(program: Command): void {
  const config = program
    .command("config")
    .description("the effective configuration, secrets redacted, and where each value came from")
    .option("--json", "print it as JSON", false)
    .addHelpText("after", HELP)
    .action((options: { json: boolean }, command: Command) => {
      const settings = settingsOf(openConfiguration(command));
      const text = options.json ? JSON.stringify(settings, null, 2) : settingsTable(settings);
      process.stdout.write(`${text}\n`);
    });
  addPlanCommand(config);
}

function settingsOf({ loaded, config, temporalAddress }: CliContext): Settings {
  return {
    file: loaded.file,
    settings: effectiveSettings(loaded, config),
    temporal: temporalSettings(temporalAddress),
  };
}

function temporalSettings(address: string | undefined): Settings["temporal"] {
  const settings: Record<string, { value: unknown; origin: string }> = {};
  if (address !== undefined) settings["address"] = { value: address, origin: FROM_RUNNING_UP };
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith("TEMPORAL_") || value === undefined || value === "") continue;
    settings[name.slice("TEMPORAL_".length).toLowerCase()] = {
      value: isSecretKey(name) ? REDACTED : value,
      origin: `environment ${name}`,
    };
  }
  return settings;
}

function settingsTable(settings: Settings): string {
  const rows = [
    ...Object.entries(settings.settings),
    ...Object.entries(settings.temporal).map(
      ([key, setting]) => [`(temporal) ${key}`, setting] as const,
    ),
  ].map(([key, { value, origin }]) => [
    key,
    printable(typeof value === "string" ? value : JSON.stringify(value)),
    paint(origin === "default" ? "dim" : "green", printable(origin)),
  ]);
  const file = settings.file ?? "none (defaults and environment only)";
  return [`file: ${file}`, "", ...aligned([["KEY", "VALUE", "FROM"], ...rows])].join("\n");
}
