/** `dolphin config`: the effective configuration, secrets hidden, and where each value came from. */
import type { Command } from "commander";
import { leafKeys, type LoadedConfig, valueAt, variableOf } from "../config.ts";
import { isSecretKey, REDACTED } from "../wire/redaction.ts";
import { type CliContext, openContext } from "./context.ts";
import { aligned } from "./rendering/columns.ts";
import { paint, printable } from "./rendering/terminal.ts";

type Setting = { readonly value: unknown; readonly origin: string; readonly variable: string };
type Settings = {
  readonly file: string | null;
  readonly settings: Readonly<Record<string, Setting>>;
  readonly temporal: Readonly<Record<string, Omit<Setting, "variable">>>;
};

const RUNNING = "the running dolphin up";
const HELP = `
Sources, the later wins: defaults, dolphin.yaml (or --config, or DOLPHIN_CONFIG), DOLPHIN_* variables, flags.
Temporal's address, namespace and credentials come from Temporal's own environment configuration.
--json prints {file, settings: {key: {value, origin, variable}}, temporal: {key: {value, origin}}}.`;

export function addConfigCommand(program: Command): void {
  program
    .command("config")
    .description("the effective configuration, secrets redacted, and where each value came from")
    .option("--json", "print it as JSON", false)
    .addHelpText("after", HELP)
    .action((options: { json: boolean }, command: Command) => {
      const settings = settingsOf(openContext(command));
      const text = options.json ? JSON.stringify(settings, null, 2) : settingsTable(settings);
      process.stdout.write(`${text}\n`);
    });
}

function settingsOf({ loaded, config, temporalAddress }: CliContext): Settings {
  const settings = leafKeys().map((key): [string, Setting] => {
    const value = isSecretKey(key) ? REDACTED : valueAt(config, key);
    return [key, { value, origin: originOf(key, { loaded, value }), variable: variableOf(key) }];
  });
  return {
    file: loaded.file,
    settings: Object.fromEntries(settings),
    temporal: temporalSettings(temporalAddress),
  };
}

/** A value that is not the loaded one was read from the running `dolphin up`. */
function originOf(
  key: string,
  { loaded, value }: { readonly loaded: LoadedConfig; readonly value: unknown },
): string {
  const isLoaded = isSecretKey(key) || valueAt(loaded.config, key) === value;
  return isLoaded ? (loaded.origins.get(key) ?? "default") : RUNNING;
}

function temporalSettings(address: string | undefined): Settings["temporal"] {
  const settings: Record<string, { value: unknown; origin: string }> = {};
  if (address !== undefined) settings["address"] = { value: address, origin: RUNNING };
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
