/**
 * `dolphin enter`, `flatten`, `halt` and `resume`: to the trader at once, over its local socket,
 * without Temporal.
 */
import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import { Argument, type Command, Option } from "commander";
import { askTrader } from "../../adapters/trader-client.ts";
import { SERVICE_NAMES } from "../../domain/supervision/services.ts";
import {
  readTraderRequest,
  type TraderAnswer,
  type TraderRequest,
} from "../../wire/trading/trader-control.ts";
import { traderServiceOf } from "../../workflows/names.ts";
import { CliError, EXIT_USAGE, openContext } from "../context.ts";

type Verb = "flatten" | "halt" | "resume";
type CommonFlags = { readonly id?: string; readonly json: boolean };
type EnterFlags = CommonFlags & {
  readonly direction: string;
  readonly share?: string;
  readonly takeProfit?: string;
  readonly stopLoss?: string;
  readonly holdScans?: string;
};

const DESCRIPTIONS: Readonly<Record<Verb, string>> = {
  flatten: "close every position of a book at the next fresh scan, and halt it",
  halt: "no entries into a book, also none on their way; open positions keep their exits",
  resume: "end a halt and every latched limit, which measure from here on",
};
const BOOKS = ["BLUE", "GREEN"];

const HELP = `
Goes to the trader on this data directory directly: also while Temporal and Hazelcast are away.
With --id the same command sent again does nothing again; what was refused is judged anew.

Exit status:
  0   done
  1   no trader of the book runs here, it did not answer, or it refused (the line says which and why)
  64  wrong usage`;

const ENTER_HELP = `
The order passes every gate and limit that a signal passes: it is refused while the book is halted, a
limit is latched, the posture is HIBERNATE or old, or the asset is held or has no price. One that
would break a limit latches it. What became of an order is in the trader's log and the book's state.
${HELP}`;

export function addEnterCommand(program: Command): void {
  addTraderVerb(program, "enter", "open a position of a book by hand, at the next fresh scan")
    .argument("<asset>", "named as in scans, such as BTCUSDT")
    .addOption(
      new Option("--direction <direction>", "which way")
        .choices(["long", "short"])
        .makeOptionMandatory(),
    )
    .option("--share <share>", "of the cash, before posture sizes it down (default: 0.2)")
    .option("--take-profit <share>", "exit at this gain (default: 0.0095)")
    .option("--stop-loss <share>", "exit at this loss (default: 0.01)")
    .option("--hold-scans <scans>", "longest hold (default: 120)")
    .addHelpText("after", ENTER_HELP)
    .action((...[book, asset, flags, command]: [string, string, EnterFlags, Command]) =>
      tell(command, book, { flags, request: { command: "enter", asset, ...entryOf(flags) } }),
    );
}

export function addFlattenCommand(program: Command): void {
  addPlainVerb(program, "flatten");
}

export function addHaltCommand(program: Command): void {
  addPlainVerb(program, "halt");
}

export function addResumeCommand(program: Command): void {
  addPlainVerb(program, "resume");
}

function addPlainVerb(program: Command, verb: Verb): void {
  addTraderVerb(program, verb, DESCRIPTIONS[verb])
    .addHelpText("after", HELP)
    .action((book: string, flags: CommonFlags, command: Command) =>
      tell(command, book, { flags, request: { command: verb } }),
    );
}

function addTraderVerb(program: Command, verb: string, description: string): Command {
  return program
    .command(verb)
    .description(description)
    .addArgument(new Argument("<book>", "the book").choices(BOOKS))
    .option("--id <id>", "names the command, so that it is done once (default: a new one)")
    .option("--json", "print the trader's answer as JSON", false);
}

/** What was not typed is left out: the defaults are the trader's. */
function entryOf({ direction, share, takeProfit, stopLoss, holdScans }: EnterFlags): object {
  return {
    direction,
    ...(share === undefined ? {} : { share: shareFrom("--share", share) }),
    ...(takeProfit === undefined ? {} : { take_profit: shareFrom("--take-profit", takeProfit) }),
    ...(stopLoss === undefined ? {} : { stop_loss: shareFrom("--stop-loss", stopLoss) }),
    ...(holdScans === undefined ? {} : { hold_scans_max: scansFrom(holdScans) }),
  };
}

function shareFrom(flag: string, text: string): number {
  const share = Number(text);
  if (0 < share && share <= 1) return share;
  throw new CliError(`${flag} takes a number above 0 and at most 1, was '${text}'`, EXIT_USAGE);
}

function scansFrom(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new CliError(`--hold-scans takes a count of 1 to 99999, was '${text}'`, EXIT_USAGE);
}

async function tell(
  command: Command,
  book: string,
  { flags, request }: { readonly flags: CommonFlags; readonly request: object },
): Promise<void> {
  const { config } = openContext(command);
  const named = { ...request, id: flags.id ?? randomUUID(), by: operator() };
  const read = readTraderRequest(named);
  if (typeof read === "string") throw new CliError(read, EXIT_USAGE);
  const answer = await send(config.data_dir, book, read);
  process.stdout.write(`${flags.json ? JSON.stringify(answer, null, 2) : line(book, answer)}\n`);
  if (!answer.ok) process.exitCode = 1;
}

async function send(dataDir: string, book: string, request: TraderRequest): Promise<TraderAnswer> {
  const reply = await askTrader(dataDir, book, request);
  switch (reply.kind) {
    case "answered":
      return reply.answer;
    case "no_trader": {
      const service = traderServiceOf(book);
      const known = SERVICE_NAMES.some((name) => name === service);
      const how = known ? `'dolphin start ${service}' starts it` : `there is no ${service} yet`;
      throw new CliError(
        `no trader of ${book} runs on ${dataDir}, so nothing was done; ${how}, and --data-dir names another place`,
      );
    }
    case "no_answer":
      throw new CliError(
        `the trader of ${book} did not answer, so it may have been done or not: ${reply.why}; ` +
          `'--id ${request.id}' repeats it safely`,
      );
  }
}

function line(book: string, { detail, status }: TraderAnswer): string {
  if (status === null) return `${book}: ${detail}`;
  const { positions, equity, state, last_seq } = status;
  const open = positions.length === 0 ? "flat" : `${positions.length} open`;
  return `${book}: ${detail}; ${open}, equity ${equity.toFixed(2)}, ${state === "running" ? "trading" : state}, seq ${last_seq}`;
}

/** Stands in the journal. */
function operator(): string {
  try {
    return userInfo().username;
  } catch {
    return "operator";
  }
}
