/** `dolphin forewarn`: `run` makes a forecast of BLUE now, `show` prints the newest. */
import { type Command, InvalidArgumentError } from "commander";
import { wallMs } from "../../adapters/clock.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import { projectionPath } from "../../operations/event-log/event-log-maintenance.ts";
import { configuredForewarn } from "../../operations/forewarn/configured-forewarn.ts";
import { readForewarnings } from "../../operations/forewarn/forewarn-file.ts";
import { runForewarn } from "../../operations/forewarn/run-forewarn.ts";
import type { ForewarnRecord } from "../../wire/forewarn/forewarn-record.ts";
import { CliError, openContext } from "../context.ts";
import { forewarnText } from "./forewarn-text.ts";

type RunFlags = {
  readonly days: number;
  readonly paths: number;
  readonly seed: number;
  readonly json: boolean;
};

const DAYS_MAX = 90;
const PATHS_MAX = 100_000;
const HELP = `
A stationary bootstrap of the book's past trades, as returns on its capital. It gives an envelope of the book's equity, and
the probability that it reaches one of its loss limits (trader.limits) within the given days. The same seed and the same
trades give the same forecast. With fewer than 30 trades the verdict is unknown, with weight 0. The weight also stays 0 until
20 forecasts that do not overlap have ended, and it falls when the book leaves its envelopes more often or less often than
predicted. The schedule mc-forewarner makes a forecast each day and pushes it to Hazelcast (DOLPHIN_FEATURES,
mc_forewarner_latest). A forecast made here is stored with the others, and the watchdog reads it, but it is not pushed.

Verdicts: clear (less than 5 % of the paths reach a limit), watch (less than 20 %), warn.

Exit status:
  0   done
  1   the book's log is not projected yet (the bookkeeper does that), or there is no forecast yet`;

export function addForewarnCommand(program: Command): void {
  const forewarn = program
    .command("forewarn")
    .description("the risk of a book in the coming days, simulated from its past trades")
    .addHelpText("after", HELP);
  forewarn
    .command("run")
    .description("make a forecast of BLUE now, and store it with the earlier ones")
    .option("--days <n>", "horizon of the forecast", wholeNumber(1, DAYS_MAX), 1)
    .option("--paths <n>", "simulated paths", wholeNumber(100, PATHS_MAX), 10_000)
    .option("--seed <n>", "seed of the random numbers", wholeNumber(0, Number.MAX_SAFE_INTEGER), 1)
    .option("--json", "print it as JSON", false)
    .action((flags: RunFlags, command: Command) => {
      const { config } = openContext(command);
      const configured = configuredForewarn(config, flags);
      if (configured.projection === null) {
        throw new CliError(
          `there is no ${projectionPath(config.data_dir)}: ${COUNTED_BOOK}'s log is not projected yet; ` +
            "start trader-blue and the bookkeeper, or give --data-dir",
        );
      }
      const record = runForewarn({ ...configured, nowMs: wallMs() });
      print(record, flags.json);
    });
  forewarn
    .command("show")
    .description("the newest forecast, and how accurate the earlier ones were")
    .option("--json", "print it as JSON", false)
    .action(({ json }: { readonly json: boolean }, command: Command) => {
      const { config } = openContext(command);
      const newest = readForewarnings(config.data_dir, COUNTED_BOOK).at(-1);
      if (newest === undefined) {
        throw new CliError("there is no forecast yet: 'dolphin forewarn run' makes one");
      }
      print(newest, json);
    });
}

function print(record: ForewarnRecord, json: boolean): void {
  process.stdout.write(`${json ? JSON.stringify(record, null, 2) : forewarnText(record)}\n`);
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && min <= value && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}
