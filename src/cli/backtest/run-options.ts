/** What all backtest verbs are told alike: archive, days, strategy, parameters, fills, costs. */
import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import type { ArchiveRange } from "../../adapters/backtest/archive-chunks.ts";
import {
  DEFAULT_STRATEGY,
  loadStrategy,
  type LoadedStrategy,
} from "../../adapters/backtest/load-strategy.ts";
import type { Config } from "../../config.ts";
import {
  conventionFrom,
  DEFAULT_RUN_SETTINGS,
  type RunSettings,
} from "../../domain/backtest/run-settings.ts";
import { messageOf } from "../../domain/failure.ts";
import { isDayFolder } from "../../domain/scan/archive-names.ts";
import type { FillConvention } from "../../domain/trading/broker/paper-broker.ts";
import { limitsFor } from "../../domain/trading/configuration.ts";
import { POSTURES, type Posture } from "../../domain/trading/posture.ts";
import type { Parameters, ParameterValue } from "../../domain/trading/strategy.ts";
import { CliError, EXIT_USAGE } from "../context.ts";

export type RunOptions = {
  readonly archive?: string;
  readonly from?: string;
  readonly to?: string;
  readonly strategy: string;
  readonly preset?: string;
  readonly param: readonly string[];
  readonly posture: string;
  readonly fills: string;
  readonly capital: string;
  readonly feeBps: string;
  readonly slippageBps: string;
  readonly seed: string;
  readonly name?: string;
  readonly out?: string;
  readonly json: boolean;
};

const ID_DIGITS = 8;

export function addRunOptions(command: Command): Command {
  const usual = DEFAULT_RUN_SETTINGS;
  return command
    .option("--archive <dir>", "the archive")
    .option("--from <day>", "first day, as 2026-03-25")
    .option("--to <day>", "last day")
    .option("--strategy <name>", "a built-in strategy, or the file of your own", DEFAULT_STRATEGY)
    .option("--preset <name>", "one of the strategy's presets")
    .option("--param <name=value>", "a parameter of the strategy; may be repeated", collect, [])
    .option("--posture <posture>", `configured posture: ${POSTURES.join(", ")}`, usual.posture)
    .option("--fills <convention>", "same_scan, next_scan or latency:MS", "next_scan")
    .option("--capital <amount>", "cash at the start", String(usual.capital))
    .option("--fee-bps <bps>", "fee a side", String(usual.feeBps))
    .option("--slippage-bps <bps>", "slippage a side", String(usual.slippageBps))
    .option("--seed <number>", "of the paper broker", String(usual.seed))
    .option("--name <name>", "what the run is called; default: strategy and a hash of its settings")
    .option("--out <dir>", "where its files go; default: <data-dir>/backtests/<name>")
    .option("--json", "print as JSON", false);
}

export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** @throws {CliError} for bad usage. */
export function settingsFrom(options: RunOptions): RunSettings {
  const posture = POSTURES.find((one) => one === options.posture.toUpperCase());
  if (posture === undefined) throw wrong("--posture", POSTURES.join(", "), options.posture);
  const preset: Parameters = options.preset === undefined ? {} : { preset: options.preset };
  const capital = numberFrom("--capital", options.capital, Number.MIN_VALUE);
  return {
    ...DEFAULT_RUN_SETTINGS,
    parameters: { ...preset, ...Object.fromEntries(options.param.map(parameterFrom)) },
    posture: posture satisfies Posture,
    convention: fillsFrom(options.fills),
    capital,
    limits: limitsFor(capital),
    feeBps: numberFrom("--fee-bps", options.feeBps, 0),
    slippageBps: numberFrom("--slippage-bps", options.slippageBps, 0),
    seed: numberFrom("--seed", options.seed, -Infinity),
  };
}

export function rangeFrom(options: RunOptions, config: Config): ArchiveRange {
  return {
    archive: config.archive,
    from: dayFrom("--from", options.from),
    to: dayFrom("--to", options.to),
  };
}

function dayFrom(flag: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  if (!isDayFolder(value)) throw wrong(flag, "a day such as 2026-03-25", value);
  return value;
}

/** Loads it and starts it once, so that a wrong parameter is bad usage and no failed run. */
export async function strategyFrom(
  options: RunOptions,
  settings: RunSettings,
): Promise<LoadedStrategy> {
  try {
    const loaded = await loadStrategy(options.strategy);
    loaded.choice.start(settings.parameters);
    return loaded;
  } catch (error) {
    throw new CliError(messageOf(error), EXIT_USAGE);
  }
}

/** The name and folder of a run: the same for the same question. */
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

export function parameterFrom(setting: string): readonly [string, ParameterValue] {
  const at = setting.indexOf("=");
  if (at < 1) throw wrong("--param", "name=value", setting);
  return [setting.slice(0, at), valueFrom(setting.slice(at + 1))];
}

export function valueFrom(text: string): ParameterValue {
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}

export function numberFrom(flag: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && least <= value) return value;
  throw wrong(flag, least === -Infinity ? "a number" : `a number of at least ${least}`, text);
}

export function wrong(flag: string, expected: string, found: string): CliError {
  return new CliError(`${flag} takes ${expected}, was '${found}'`, EXIT_USAGE);
}

/** The way back from a convention to what is typed. */
export function fillsText(convention: FillConvention): string {
  return convention.kind === "latency" ? `latency:${convention.latencyMs}` : convention.kind;
}

function fillsFrom(text: string): FillConvention {
  const convention = conventionFrom(text);
  if (convention === null) throw wrong("--fills", "same_scan, next_scan or latency:MS", text);
  return convention;
}
