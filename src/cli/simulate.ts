/** `dolphin simulate`: writes scan files at a rate, in place of DolphinNG6. */
import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { compactHeapLater } from "../adapters/process/compact-heap.ts";
import { WRITE_MODES, type WriteMode } from "../adapters/archive/scan-file-writer.ts";
import { MS_PER_SECOND, US_PER_MS } from "../domain/time.ts";
import { parsePriceTable, type PriceTable } from "../wire/price-table.ts";
import type { Config } from "../config.ts";
import { parseDuration } from "./parse-duration.ts";
import { EXIT_USAGE } from "../domain/supervision/exit-codes.ts";
import { addSimulateFeeds } from "./simulate/simulate-feeds.ts";
import {
  type ScanPrices,
  simulatedPrices,
  replayedPrices,
  writeScans,
} from "./simulate/scan-simulation.ts";

type SimulateOptions = {
  readonly out?: string;
  readonly rate?: number;
  readonly assets?: number;
  readonly seed?: number;
  readonly count?: number;
  readonly mode: WriteMode;
  readonly pause: number;
  readonly restartEvery?: number;
  readonly outageEvery?: number;
  readonly outageFor?: number;
  readonly prices?: string;
  readonly firstNumber: number;
  readonly backlog: number;
  readonly skip: number;
  readonly startTime?: number;
  readonly json: boolean;
};

const ASSETS_MAX = 10_000;
const RATE_MAX = 1_000;

export function addSimulateCommand(program: Command): void {
  const command = program.command("simulate");
  addSimulateFeeds(command);
  command
    .description("write scan files at a rate, as the upstream engine does")
    .option(
      "--out <dir>",
      "the archive, in which day folders are created (default: the configured one)",
    )
    .option("--rate <n>", "scans a second (default: 2)", numberIn(0.001, RATE_MAX))
    .option("--assets <n>", "assets (default: 50, or all of --prices)", assetCount)
    .option(
      "--seed <n>",
      "same seed, same prices (default: 1)",
      wholeIn(0, Number.MAX_SAFE_INTEGER),
    )
    .option("--count <n>", "stop after this many scans (default: never)", wholeIn(1, 1e9))
    .option("--backlog <n>", "write this many at once first", wholeIn(0, 1e9), 0)
    .option("--skip <n>", "continue as if this many had been written", wholeIn(0, 1e6), 0)
    .option("--first-number <n>", "scan_number of the first scan", wholeIn(0, 1e15), 1)
    .option("--restart-every <n>", "start scan_number again after this many scans", wholeIn(1, 1e9))
    .option("--outage-every <time>", "stop writing after each such period (60s)", parseDuration)
    .option("--outage-for <time>", "how long each such outage lasts", parseDuration)
    .addOption(
      new Option("--mode <mode>", "how files appear").choices(WRITE_MODES).default("rename"),
    )
    .option(
      "--pause <seconds>",
      "mode slow: how long a file stays half-written",
      numberIn(0, 3600),
      0.3,
    )
    .option("--prices <csv>", "replay closes: a column 'timestamp', then one column per asset")
    .option(
      "--start-time <iso>",
      "time of the first scan; later ones follow at the rate (default: now)",
      instant,
    )
    .option("--json", "print the totals as one JSON line at the end", false)
    .action(simulate);
}

async function simulate(options: SimulateOptions, command: Command): Promise<void> {
  if ((options.outageEvery === undefined) !== (options.outageFor === undefined)) {
    command.error("error: --outage-every and --outage-for go together; give both", {
      exitCode: EXIT_USAGE,
    });
  }
  const settings = await settingsOf(options, command);
  const { archive } = settings;
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  compactHeapLater();
  const totals = await writeScans({
    archive,
    source: await sourceOf(options, settings),
    pace: {
      rate: settings.rate,
      outage:
        options.outageEvery === undefined
          ? null
          : { everyMs: options.outageEvery, forMs: options.outageFor! },
    },
    writing: { mode: options.mode, pauseMs: options.pause * MS_PER_SECOND },
    count: options.count ?? Infinity,
    backlog: options.backlog,
    skip: options.skip,
    firstNumber: options.firstNumber,
    restartEvery: options.restartEvery ?? null,
    startMicros: options.startTime === undefined ? null : options.startTime * US_PER_MS,
    stop: stop.signal,
    report: (line) => process.stderr.write(`simulate: ${line}\n`),
  });
  process.stdout.write(
    options.json
      ? `${JSON.stringify(totals)}\n`
      : `${totals.written} scans written to ${archive}\n`,
  );
}

type Settings = Pick<Config["simulator"], "assets" | "rate" | "seed"> & {
  readonly archive: string;
};

/** If all options are given, the configuration is not loaded, which saves a long-running process 10 MB. */
async function settingsOf(
  { out, assets, rate, seed }: SimulateOptions,
  command: Command,
): Promise<Settings> {
  if (out !== undefined && assets !== undefined && rate !== undefined && seed !== undefined) {
    return { archive: out, assets, rate, seed };
  }
  const { openContext } = await import("./context.ts");
  const { archive, simulator } = openContext(command).config;
  return {
    archive: out ?? archive,
    assets: assets ?? simulator.assets,
    rate: rate ?? simulator.rate,
    seed: seed ?? simulator.seed,
  };
}

async function sourceOf(
  { prices, assets }: SimulateOptions,
  settings: Settings,
): Promise<ScanPrices> {
  if (prices === undefined) return simulatedPrices(settings.assets, settings.seed);
  const { CliError } = await import("./context.ts");
  let table: PriceTable;
  try {
    table = parsePriceTable(readFileSync(prices, "utf8"));
  } catch (error) {
    throw new CliError(`--prices ${prices}: ${messageOf(error)}`, EXIT_USAGE);
  }
  if (assets !== undefined && assets > table.assets.length) {
    throw new CliError(
      `--prices ${prices} has ${table.assets.length} assets; --assets may be at most that`,
      EXIT_USAGE,
    );
  }
  return replayedPrices(table, assets ?? table.assets.length);
}

const assetCount = wholeIn(2, ASSETS_MAX);

function numberIn(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(least <= value && value <= most)) {
      throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
    }
    return value;
  };
}

function wholeIn(least: number, most: number): (text: string) => number {
  const parse = numberIn(least, most);
  return (text) => {
    const value = parse(text);
    if (!Number.isInteger(value)) throw new InvalidArgumentError("It must be a whole number.");
    return value;
  };
}

function instant(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError("It must be a time such as 2026-03-25T10:00:00Z.");
  }
  return ms;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
