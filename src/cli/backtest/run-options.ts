/** The options that all backtest verbs share: archive, days, strategy, parameters, fills, costs. */
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import type { ArchiveRange } from "../../operations/backtest/archive-chunks.ts";
import { loadStrategy, type LoadedStrategy } from "../../adapters/strategy-file/load-strategy.ts";
import { readBooksFile } from "../../adapters/event-log/books/books-store.ts";
import { booksFolder } from "../../adapters/order-book/book-archive.ts";
import { readingsPath } from "../../adapters/indicators/readings-store.ts";
import type { Config } from "../../config.ts";
import { conventionFrom, DEFAULT_RUN_SETTINGS } from "../../domain/backtest/run-settings.ts";
import { messageOf } from "../../domain/failure.ts";
import { isDayFolder } from "../../domain/scan/archive-names.ts";
import type { FillConvention } from "../../domain/trading/broker/paper-broker.ts";
import { POSTURES, type Posture } from "../../domain/trading/posture.ts";
import type { Parameters, ParameterValue } from "../../domain/trading/strategy.ts";
import {
  type AskedOfRun,
  type BookRun,
  runOfBook,
  usualParameters,
} from "../../wire/backtest/book-run.ts";
import type { BookSection } from "../../wire/configuration.ts";
import { settingsOfBook } from "../../wire/trading/books-file.ts";
import { CliError, EXIT_USAGE } from "../context.ts";
import { ageBudgetsFrom, instrumentsFrom, limitsFrom, marginFrom, wrong } from "./book-options.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";

export type RunOptions = {
  readonly archive?: string;
  readonly from?: string;
  readonly to?: string;
  readonly strategy?: string;
  readonly preset?: string;
  readonly param: readonly string[];
  readonly posture: string;
  readonly fills?: string;
  readonly capital?: string;
  readonly feeBps?: string;
  readonly slippageBps?: string;
  readonly seed?: string;
  readonly partialShare?: string;
  readonly rejectShare?: string;
  readonly instruments?: string;
  readonly ageBudget: readonly string[];
  readonly limits: string;
  readonly margin: string;
  readonly acceptDisorder: boolean;
  readonly name?: string;
  readonly out?: string;
  readonly json: boolean;
};

const ID_DIGITS = 8;

export function addRunOptions(command: Command): Command {
  return command
    .option("--archive <dir>", "the archive")
    .option("--from <day>", "first day, as 2026-03-25")
    .option("--to <day>", "last day")
    .option("--strategy <name>", "a built-in strategy, or the path of your own; default: BLUE's")
    .option("--preset <name>", "one of the strategy's presets, in place of BLUE's parameters")
    .option("--param <name=value>", "a parameter of the strategy; may be repeated", collect, [])
    .option(
      "--posture <posture>",
      `configured posture: ${POSTURES.join(", ")}`,
      DEFAULT_RUN_SETTINGS.posture,
    )
    .option("--fills <convention>", "same_scan, next_scan or latency:MS; default: BLUE's")
    .option("--capital <amount>", "cash at the start; default: BLUE's")
    .option("--fee-bps <bps>", "fee a side; default: BLUE's")
    .option("--slippage-bps <bps>", "slippage a side; default: BLUE's")
    .option("--seed <number>", "of the paper broker; default: BLUE's")
    .option("--partial-share <share>", "orders that fill in parts; default: BLUE's")
    .option("--reject-share <share>", "orders that are rejected; default: BLUE's")
    .option(
      "--instruments <instruments>",
      "none, book, or ASSET=TICK:LOT[:MINIMUM],... over BLUE's",
    )
    .option("--age-budget <name=s>", "maximum age of an input; may be repeated", collect, [])
    .option("--limits <limits>", "none, book, or name=value,... over BLUE's", "none")
    .option("--margin <margin>", "none, book, or name=value,... over BLUE's", "book")
    .option("--accept-disorder", "run even if more than 0.1 % of the scans go back in time", false)
    .option("--name <name>", "name of the run; default: the strategy and a hash of its settings")
    .option("--out <dir>", "folder for its files; default: <data-dir>/backtests/<name>")
    .option("--json", "print as JSON", false);
}

export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** What to run, and how. @throws {CliError} for wrong usage. */
type Asked = BookRun & {
  readonly strategy: LoadedStrategy;
  /** Typed as the strategy declares them. */
  readonly declared: Parameters;
};

/** Starts the strategy once, so that an invalid parameter is a usage error and not a failed run. */
export async function askedFrom(options: RunOptions, config: Config): Promise<Asked> {
  const book = settingsOfBook(COUNTED_BOOK, config, readBooksFile(config.data_dir));
  try {
    const strategy = await loadStrategy(options.strategy ?? book.strategy);
    const declared = strategy.choice.start({}).parameters;
    const usual = usualParameters(book, strategy.source);
    const parameters = parametersFrom(options, declared, usual);
    const run = runOfBook(book, { ...askedOf(options, book), parameters }, strategy);
    return { ...run, strategy, declared };
  } catch (error) {
    throw new CliError(messageOf(error), EXIT_USAGE);
  }
}

function askedOf(options: RunOptions, book: BookSection): AskedOfRun {
  const posture = POSTURES.find((one) => one === options.posture.toUpperCase());
  if (posture === undefined) throw wrong("--posture", POSTURES.join(", "), options.posture);
  const { instruments, ageBudget } = options;
  return {
    posture: posture satisfies Posture,
    fills: options.fills === undefined ? null : fillsFrom(options.fills),
    capital: givenNumber("--capital", options.capital, Number.MIN_VALUE),
    fee_bps: givenNumber("--fee-bps", options.feeBps, 0),
    slippage_bps: givenNumber("--slippage-bps", options.slippageBps, 0),
    seed: givenNumber("--seed", options.seed, -Infinity),
    partial_share: givenNumber("--partial-share", options.partialShare, 0),
    reject_share: givenNumber("--reject-share", options.rejectShare, 0),
    instruments: instruments === undefined ? null : instrumentsFrom(instruments, book.instruments),
    age_budgets_s: { ...book.age_budgets_s, ...ageBudgetsFrom(ageBudget) },
    limits: limitsFrom(options.limits),
    margin: marginFrom(options.margin),
  };
}

/** Null: as the book has it. */
function givenNumber(flag: string, text: string | undefined, least: number): number | null {
  return text === undefined ? null : numberFrom(flag, text, least);
}

export function rangeFrom(options: RunOptions, config: Config): ArchiveRange {
  return {
    archive: config.archive,
    from: dayFrom("--from", options.from),
    to: dayFrom("--to", options.to),
    acceptDisorder: options.acceptDisorder,
    readings: readingsPath(config.data_dir),
    books: booksFolder(config.data_dir),
  };
}

function dayFrom(flag: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  if (!isDayFolder(value)) throw wrong(flag, "a day such as 2026-03-25", value);
  return value;
}

/** The name and folder of a run: the same for the same input. */
export function placeOf(
  options: RunOptions,
  asked: { readonly config: Config; readonly strategy: LoadedStrategy; readonly question: unknown },
): { readonly name: string; readonly out: string } {
  const { config, strategy, question } = asked;
  const id = createHash("sha256")
    .update(JSON.stringify(question))
    .digest("hex")
    .slice(0, ID_DIGITS);
  const name = options.name ?? `${strategy.choice.name}-${id}`;
  if (!/^[\w.-]+$/.test(name) || name.startsWith(".")) {
    throw wrong("--name", "letters, digits, '-', '_' and '.'", name);
  }
  return { name, out: resolve(options.out ?? join(config.data_dir, "backtests", name)) };
}

/** Changes to the book's parameters, or to the preset's. */
function parametersFrom(
  { param, preset }: RunOptions,
  declared: Parameters,
  usual: Parameters,
): Parameters {
  const entries = param.map((setting) => {
    const at = setting.indexOf("=");
    if (at < 1) throw wrong("--param", "name=value", setting);
    const name = setting.slice(0, at);
    return [name, valueFrom(setting.slice(at + 1), declared[name])] as const;
  });
  return { ...(preset === undefined ? usual : { preset }), ...Object.fromEntries(entries) };
}

/** `declared`: the parameter's default, which gives the type; a text may look like a number or a boolean. */
export function valueFrom(text: string, declared: ParameterValue | undefined): ParameterValue {
  if (typeof declared === "string") return text;
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}

export function numberFrom(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && least <= value) return value;
  throw wrong(flag, least === -Infinity ? "a number" : `a number of at least ${least}`, text);
}

/** The inverse of parsing a convention. */
export function fillsText(convention: FillConvention): string {
  return convention.kind === "latency" ? `latency:${convention.latencyMs}` : convention.kind;
}

function fillsFrom(text: string): FillConvention {
  const convention = conventionFrom(text);
  if (convention === null) throw wrong("--fills", "same_scan, next_scan or latency:MS", text);
  return convention;
}
