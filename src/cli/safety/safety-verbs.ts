/** `dolphin safety show`, `halt` and `resume`: to the watchdog over its local socket, whatever else is down. */
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { messageOf } from "../../domain/failure.ts";
import { latchWords } from "../../domain/safety/step-posture.ts";
import { POSTURE_SHARES } from "../../domain/trading/posture.ts";
import { requestOfWatchdog } from "../../operations/safety/ask-watchdog.ts";
import type { SafetyAnswer, SafetyRequest, SafetyView } from "../../wire/safety/safety-control.ts";
import { printable } from "../rendering/terminal.ts";
import { CliError, EXIT_USAGE, openContext, operatorName } from "../context.ts";

type Flags = {
  readonly json: boolean;
  readonly reason?: string;
  readonly yes?: boolean;
  readonly keepPositions?: boolean;
};

const ANSWER_WITHIN_MS = 5_000;
const EXIT_ENTRIES_STOPPED = 1;
const EXIT_STOPPED = 2;
const EXIT_NO_ANSWER = 3;

const HELP = `
The watchdog answers on its own socket, also while Temporal, Hazelcast and the traders are away. A stop survives restarts
and lasts until it is resumed. Each stop and each resume is a line in <data-dir>/safety/audit.log.

Exit status:
  0   entries are allowed (show), or the command was executed
  1   entries are not allowed at present (show), or the command was refused
  2   stopped until 'dolphin safety resume' (show)
  3   no watchdog answers; 'dolphin halt BOOK' stops a book without it
  64  wrong usage`;

export function addSafetyCommand(program: Command): void {
  const safety = program
    .command("safety")
    .description("how much may be risked, and why; stop trading, and end a stop")
    .addHelpText("after", HELP);
  safety
    .command("show")
    .description("the posture, its reasons, and who or what stopped it")
    .option("--json", "print the answer as JSON", false)
    .action(show);
  safety
    .command("halt")
    .description("stop trading: no entries, and open positions are closed at the next fresh scan")
    .requiredOption("--reason <text>", "the reason; it is recorded in the audit log")
    .option("--keep-positions", "keep open positions until their own exits", false)
    .option("--json", "print the answer as JSON", false)
    .action(halt);
  safety
    .command("resume")
    .description("end a stop: the posture rises again, one step at a time")
    .requiredOption("--reason <text>", "the reason; it is recorded in the audit log")
    .option("--yes", "do not ask for confirmation", false)
    .option("--json", "print the answer as JSON", false)
    .action(resume);
}

async function show({ json }: Flags, command: Command): Promise<void> {
  const answer = await ask(command, { command: "show", id: randomUUID() });
  const { safety } = answer;
  if (safety === null)
    throw new CliError(`the watchdog cannot describe its state: ${answer.detail}`);
  process.stdout.write(json ? `${JSON.stringify(safety)}\n` : `${viewLines(safety).join("\n")}\n`);
  process.exitCode = exitOf(safety);
}

async function halt({ json, reason, keepPositions }: Flags, command: Command): Promise<void> {
  const positions = keepPositions === true ? "keep" : "close";
  const about = { id: randomUUID(), by: userName(), reason: reasonOf(reason) };
  tellDone(await ask(command, { command: "halt", ...about, positions }), json);
}

async function resume({ json, reason, yes }: Flags, command: Command): Promise<void> {
  const about = { id: randomUUID(), by: userName(), reason: reasonOf(reason) };
  const seen = yes === true ? {} : await confirmedStop(command);
  tellDone(await ask(command, { command: "resume", ...about, ...seen }), json);
}

/** Of the stop that the operator has looked at: one that comes while he is asked is not resumed. */
async function confirmedStop(command: Command): Promise<{ readonly stop: string }> {
  const { safety } = await ask(command, { command: "show", id: randomUUID() });
  if (safety === null) {
    throw new CliError(
      "the watchdog does not say what is stopped; with --yes it is resumed unseen",
    );
  }
  process.stderr.write(`${viewLines(safety).join("\n")}\n`);
  const at = safety.latch?.at;
  if (at === undefined) throw new CliError("nothing is stopped: there is nothing to resume");
  await confirm();
  return { stop: at };
}

function tellDone(answer: SafetyAnswer, json: boolean): void {
  if (!answer.ok) throw new CliError(printable(answer.detail));
  process.stdout.write(json ? `${JSON.stringify(answer)}\n` : `${printable(answer.detail)}\n`);
}

async function confirm(): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new CliError(
      "this is no terminal, so nobody can confirm: give --yes to resume without confirmation",
      EXIT_USAGE,
    );
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const said = await lines.question("Resume trading? Type 'resume': ");
    if (said.trim() !== "resume") throw new CliError("not resumed");
  } finally {
    lines.close();
  }
}

async function ask(command: Command, request: SafetyRequest): Promise<SafetyAnswer> {
  const { config } = openContext(command);
  let answer: SafetyAnswer | null;
  try {
    answer = await requestOfWatchdog(config.data_dir, request, { withinMs: ANSWER_WITHIN_MS });
  } catch (error) {
    const why = config.safety.watchdog
      ? `no watchdog answers on ${config.data_dir} (${messageOf(error)}); 'dolphin up' or 'dolphin watchdog' runs one`
      : "safety.watchdog is false: there is no watchdog to ask";
    throw new CliError(`${why}; 'dolphin halt BOOK' stops a book without it`, EXIT_NO_ANSWER);
  }
  if (answer === null) throw new CliError("the watchdog's answer cannot be read", EXIT_NO_ANSWER);
  return answer;
}

function viewLines(safety: SafetyView): readonly string[] {
  const { posture, entries, latch, reasons, trader, hazelcast, trouble, pid, at } = safety;
  const size = POSTURE_SHARES[posture];
  const latched = latch === null ? [] : [latchWords(latch)];
  const others = reasons.filter((one) => !latched.includes(one));
  const lines = [
    `posture ${posture} (sizes x ${size}), entries ${entries}`,
    ...latched,
    ...others.map((one) => `  ${one}`),
    `watchdog pid ${pid}, last check at ${at}; trader ${trader}, Hazelcast ${hazelcast}`,
    ...(trouble === null ? [] : [`its state cannot be saved: ${trouble}`]),
    ...Object.entries(safety.duties).map(([name, how]) => `${name}: ${how}`),
  ];
  // A reason is what somebody typed, perhaps somewhere else.
  return lines.map(printable);
}

function exitOf({ entries, latch }: SafetyView): number {
  if (latch !== null) return EXIT_STOPPED;
  return entries === "go" ? 0 : EXIT_ENTRIES_STOPPED;
}

function reasonOf(reason: string | undefined): string {
  const text = (reason ?? "").trim();
  if (text === "" || 500 < text.length) {
    throw new CliError("--reason needs a text of at most 500 characters", EXIT_USAGE);
  }
  return text;
}

function userName(): string {
  return operatorName(`uid ${process.getuid?.() ?? "unknown"}`);
}
