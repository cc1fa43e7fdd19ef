/** `dolphin incident ls`, `show` and `bundle`, including past incidents. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { wallMs } from "../../adapters/clock.ts";
import { incidentBundle } from "../../operations/incidents/incident-bundle.ts";
import { lookUpIncidents } from "../../operations/incidents/look-up-incidents.ts";
import { oneNamed, showIncident } from "../alerts/incident-commands.ts";
import { CliError, openContext } from "../context.ts";
import { incidentLines } from "../rendering/incident-text.ts";

const LISTED = 50;
const BUNDLE_HELP = `
One JSON file: the incident with its history, the notifications of each channel and the answers to them, the watchdog's
present facts, health and logs from ten minutes before the incident to ten minutes after it, and the configuration. Secrets
are hidden: values under secret-looking names, values that look like a secret, and every value that the configuration refers
to as a secret.`;

export function addKeptIncidentCommands(incident: Command): void {
  incident
    .command("ls")
    .description(`the last ${LISTED} incidents, open or resolved`)
    .option("--json", "print them as JSON", false)
    .action(list);
  incident
    .command("show <incident>")
    .description("an incident's history, and the notifications of each channel")
    .option("--json", "print it as JSON", false)
    .action(showIncident);
  incident
    .command("bundle <incident>")
    .description("write everything known about an incident into one file")
    .option("--out <file>", "default: INCIDENT.json here; '-' for the standard output")
    .addHelpText("after", BUNDLE_HELP)
    .action(bundle);
}

async function list({ json }: { readonly json: boolean }, command: Command): Promise<void> {
  const { config } = openContext(command);
  const { kept, why } = await lookUpIncidents(config.data_dir);
  if (kept === null) throw new CliError(`no watchdog has run here, or it cannot be read (${why})`);
  try {
    const incidents = kept.list({ isOpenOnly: false, count: LISTED });
    const text = json
      ? JSON.stringify({ incidents })
      : incidentLines(incidents, wallMs()).join("\n");
    process.stdout.write(`${text}\n`);
  } finally {
    kept.close();
  }
}

async function bundle(
  name: string,
  { out }: { readonly out?: string },
  command: Command,
): Promise<void> {
  const { config } = openContext(command);
  const found = await lookUpIncidents(config.data_dir, true);
  try {
    const incident = oneNamed(found, name);
    const text = await incidentBundle({
      config,
      env: process.env,
      incident,
      deliveries: found.kept?.deliveries(incident.id) ?? [],
      facts: found.live?.facts ?? null,
      version: version(),
      nowMs: wallMs(),
    });
    if (out === "-") return void process.stdout.write(`${text}\n`);
    const file = out ?? `${incident.id}.json`;
    writeFileSync(file, `${text}\n`, { mode: 0o600 });
    process.stdout.write(`${file}: ${Math.ceil(text.length / 1_000)} kB\n`);
  } finally {
    found.kept?.close();
  }
}

function version(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const { version: found }: { version?: unknown } = Object(JSON.parse(text));
  return String(found);
}
