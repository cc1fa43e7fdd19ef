/** `dolphin flatten`, `halt` and `resume`: to the trader at once, over its local socket, without Temporal. */
import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import { Argument, type Command } from "commander";
import { askTrader } from "../../adapters/trader-client.ts";
import { SERVICE_NAMES } from "../../domain/supervision/services.ts";
import type { TraderAnswer } from "../../wire/trading/trader-control.ts";
import { traderServiceOf } from "../../workflows/names.ts";
import { CliError, openContext } from "../context.ts";

type Verb = "flatten" | "halt" | "resume";

const DESCRIPTIONS: Readonly<Record<Verb, string>> = {
  flatten: "close every position of a book at the next fresh scan, and halt it",
  halt: "no entries into a book; open positions keep their exits",
  resume: "end a halt and every latched limit, which measure from here on",
};
const BOOKS = ["BLUE", "GREEN"];

const HELP = `
Goes to the trader on this data directory directly: also while Temporal and Hazelcast are away.
With --id the same command sent again does nothing again.

Exit status:
  0   done
  1   no trader of the book runs here, it did not answer, or it refused (the line says which)`;

export function addFlattenCommand(program: Command): void {
  addCommand(program, "flatten");
}

export function addHaltCommand(program: Command): void {
  addCommand(program, "halt");
}

export function addResumeCommand(program: Command): void {
  addCommand(program, "resume");
}

function addCommand(program: Command, verb: Verb): void {
  program
    .command(verb)
    .description(DESCRIPTIONS[verb])
    .addArgument(new Argument("<book>", "the book").choices(BOOKS))
    .option("--id <id>", "names the command, so that it is done once (default: a new one)")
    .option("--json", "print the trader's answer as JSON", false)
    .addHelpText("after", HELP)
    .action(
      async (
        book: string,
        flags: { readonly id?: string; readonly json: boolean },
        command: Command,
      ) => {
        const { config } = openContext(command);
        const id = flags.id ?? randomUUID();
        const answer = await send(config.data_dir, book, { command: verb, id, by: operator() });
        process.stdout.write(
          `${flags.json ? JSON.stringify(answer, null, 2) : line(book, answer)}\n`,
        );
        if (!answer.ok) process.exitCode = 1;
      },
    );
}

async function send(
  dataDir: string,
  book: string,
  request: { readonly command: Verb; readonly id: string; readonly by: string },
): Promise<TraderAnswer> {
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
  const { positions, equity, halted, last_seq } = status;
  const open = positions.length === 0 ? "flat" : `${positions.length} open`;
  return `${book}: ${detail}; ${open}, equity ${equity.toFixed(2)}, ${halted ? "halted" : "trading"}, seq ${last_seq}`;
}

/** Stands in the journal. */
function operator(): string {
  try {
    return userInfo().username;
  } catch {
    return "operator";
  }
}
