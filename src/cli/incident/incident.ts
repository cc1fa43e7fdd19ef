/** `dolphin incident`: past incidents; `replay` runs recorded health through another policy beside ours. */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { parse, YAMLParseError } from "yaml";
import { messageOf } from "../../domain/failure.ts";
import { feedTable } from "../../domain/health/feeds.ts";
import { healthGraph } from "../../domain/health/graph.ts";
import { type IncidentOutcome, replayIncident } from "../../domain/health/incident/replay.ts";
import { EXIT_USAGE } from "../../domain/supervision/exit-codes.ts";
import { SERVICES } from "../../domain/supervision/services.ts";
import { isoFromMs } from "../../domain/time.ts";
import { recoveryPolicyOf } from "../../wire/configuration.ts";
import { parseRecordedHealth, parseReplayedPolicy } from "../../wire/health/incident-file.ts";
import { firstLine } from "../../config.ts";
import { CliError, openContext } from "../context.ts";
import { addKeptIncidentCommands } from "./kept-incidents.ts";

const HELP = `
FILE has one JSON object per line: a transition ({"atMs", "diagnosis", "services"}) or a sample, as the service
health records them. The policy is YAML or JSON:
  acts_on: causes            grace_s, cool_down_s, back_off_max_s, restarts_max, window_s, flap_comings, ...
  acts_on: rm_meta           below: 0.2, every_s: 2   (the policy of the first generation)
Keys that it omits have the built-in values. The policy of the configuration runs beside it. The recording stays as it
was, so the effects of a restart that a policy would have made are not simulated.`;

export function addIncidentCommand(program: Command): void {
  const incident = program
    .command("incident")
    .description("past incidents; and what another policy would have done");
  addKeptIncidentCommands(incident);
  incident
    .command("replay <file>")
    .description("run recorded health through another policy, and compare it with ours")
    .requiredOption("--policy <file>", "the other policy")
    .option("--json", "print both outcomes as JSON", false)
    .addHelpText("after", HELP)
    .action(
      (
        file: string,
        flags: { readonly policy: string; readonly json: boolean },
        command: Command,
      ) => {
        const { config } = openContext(command);
        const specs = Object.values(SERVICES);
        const graph = healthGraph(specs, feedTable(specs, { posture: "watchdog" }));
        const records = read(file, (text) => parseRecordedHealth(text, graph));
        const other = read(flags.policy, (text) => parseReplayedPolicy(policyIn(text)));
        const outcomes = {
          policy: replayIncident(records, other),
          ours: replayIncident(records, { kind: "causes", policy: recoveryPolicyOf(config) }),
        };
        const text = flags.json
          ? JSON.stringify({ records: records.length, ...outcomes }, null, 2)
          : policiesText(records.length, outcomes);
        process.stdout.write(`${text}\n`);
      },
    );
}

function policyIn(text: string): unknown {
  try {
    return parse(text, { logLevel: "error" });
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new Error(`it is not valid YAML: ${firstLine(error)}`, { cause: error });
  }
}

function read<T>(file: string, parseText: (text: string) => T): T {
  try {
    return parseText(readFileSync(file, "utf8"));
  } catch (error) {
    throw new CliError(`${file}: ${messageOf(error)}`, EXIT_USAGE);
  }
}

type Outcomes = { readonly policy: IncidentOutcome; readonly ours: IncidentOutcome };

export function policiesText(records: number, { policy, ours }: Outcomes): string {
  const names = new Set([...Object.keys(policy.restarts), ...Object.keys(ours.restarts)]);
  return [
    `${records} records`,
    `${"".padEnd(28)}${"policy".padStart(12)}${"ours".padStart(12)}`,
    row("restarts", policy.total, ours.total),
    ...[...names].map((name) =>
      row(`  ${name}`, policy.restarts[name] ?? 0, ours.restarts[name] ?? 0),
    ),
    row("alerts", policy.alerts, ours.alerts),
    "",
    ...firstOf("policy", policy),
    ...firstOf("ours", ours),
  ].join("\n");
}

function row(what: string, other: number, our: number): string {
  return `${what.padEnd(28)}${String(other).padStart(12)}${String(our).padStart(12)}`;
}

function firstOf(whose: string, { first }: IncidentOutcome): readonly string[] {
  return first.map(({ atMs, says }) => `${whose} ${isoFromMs(atMs).slice(0, 19)}Z ${says}`);
}
