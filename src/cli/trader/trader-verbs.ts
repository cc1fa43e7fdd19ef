/**
 * `dolphin enter`, `close`, `flatten`, `halt` and `resume`: to the trader at once, over its local socket,
 * without Temporal.
 */
import { randomUUID } from "node:crypto";
import { Argument, type Command, Option } from "commander";
import type { LeftOpen } from "../../operations/trader/left-open.ts";
import { tellTrader } from "../../operations/trader/tell-trader.ts";
import { readTraderRequest, type TraderAnswer } from "../../wire/trading/trader-control.ts";
import { CliError, EXIT_USAGE, openContext, operatorName } from "../context.ts";
import { parseDuration } from "../parse-duration.ts";
import { BOOKS } from "../../domain/trading/books.ts";

type Verb = "halt" | "resume";
type CommonFlags = { readonly id?: string; readonly json: boolean };
type CloseFlags = CommonFlags & { readonly at: string };
type FlattenFlags = CommonFlags & { readonly wait?: number };
type EnterFlags = CommonFlags & {
  readonly direction: string;
  readonly share?: string;
  readonly takeProfit?: string;
  readonly stopLoss?: string;
  readonly holdScans?: string;
};

const DESCRIPTIONS: Readonly<Record<Verb | "flatten", string>> = {
  flatten:
    "close every position of a book at the next fresh scan, halt it, and wait until it is flat",
  halt: "stop entries into a book, pending ones included; open positions keep their exits",
  resume: "end a halt and release every latched limit; limits are measured from now on",
};
const EXIT_LEFT_OPEN = 2;
/** Time of a few scans. */
const FLATTEN_WAIT_MS = 15_000;

const ABOUT = `
Sent directly to the trader of this data directory, so it works while Temporal and Hazelcast are away.
A command that is sent again with the same --id is not executed twice; one that was refused is tried again.
`;
const FAILED = `
  1   no trader of the book runs here, it did not answer, or it refused (the line says which and why)`;
const HELP = `${ABOUT}
Exit status:
  0   done${FAILED}
  64  wrong usage`;

const FLATTEN_HELP = `
Waits until the book is flat, at most as long as --wait says. Each position is closed at the next fresh scan that has a
price of its asset, also after --wait has passed. If no such scan will come, 'dolphin close' closes a position
in the book only.
${ABOUT}
Exit status:
  0   the book is flat and halted${FAILED}
  2   the book is halted, but something is still open: the line says what and why
  64  wrong usage`;

const ENTER_HELP = `
The order passes every gate and limit that a signal passes: it is refused while the book is halted, a
limit is latched, the posture is HIBERNATE or old, or the asset is held or has no price. One that
would break a limit latches it. The trader's log and the book's state show the outcome of an order.
${HELP}`;

export function addEnterCommand(program: Command): void {
  addTraderVerb(program, "enter", "open a position of a book by hand, at the next fresh scan")
    .argument("<asset>", "named as in scans, such as BTCUSDT")
    .addOption(
      new Option("--direction <direction>", "direction of the position")
        .choices(["long", "short"])
        .makeOptionMandatory(),
    )
    .option("--share <share>", "share of the cash, before the posture reduces it (default: 0.2)")
    .option("--take-profit <share>", "exit at this gain (default: 0.0095)")
    .option("--stop-loss <share>", "exit at this loss (default: 0.01)")
    .option("--hold-scans <scans>", "maximum number of scans to hold (default: 120)")
    .addHelpText("after", ENTER_HELP)
    .action((...[book, asset, flags, command]: [string, string, EnterFlags, Command]) =>
      tell(command, book, { flags, request: { command: "enter", asset, ...entryOf(flags) } }),
    );
}

const CLOSE_HELP = `
For a position whose asset is gone, or that was closed elsewhere. No order is sent, and working orders of the
position are cancelled. The journal records who closed it and at which price; the trade's reason is 'operator',
and the trader's log also shows the book's mark at that time. A position that is not open is refused, and the
answer names the open ones.
${HELP}`;

export function addCloseCommand(program: Command): void {
  addTraderVerb(program, "close", "close a position in the book only, at a given price")
    .argument("<position>", "the position's id, or its asset")
    .requiredOption("--at <price>", "price of one unit of the asset; 0 if it is worthless")
    .addHelpText("after", CLOSE_HELP)
    .action((...[book, position, flags, command]: [string, string, CloseFlags, Command]) =>
      tell(command, book, {
        flags,
        request: { command: "close", position, price: priceFrom(flags.at) },
      }),
    );
}

function priceFrom(text: string): number {
  const price = Number(text);
  if (text.trim() !== "" && 0 <= price && Number.isFinite(price)) return price;
  throw new CliError(`--at takes a price of at least 0, was '${text}'`, EXIT_USAGE);
}

export function addFlattenCommand(program: Command): void {
  addTraderVerb(program, "flatten", DESCRIPTIONS.flatten)
    .option(
      "--wait <time>",
      "how long to wait until all is closed (such as 500ms, 30s, 5m)",
      parseDuration,
    )
    .addHelpText("after", FLATTEN_HELP)
    .action((book: string, flags: FlattenFlags, command: Command) =>
      tell(command, book, { flags, request: { command: "flatten" } }),
    );
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
    .option("--id <id>", "id of the command, so that it is executed once (default: a new one)")
    .option("--json", "print the trader's answer as JSON", false);
}

/** Options that were not given are omitted: the defaults are the trader's. */
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
  { flags, request }: { readonly flags: FlattenFlags; readonly request: object },
): Promise<void> {
  const { config } = openContext(command);
  const named = { ...request, id: flags.id ?? randomUUID(), by: operatorName() };
  const read = readTraderRequest(named);
  if (typeof read === "string") throw new CliError(read, EXIT_USAGE);
  const flatWithinMs = flags.wait ?? FLATTEN_WAIT_MS;
  const { answer, left } = await tellTrader(config.data_dir, book, { request: read, flatWithinMs });
  const json = read.command === "flatten" && answer.ok ? { ...answer, left_open: left } : answer;
  const isRefusedEntry = read.command === "enter" && !answer.ok;
  const hint = isRefusedEntry ? `\n  ${whyHint(book)}` : "";
  const text = flags.json ? JSON.stringify(json, null, 2) : `${line(book, answer, left)}${hint}`;
  process.stdout.write(`${text}\n`);
  if (!answer.ok) process.exitCode = 1;
  else if (left.length !== 0) process.exitCode = EXIT_LEFT_OPEN;
}

function whyHint(book: string): string {
  return `'dolphin why no-trade --book ${book}' shows each rule with its value and threshold`;
}

function line(
  book: string,
  { detail, status }: TraderAnswer,
  left: readonly LeftOpen[] = [],
): string {
  if (status === null) return `${book}: ${detail}`;
  const { positions, equity, state, last_seq } = status;
  const whys = left.length === 0 ? "" : ` (${left.map(({ why }) => why).join("; ")})`;
  const open = `${positions.length === 0 ? "flat" : `${positions.length} open`}${whys}`;
  return `${book}: ${detail}; ${open}, equity ${equity.toFixed(2)}, ${state === "running" ? "trading" : state}, seq ${last_seq}`;
}
