/**
 * `dolphin alerts ls`, `show`, `ack`, `mute` and `unmute`: through the watchdog's local socket, or from its database.
 */
import type { Command } from "commander";
import { wallMs } from "../../adapters/clock.ts";
import { messageOf } from "../../domain/failure.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { EXIT_USAGE } from "../../domain/supervision/exit-codes.ts";
import { isoFromMs } from "../../domain/time.ts";
import {
  lookUpIncidents,
  type LookedUp,
  orderIncidents,
  type Ordered,
  withWholeStory,
} from "../../operations/incidents/look-up-incidents.ts";
import { CliError, openContext, operatorName } from "../context.ts";
import { parseDuration } from "../parse-duration.ts";
import { incidentLines, incidentText, muteLines } from "../rendering/incident-text.ts";
import { printable } from "../rendering/terminal.ts";

type Flags = { readonly json: boolean };

const OPEN_MAX = 500;
const EXIT_NO_WATCHDOG = 3;
const HELP = `
INCIDENT is an incident's id, the beginning of one, or a rule (for its newest incident).

Exit status:
  0   shown, or done
  1   refused, or there is no such incident
  3   no watchdog answers: nothing can be acknowledged or muted
  64  wrong usage`;

export function addIncidentCommands(alerts: Command): void {
  alerts.addHelpText("after", HELP);
  alerts
    .command("ls")
    .description("open incidents and mutes")
    .option("--facts", "every fact that a rule can test, with its present value", false)
    .option("--json", "print it as JSON", false)
    .action(list);
  alerts
    .command("show <incident>")
    .description("an incident's history, and the notifications of each channel")
    .option("--json", "print it as JSON", false)
    .action(showIncident);
  alerts
    .command("ack <incident>")
    .description("acknowledge an incident: no more reminders, no escalation")
    .option("--json", "print it as JSON", false)
    .action(acknowledge);
  alerts
    .command("mute <rule>")
    .description("send nothing about a rule for a time; what still fires at its end is sent then")
    .requiredOption("--for <time>", "such as 30m or 2h", parseDuration)
    .option("--subject <subject>", "only for this subject, such as scan-bridge")
    .option("--reason <text>", "why")
    .option("--json", "print it as JSON", false)
    .action(mute);
  alerts
    .command("unmute <mute>")
    .description("end a mute, or all mutes of a rule")
    .option("--json", "print it as JSON", false)
    .action(unmute);
}

async function list(flags: Flags & { readonly facts: boolean }, command: Command): Promise<void> {
  const { config } = openContext(command);
  const found = await lookUpIncidents(config.data_dir, flags.facts);
  try {
    const incidents = found.live?.incidents ?? openOf(found);
    const open = found.live?.open ?? incidents.length;
    const mutes = found.live?.mutes ?? found.kept?.mutes() ?? [];
    const { facts } = found.live ?? {};
    if (flags.json) {
      const source = found.live === null ? "database" : "watchdog";
      return print(
        JSON.stringify({ source, open, incidents, mutes, facts, trouble: found.live?.trouble }),
      );
    }
    sayWhence(found);
    const known = Object.entries(facts ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));
    print(
      [
        ...incidentLines(incidents, wallMs()),
        ...(incidents.length < open ? [`the newest ${incidents.length} of ${open} open ones`] : []),
        ...muteLines(mutes),
        ...known.map(([name, fact]) => printable(`${name} = ${JSON.stringify(fact)}`)),
      ].join("\n"),
    );
  } finally {
    found.kept?.close();
  }
}

/** Also for `dolphin incident show`. */
export async function showIncident(name: string, flags: Flags, command: Command): Promise<void> {
  const { config } = openContext(command);
  const found = await lookUpIncidents(config.data_dir);
  try {
    const incident = withWholeStory(oneNamed(found, name), found.kept);
    const deliveries = found.kept?.deliveries(incident.id) ?? [];
    if (flags.json) return print(JSON.stringify({ incident, deliveries }));
    sayWhence(found);
    print(incidentText(incident, deliveries, wallMs()));
  } finally {
    found.kept?.close();
  }
}

/** @throws {CliError} unless the name identifies exactly one. */
export function oneNamed({ live, kept, why }: LookedUp, name: string): Incident {
  const open = live?.incidents ?? [];
  const exact = open.find(({ id }) => id === name);
  if (exact !== undefined) return exact;
  const found =
    kept?.find(name) ?? open.filter(({ id, rule }) => rule === name || id.startsWith(name));
  const [one] = found;
  if (one === undefined) {
    const unread =
      kept === null && live === null ? `, and the stored incidents cannot be read (${why})` : "";
    throw new CliError(`there is no incident '${name}'${unread}`);
  }
  if (1 < found.length) {
    throw new CliError(
      `'${name}' is ambiguous: ${found.map(({ id }) => id).join(", ")}`,
      EXIT_USAGE,
    );
  }
  return open.find(({ id }) => id === one.id) ?? one;
}

async function acknowledge(name: string, flags: Flags, command: Command): Promise<void> {
  const { config } = openContext(command);
  const found = await lookUpIncidents(config.data_dir);
  const incident = (() => {
    try {
      return oneNamed(found, name).id;
    } finally {
      found.kept?.close();
    }
  })();
  const order = { command: "acknowledge", incident, by: operatorName(), via: "cli" } as const;
  tellDone(await ordered(config.data_dir, order), flags.json);
}

type MuteFlags = Flags & {
  readonly for: number;
  readonly subject?: string;
  readonly reason?: string;
};

async function mute(rule: string, flags: MuteFlags, command: Command): Promise<void> {
  const { config } = openContext(command);
  const order = {
    command: "mute",
    rule,
    subject: flags.subject ?? null,
    for_ms: flags.for,
    by: operatorName(),
    reason: flags.reason ?? "no reason given",
  } as const;
  tellDone(await ordered(config.data_dir, order), flags.json);
}

async function unmute(name: string, flags: Flags, command: Command): Promise<void> {
  const { config } = openContext(command);
  const order = { command: "unmute", mute: name, by: operatorName() } as const;
  tellDone(await ordered(config.data_dir, order), flags.json);
}

async function ordered(...of: Parameters<typeof orderIncidents>): Promise<Ordered> {
  try {
    return await orderIncidents(...of);
  } catch (error) {
    throw new CliError(
      `no watchdog answers on ${of[0]} (${messageOf(error)}); 'dolphin up' or 'dolphin watchdog' runs one`,
      EXIT_NO_WATCHDOG,
    );
  }
}

function tellDone({ ok, says }: Ordered, json: boolean): void {
  if (!ok) throw new CliError(says);
  print(json ? JSON.stringify({ ok, says }) : printable(says));
}

function openOf({ kept, why }: LookedUp): readonly Incident[] {
  if (kept === null) throw new CliError(`no watchdog has run here, or it cannot be read (${why})`);
  return kept.list({ isOpenOnly: true, count: OPEN_MAX });
}

function sayWhence({ live, why, kept }: LookedUp): void {
  if (live === null) {
    const writtenMs = kept?.writtenAtMs() ?? null;
    const when = writtenMs === null ? "" : `, at ${isoFromMs(writtenMs).slice(0, 19)}Z`;
    process.stderr.write(
      `the watchdog does not answer (${why}): this is the state that it wrote last${when}\n`,
    );
  } else if (live.trouble !== null) {
    process.stderr.write(`${printable(live.trouble)}\n`);
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
