/** `dolphin promote GREEN`: from now on BLUE runs GREEN's version, and GREEN runs BLUE's. */
import { randomUUID } from "node:crypto";
import { Argument, type Command } from "commander";
import { wallMicros } from "../../adapters/clock.ts";
import {
  commandService,
  type ServiceCommandName,
} from "../../operations/supervision/supervisor-commands.ts";
import { connectTemporal, type TemporalClient } from "../../adapters/temporal-client.ts";
import { askTrader } from "../../adapters/trader-client.ts";
import { loadStrategiesOf } from "../../operations/books/configured-strategies.ts";
import { exchangeBooks } from "../../operations/books/exchange-books.ts";
import { traderOf } from "../../domain/supervision/services.ts";
import { isoFromMicros } from "../../domain/time.ts";
import type { TraderStatus } from "../../wire/trading/trader-control.ts";
import { CliError, openContext, operatorName } from "../context.ts";
import { expectTemporal } from "../../operations/expect-temporal.ts";
import { promoteGreen } from "./promote-green.ts";
import { type BookName, SHADOW_BOOK } from "../../domain/trading/books.ts";

const HELP = `
Each book keeps its cash and its day; strategy, parameters, fills and limits are exchanged. The
supervisors restart both traders. BLUE's journal records the hash of its new configuration, and
books.json in the data directory stores every exchange. Promoting again exchanges them back.
'dolphin flatten BLUE' closes both books' positions and halts both.

Exit status:
  0   done
  1   refused, and nothing was changed: a book holds a position or an order (the line says which)
  3   Temporal does not answer`;

export function addPromoteCommand(program: Command): void {
  program
    .command("promote")
    .description("let BLUE run GREEN's version, and GREEN BLUE's, when both are flat (paper)")
    .addArgument(
      new Argument("<book>", "the book whose version BLUE is to run").choices([SHADOW_BOOK]),
    )
    .option("--id <id>", "id of the exchange, so that it is executed once (default: a new one)")
    .option("--json", "print the outcome as JSON", false)
    .addHelpText("after", HELP)
    .action(
      async (
        _book: string,
        flags: { readonly id?: string; readonly json: boolean },
        command: Command,
      ) => {
        const context = openContext(command);
        const { config } = context;
        const temporal = connectTemporal(context.temporalAddress);
        await expectTemporal(temporal);
        const id = flags.id ?? randomUUID();
        const at = isoFromMicros(wallMicros());
        try {
          const outcome = await promoteGreen(
            {
              status: (book) => askStatus(config.data_dir, book),
              stop: (book) => send(temporal, book, "stop"),
              start: (book) => send(temporal, book, "start"),
              exchange: exchangeBooks,
            },
            {
              dataDir: config.data_dir,
              configuration: config,
              strategyOf: await loadStrategiesOf(config),
              id,
              by: operatorName(),
              at,
            },
          );
          if (outcome.kind === "refused") {
            throw new CliError(`nothing was exchanged: ${outcome.reason}`);
          }
          const text =
            outcome.kind === "repeated"
              ? `exchange ${id} is already done; both books run`
              : `BLUE runs ${outcome.strategies} from event ${outcome.atIndex} on; GREEN runs BLUE's former version`;
          process.stdout.write(`${flags.json ? JSON.stringify(outcome, null, 2) : text}\n`);
        } finally {
          await temporal.close();
        }
      },
    );
}

async function askStatus(dataDir: string, book: BookName): Promise<TraderStatus | null> {
  const reply = await askTrader(dataDir, book, { command: "status", id: randomUUID() });
  switch (reply.kind) {
    case "answered":
      return reply.answer.status;
    case "no_trader":
      return null;
    case "no_answer":
      throw new CliError(`the trader of ${book} did not answer: ${reply.why}; nothing was changed`);
  }
}

async function send(
  temporal: TemporalClient,
  book: BookName,
  command: ServiceCommandName,
): Promise<void> {
  const spec = traderOf(book);
  const outcome = await commandService(temporal, spec, command);
  if (outcome.kind === "done") {
    if (command === "start" && outcome.status.pid === null) {
      throw new CliError(`${spec.name} did not come up: ${outcome.status.reason}`);
    }
    return;
  }
  // Without a supervisor there is no process to stop.
  if (outcome.kind === "no_supervisor" && command === "stop") return;
  if (outcome.kind === "refused") throw new CliError(`${spec.name}: ${outcome.why}`);
  throw new CliError(
    `${spec.name} did not execute '${command}': is 'dolphin worker trader' running? ` +
      `'dolphin start ${spec.name}' starts it`,
  );
}
