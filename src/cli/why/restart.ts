/** `dolphin why restart`: how the last lives of a service ended, their cost, and what followed. */
import { type Command, InvalidArgumentError } from "commander";
import { wallMs } from "../../adapters/clock.ts";
import { connectTemporal } from "../../adapters/temporal-client.ts";
import type { RestartPolicy } from "../../domain/supervision/restart-policy.ts";
import { SERVICE_NAMES } from "../../domain/supervision/services.ts";
import {
  explainRestart,
  type ExplainedRestart,
} from "../../domain/supervision/why/explain-restart.ts";
import { type EndedLife, readLives, type ServiceLives } from "../../operations/why/read-lives.ts";
import { restartPolicyOf } from "../../wire/configuration.ts";
import { CliError, EXIT_USAGE, openContext } from "../context.ts";
import { aligned } from "../rendering/columns.ts";
import { printable } from "../rendering/terminal.ts";
import { timeFrom } from "./when.ts";

type Flags = { readonly at?: string; readonly count?: number; readonly json: boolean };

const COUNT_DEFAULT = 3;
const COUNT_MAX = 100;
const LOG_LINES_SHOWN = 3;
const HELP = `
For each life of the service's process that ended: its recorded end (if we ended it: the rule of the verdict, with its
value and limit), its cost in restart budget, and the next step, as the restart policy decides it now.
Reads the results of run-<service> in Temporal, as long as the namespace retains them. While Temporal is away it reads
the worker's log and the run file instead, and says so. Without SERVICE: the last life of each service.

Exit status:
  0   shown, also if nothing ended yet
  64  wrong usage

--json prints [{service, present, is_present, intent, mode, ends, read}]; an end is {life, at, why, kind, exit_code, signal,
uptime_s, local, budget_used, budget_max, step, due_at, next_began_at, last_log}; what is not known is null.`;

export function addRestart(why: Command): void {
  why
    .command("restart")
    .description("why a service was started again: exit, rule, budget, delay")
    .argument("[service]", `one of ${SERVICE_NAMES.join(", ")}`)
    .option(
      "--at <time>",
      "lives that ended before this UTC time: 2026-03-25T10:15:00Z, or 10:15 of today",
    )
    .option(
      "-n, --count <n>",
      "number of lives (default: 3; without SERVICE: 1 of each)",
      countFrom,
    )
    .option("--json", "print as JSON", false)
    .addHelpText("after", HELP)
    .action(async (service: string | undefined, flags: Flags, command: Command) => {
      const names: readonly string[] = SERVICE_NAMES;
      if (service !== undefined && !names.includes(service)) {
        const known = names.join(", ");
        throw new CliError(`there is no service '${service}'; known are ${known}`, EXIT_USAGE);
      }
      const { config, temporalAddress } = openContext(command);
      const temporal = connectTemporal(temporalAddress);
      const untilMs = flags.at === undefined ? null : timeFrom(flags.at, wallMs());
      const asked = {
        dataDir: config.data_dir,
        untilMs,
        count: flags.count ?? (service === undefined ? 1 : COUNT_DEFAULT),
      };
      const lives = await Promise.all(
        (service === undefined ? names : [service]).map((name) =>
          readLives(temporal, { ...asked, service: name }),
        ),
      );
      const policy = restartPolicyOf(config);
      const text = flags.json
        ? JSON.stringify(
            lives.map((of) => livesJson(of, policy)),
            null,
            2,
          )
        : lives.map((of) => livesText(of, policy).join("\n")).join("\n\n");
      // A pending connection to a server that is away would keep the process alive.
      process.stdout.write(`${text}\n`, () => process.exit(0));
    });
}

function countFrom(text: string): number {
  const count = Number(text);
  if (/^\d{1,3}$/.test(text) && 0 < count && count <= COUNT_MAX) return count;
  throw new InvalidArgumentError(`It must be a number from 1 to ${COUNT_MAX}.`);
}

/** Null where only the log has it. The policy of that time is not recorded, so the present one is used. */
function explainedEnd(
  { status }: ServiceLives,
  end: EndedLife,
  policy: RestartPolicy,
): ExplainedRestart | null {
  if (end.record === null) return null;
  const restartsMax = status?.declared?.restarts_max ?? policy.restartsMax;
  const hasFollower = end.nextBeganAt !== null;
  return explainRestart(
    {
      kind: end.record.kind,
      why: end.why,
      atMs: Date.parse(end.at),
      restartTimesMs: end.restartTimes.map((at) => Date.parse(at)),
      unkillable: end.unkillable,
    },
    {
      intent: hasFollower ? "running" : (status?.intent ?? "running"),
      mode: hasFollower ? "auto" : (status?.mode ?? "auto"),
    },
    { ...policy, restartsMax },
  );
}

export function livesText(lives: ServiceLives, policy: RestartPolicy): readonly string[] {
  const { service, present, isPresent, status, ends, readFrom } = lives;
  const now =
    present === null
      ? "no process"
      : `life ${present.life}, pid ${present.pid}, since ${shortTime(present.started_at)}` +
        (isPresent ? "" : ", which is no process of this machine now");
  const intent = status === null ? "" : `; intent ${status.intent}, mode ${status.mode}`;
  return [
    `${service}: ${now}${intent}`,
    ...(ends.length === 0 ? ["  no end of one of its lives is recorded"] : []),
    ...ends.flatMap((end) => endLines(end, explainedEnd(lives, end, policy))),
    `  read: ${readFrom}`,
  ];
}

function endLines(end: EndedLife, explained: ExplainedRestart | null): readonly string[] {
  const { life, at, why, nextBeganAt, record, isLocal } = end;
  const facts = explained?.facts ?? [{ rule: "end", says: why }];
  const rows = [
    ...facts.map(({ rule, says }) => [`    ${rule}`, printable(says)]),
    ...(isLocal ? [["    who", "its worker, because Temporal was away"]] : []),
    ["    then", followerWords(at, nextBeganAt)],
    ...(record?.last_log ?? []).slice(-LOG_LINES_SHOWN).map((line) => ["    log", printable(line)]),
  ];
  return [`  life ${life} ended at ${shortTime(at)}`, ...aligned(rows)];
}

function followerWords(at: string, nextBeganAt: string | null): string {
  if (nextBeganAt === null) return "no later life is known";
  const seconds = (Date.parse(nextBeganAt) - Date.parse(at)) / 1_000;
  return `the next life began at ${shortTime(nextBeganAt)}, ${seconds.toFixed(1)} s later`;
}

function shortTime(iso: string): string {
  return `${iso.slice(0, 19)}Z`;
}

function livesJson(lives: ServiceLives, policy: RestartPolicy) {
  const { service, present, isPresent, status, ends, readFrom } = lives;
  return {
    service,
    present,
    is_present: isPresent,
    intent: status?.intent ?? null,
    mode: status?.mode ?? null,
    ends: ends.map((end) => endJson(end, explainedEnd(lives, end, policy))),
    read: readFrom,
  };
}

function endJson(end: EndedLife, explained: ExplainedRestart | null) {
  const { life, at, why, record, isLocal, nextBeganAt } = end;
  const step = explained?.step ?? null;
  return {
    life,
    at,
    why,
    kind: record?.kind ?? null,
    exit_code: record?.exit_code ?? null,
    signal: record?.signal ?? null,
    uptime_s: record?.uptime_s ?? null,
    local: isLocal,
    budget_used: explained?.used ?? null,
    budget_max: explained?.max ?? null,
    step: step?.kind ?? null,
    due_at: step !== null && "atMs" in step ? new Date(step.atMs).toISOString() : null,
    next_began_at: nextBeganAt,
    last_log: record?.last_log ?? [],
  };
}
