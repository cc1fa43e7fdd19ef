/** `dolphin indicators`: ls, refresh, history, export. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { connectTemporal } from "../../adapters/temporal-client.ts";
import { isDayFolder } from "../../domain/scan/archive-names.ts";
import { messageOf } from "../../domain/failure.ts";
import { MS_PER_DAY, msFromIso, US_PER_MS } from "../../domain/time.ts";
import {
  openReadings,
  type IndicatorRow,
  readIndicators,
} from "../../operations/indicators/indicator-view.ts";
import { refreshNow } from "../../operations/indicators/refresh-now.ts";
import { wallMicros } from "../../adapters/clock.ts";
import {
  type CliContext,
  CliError,
  EXIT_CONFIGURATION,
  EXIT_USAGE,
  openContext,
} from "../context.ts";
import { expectTemporal } from "../../operations/expect-temporal.ts";
import { adviceText, historyJson, historyText, indicatorsText } from "./indicators-text.ts";
import { writeReadings } from "./export-readings.ts";

const HELP = `
Indicators are configured in the section 'indicators' (docs/add-an-indicator.md). 'dolphin create' creates a schedule for
each, 'indicator-<name>', and a worker of layer indicators reads them. A reading is published in Hazelcast as exf_<name>, with
the time for which its source states it. None is configured by default, because each sends requests to an outside service.`;
const LS_HELP = `
Exit status:
  0   all are within their budgets
  1   one is old, stale, or was never read`;
const HISTORY_HELP = `
NAME is an indicator, or one of its values such as funding.BTCUSDT. Each revision is a row of its own. With --as-of it
shows what was known at that time; later readings never change that.`;

const ADVISE_HELP = `
Compares the mean return of the archive's assets per UTC day with the phase and sign of the Moon, the sign of the Sun,
retrograde planets, weekday, turn of the month and end of the quarter. The p-value of each is by permutation of the
days, and adjusted for the number of factors: if returns depend on none of them, an edge of any is shown in one of
twenty archives. An edge that is shown belongs to the past, and one that is not shown is not ruled out.`;

const COUNT = 20;
const ROWS_MAX = 1_000_000;

export function addIndicatorsCommand(program: Command): void {
  const indicators = program
    .command("indicators")
    .description("scheduled readings of outside sources: present values, their age, their history")
    .addHelpText("after", HELP);
  addLs(indicators);
  addRefresh(indicators);
  addHistory(indicators);
  addExport(indicators);
  addAdvise(indicators);
}

function addAdvise(indicators: Command): void {
  indicators
    .command("advise")
    .description("whether the archive's days show an edge of any esoteric factor")
    .option("--archive <dir>", "the scan archive")
    .option("--from <day>", "first day", day)
    .option("--to <day>", "last day", day)
    .option("--permutations <n>", "number of permutations", wholeNumber, 2_000)
    .option("--seed <n>", "seed of the permutations", wholeNumber, 1)
    .option("--json", "print it as JSON", false)
    .addHelpText("after", ADVISE_HELP)
    .action(async (flags: AdviseFlags, command: Command) => {
      const { config } = openContext(command, { archive: flags.archive });
      const { adviseOnFactors } = await import("../../operations/indicators/factor-advisor.ts");
      const range = { archive: config.archive, from: flags.from ?? null, to: flags.to ?? null };
      const { permutations, seed } = flags;
      const advice = await adviseOnFactors(range, {
        permutations,
        seed,
        onProblem: (problem) => process.stderr.write(`dolphin: ${problem}\n`),
      });
      print(flags.json ? JSON.stringify(advice, null, 2) : adviceText(advice));
    });
}

function addLs(indicators: Command): void {
  indicators
    .command("ls")
    .description("the present readings, with as_of, age, budget and source")
    .option("--json", "print it as JSON", false)
    .addHelpText("after", LS_HELP)
    .action(async ({ json }: { readonly json: boolean }, command: Command) => {
      const { config } = openContext(command);
      const rows = await readIndicators(config).catch((error: unknown) => {
        throw new CliError(messageOf(error), EXIT_CONFIGURATION);
      });
      print(json ? JSON.stringify(rows, null, 2) : indicatorsText(rows));
      if (!rows.every(isWell)) process.exitCode = 1;
    });
}

function addRefresh(indicators: Command): void {
  indicators
    .command("refresh <name>")
    .description("read an indicator now, and wait for the result")
    .option("--json", "print it as JSON", false)
    .action(async (name: string, { json }: { readonly json: boolean }, command: Command) => {
      const context = openContext(command);
      const { temporalAddress } = context;
      expectConfigured(context, name);
      const temporal = connectTemporal(temporalAddress);
      await expectTemporal(temporal);
      const outcome = await refreshNow(temporal, name);
      await temporal.close();
      switch (outcome.kind) {
        case "read": {
          const { values, problems } = outcome.result;
          const lines = [
            ...values.map(
              (one) => `${one.label}  ${one.value} ${one.unit}  ${one.as_of}  ${one.outcome}`,
            ),
            ...problems.map(({ symbol, why, detail }) => `${symbol}  ${why}: ${detail}`),
          ];
          print(json ? JSON.stringify(outcome.result, null, 2) : lines.join("\n"));
          if (0 < problems.length) process.exitCode = 1;
          return;
        }
        case "failed":
          throw new CliError(`${name} was not read: ${outcome.why}: ${outcome.detail}`);
        case "unserved":
          throw new CliError(
            `no worker polls ${outcome.queue}; 'dolphin worker indicators' starts one`,
          );
      }
    });
}

function addHistory(indicators: Command): void {
  indicators
    .command("history <name>")
    .description("the recorded readings, newest first, including revisions")
    .option("--count <n>", "rows at most", wholeNumber, COUNT)
    .option("--as-of <time>", "only what was known then, such as 2026-03-25T10:00Z", time)
    .option("--json", "print it as JSON", false)
    .addHelpText("after", HISTORY_HELP)
    .action((name: string, flags: HistoryFlags, command: Command) => {
      const { config } = openContext(command);
      const store = openReadings(config.data_dir);
      const toUs = flags.asOf === undefined ? null : flags.asOf * US_PER_MS;
      const rows = store?.history(name, { count: flags.count, toUs }) ?? [];
      store?.close();
      if (rows.length === 0) throw new CliError(`no reading of ${name} is recorded here`);
      print(flags.json ? historyJson(rows) : historyText(rows));
    });
}

function addExport(indicators: Command): void {
  indicators
    .command("export [names...]")
    .description("recorded readings for notebooks, in the order in which they became known")
    .addOption(new Option("--format <format>").choices(["csv", "arrow"]).default("csv"))
    .option("--from <time>", "readings known from this time on", time)
    .option("--to <time>", "readings known before this time", time)
    .option("--out <file>", "the file to write (default: standard output)")
    .action(async (names: string[], flags: ExportFlags, command: Command) => {
      const { config } = openContext(command);
      const store = openReadings(config.data_dir);
      if (store === null) throw new CliError("no reading is recorded here yet");
      const nowUs = wallMicros();
      const range = {
        fromUs: (flags.from ?? nowUs / US_PER_MS - 365 * MS_PER_DAY) * US_PER_MS,
        toUs: flags.to === undefined ? nowUs + 1 : flags.to * US_PER_MS,
      };
      const { format, out = null } = flags;
      await writeReadings(store.pushed(range), { names, format, out });
      store.close();
    });
}

type HistoryFlags = { readonly count: number; readonly asOf?: number; readonly json: boolean };
type AdviseFlags = {
  readonly archive?: string;
  readonly from?: string;
  readonly to?: string;
  readonly permutations: number;
  readonly seed: number;
  readonly json: boolean;
};
type ExportFlags = {
  readonly format: "csv" | "arrow";
  readonly from?: number;
  readonly to?: number;
  readonly out?: string;
};

function isWell({ state }: IndicatorRow): boolean {
  return state === "fresh" || state === "disabled";
}

function expectConfigured({ config, loaded, up }: CliContext, name: string): void {
  const names = Object.keys(config.indicators);
  if (names.includes(name)) return;
  const there = names.length === 0 ? "none is configured" : `configured are ${names.join(", ")}`;
  const isAway = loaded.file === null && up === null;
  const where = isAway
    ? `; there is no dolphin.yaml here, and no 'dolphin up' runs on ${config.data_dir}: give --config or --data-dir`
    : "";
  throw new CliError(
    `there is no indicator '${name}' in the configuration; ${there}${where}`,
    EXIT_USAGE,
  );
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && 1 <= value && value <= ROWS_MAX) return value;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${ROWS_MAX}.`);
}

function day(text: string): string {
  if (isDayFolder(text)) return text;
  throw new InvalidArgumentError("Give a day such as 2026-03-25.");
}

function time(text: string): number {
  const ms = msFromIso(text);
  if (!Number.isNaN(ms)) return ms;
  throw new InvalidArgumentError("Give a time such as 2026-03-25T10:00Z, or a day.");
}
