/** `dolphin forewarn`: `run` makes a forecast of BLUE now, `show` prints the newest. */
import { type Command, InvalidArgumentError } from "commander";
import { wallMs } from "../../adapters/clock.ts";
import { EXIT_SERVER_SILENT } from "../../domain/supervision/overall.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import { projectionPath } from "../../operations/event-log/event-log-maintenance.ts";
import { configuredForewarn } from "../../operations/forewarn/configured-forewarn.ts";
import { forewarnFile, newestForewarning } from "../../operations/forewarn/forewarn-file.ts";
import { pushForewarning } from "../../operations/forewarn/push-forewarning.ts";
import {
  makeForewarning,
  runForewarn,
  type StoredForecast,
} from "../../operations/forewarn/run-forewarn.ts";
import { messageOf } from "../../domain/failure.ts";
import { forewarnNowFile } from "../../wire/forewarn/forewarn-place.ts";
import { FOREWARN_KEY, type ForewarnRecord } from "../../wire/forewarn/forewarn-record.ts";
import { FEATURES_MAP } from "../../wire/scan-value.ts";
import type { Config } from "../../config.ts";
import { aligned } from "../rendering/columns.ts";
import { CliError, openContext } from "../context.ts";
import { forewarnText } from "./forewarn-text.ts";

type RunFlags = {
  readonly days: number;
  readonly paths: number;
  readonly seed: number;
  readonly dryRun: boolean;
  readonly archive?: string;
  readonly json: boolean;
};

/** What became of a forecast that was made here. */
type Publication = {
  /** Files. */
  readonly kept: readonly string[];
  readonly pushed: boolean;
  /** Null: it was pushed. */
  readonly not_pushed_because: string | null;
};

const DAYS_MAX = 90;
const PATHS_MAX = 100_000;
const PUSH_WITHIN_MS = 5_000;
const HELP = `
A stationary bootstrap of the book's past trades, as returns on its capital. It gives an envelope of the book's equity, and
the probability that it reaches one of its loss limits (trader.limits) within the given days. The archive's prices of the
traded assets over the newest 90 days show whether the market is calm, normal or wild now, and how it continued when it
was like this before: each path follows one of those courses, and draws trades that were entered in such a market. If
fewer than 20 were, it draws from all trades, and the weight is halved. Without a readable archive, or with less of it
than 20 hours to 10 days, by how long trades are held, the forecast uses the trades alone, and its reason says so. The same seed and the same data (data_hash:
trades and prices) give the same forecast. With fewer than 30 trades the verdict is unknown, with weight 0. The weight
also stays 0 until 20 forecasts that do not overlap have ended, and it falls when the book leaves its envelopes more
often or less often than predicted. The schedule mc-forewarner makes a forecast each day. 'run' does the same now: it
stores the forecast for the watchdog and the pages, pushes it to Hazelcast (DOLPHIN_FEATURES, mc_forewarner_latest), and
says what it could not reach.

Verdicts: clear (less than 5 % of the paths reach a limit), watch (less than 20 %), warn.

Exit status:
  0   done
  1   the book's log is not projected yet (the bookkeeper does that), or there is no forecast yet
  3   made and stored, but Hazelcast did not answer: it was not pushed`;

export function addForewarnCommand(program: Command): void {
  const forewarn = program
    .command("forewarn")
    .description(
      "the risk of a book in the coming days, simulated from its past trades and the archive's market",
    )
    .addHelpText("after", HELP);
  forewarn
    .command("run")
    .description("make a forecast of BLUE now, store it for the watchdog, and push it to Hazelcast")
    .option("--days <n>", "horizon of the forecast", wholeNumber(1, DAYS_MAX), 1)
    .option("--paths <n>", "simulated paths", wholeNumber(100, PATHS_MAX), 10_000)
    .option("--seed <n>", "seed of the random numbers", wholeNumber(0, Number.MAX_SAFE_INTEGER), 1)
    .option("--archive <dir>", "archive whose prices show the market")
    .option("--dry-run", "only print it; nothing is stored or pushed", false)
    .option("--json", "print it as JSON", false)
    .action(async (flags: RunFlags, command: Command) => {
      const { config } = openContext(command, { archive: flags.archive });
      const configured = configuredForewarn(config, flags);
      if (configured.projection === null) {
        throw new CliError(
          `there is no ${projectionPath(config.data_dir)}: ${COUNTED_BOOK}'s log is not projected yet; ` +
            "start trader-blue and the bookkeeper, or give --data-dir",
        );
      }
      const options = { ...configured, nowMs: wallMs() };
      if (flags.dryRun) {
        const { record } = await makeForewarning(options);
        return print(record, flags.json, DRY);
      }
      const stored = await runForewarn(options, wallMs);
      print(stored.record, flags.json, await push(config, stored));
    });
  forewarn
    .command("show")
    .description("the newest forecast, and how accurate the earlier ones were")
    .option("--json", "print it as JSON", false)
    .action(({ json }: { readonly json: boolean }, command: Command) => {
      const { config } = openContext(command);
      const newest = newestForewarning({ dataDir: config.data_dir, book: COUNTED_BOOK }, wallMs());
      if (newest === null) {
        throw new CliError("there is no forecast yet: 'dolphin forewarn run' makes one");
      }
      print(newest, json, null);
    });
}

const DRY: Publication = { kept: [], pushed: false, not_pushed_because: "--dry-run" };

/** Where Hazelcast does not answer, that is the exit status. */
async function push(config: Config, { record, isNewest }: StoredForecast): Promise<Publication> {
  const { data_dir: dataDir } = config;
  const all = forewarnFile(dataDir, record.book);
  const kept = isNewest ? [all, forewarnNowFile(dataDir, record.book)] : [all];
  try {
    const pushed = await pushForewarning(config, JSON.stringify(record), PUSH_WITHIN_MS);
    const because = pushed ? null : "a newer one stands there";
    return { kept, pushed, not_pushed_because: because };
  } catch (error) {
    process.exitCode = EXIT_SERVER_SILENT;
    return { kept, pushed: false, not_pushed_because: messageOf(error) };
  }
}

/** `publication`: null for a forecast that was made earlier. */
function print(record: ForewarnRecord, json: boolean, publication: Publication | null): void {
  const text = json
    ? JSON.stringify({ ...record, ...publication }, null, 2)
    : [
        forewarnText(record),
        ...(publication === null ? [] : ["", ...publicationLines(publication)]),
      ].join("\n");
  process.stdout.write(`${text}\n`);
}

function publicationLines({
  kept,
  pushed,
  not_pushed_because: because,
}: Publication): readonly string[] {
  const place = `${FEATURES_MAP} ${FOREWARN_KEY}`;
  const where = kept.length === 0 ? "nowhere" : `${kept.join(", ")} (watchdog and pages read it)`;
  return aligned([
    ["kept", where],
    pushed ? ["pushed", place] : ["not pushed", `${place}: ${String(because)}`],
  ]);
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && min <= value && value <= max) return value;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}
