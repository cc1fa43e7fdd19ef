/** `dolphin simulate`: writes scan files at a rate, in the place of DolphinNG6. */
import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { WRITE_MODES, type WriteMode } from "../adapters/archive/scan-file-writer.ts";
import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND, US_PER_MS } from "../domain/time.ts";
import { parsePriceTable } from "../wire/price-table.ts";
import { simulatedPrices, replayedPrices, writeScans } from "./scan-simulation.ts";

type SimulateOptions = {
  readonly out: string;
  readonly rate: number;
  readonly assets?: number;
  readonly seed: number;
  readonly count?: number;
  readonly mode: WriteMode;
  readonly pause: number;
  readonly restartEvery?: number;
  readonly outageEvery?: number;
  readonly outageFor?: number;
  readonly prices?: string;
  readonly firstNumber: number;
  readonly backlog: number;
  readonly startTime?: number;
  readonly json: boolean;
};

const ASSETS_DEFAULT = 50;
const ASSETS_MAX = 10_000;
const RATE_MAX = 1_000;

export function addSimulateCommand(program: Command): void {
  program
    .command("simulate")
    .description("write scan files at a rate, as the upstream engine does")
    .requiredOption("--out <dir>", "the archive; day folders are made below it")
    .option("--rate <n>", `scans a second, at most ${RATE_MAX}`, numberIn(0.001, RATE_MAX), 2)
    .option("--assets <n>", `assets (default: ${ASSETS_DEFAULT}, or all of --prices)`, assetCount)
    .option("--seed <n>", "same seed, same prices", wholeIn(0, Number.MAX_SAFE_INTEGER), 1)
    .option("--count <n>", "stop after this many scans (default: never)", wholeIn(1, 1e9))
    .option("--backlog <n>", "write this many at once first", wholeIn(0, 1e9), 0)
    .option("--first-number <n>", "scan_number of the first", wholeIn(0, 1e15), 1)
    .option("--restart-every <n>", "the number starts again after n scans", wholeIn(1, 1e9))
    .option("--outage-every <time>", "fall silent after each such time of work (60s)", duration)
    .option("--outage-for <time>", "for this long", duration)
    .addOption(
      new Option("--mode <mode>", "how files appear").choices(WRITE_MODES).default("rename"),
    )
    .option("--pause <seconds>", "mode slow: a file stays half-written", numberIn(0, 3600), 0.3)
    .option("--prices <csv>", "replay closes: a column 'timestamp', then one an asset")
    .option("--start-time <iso>", "first scan's time, then on by the rate (default: now)", instant)
    .option("--json", "print the totals as one JSON line at the end", false)
    .action(simulate);
}

async function simulate(options: SimulateOptions, command: Command): Promise<void> {
  if ((options.outageEvery === undefined) !== (options.outageFor === undefined)) {
    command.error("error: --outage-every and --outage-for go together; give both", {
      exitCode: 64,
    });
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const totals = await writeScans({
    archive: options.out,
    source: sourceOf(options),
    pace: {
      rate: options.rate,
      outage:
        options.outageEvery === undefined
          ? null
          : { everyMs: options.outageEvery, forMs: options.outageFor! },
    },
    writing: { mode: options.mode, pauseMs: options.pause * MS_PER_SECOND },
    count: options.count ?? Infinity,
    backlog: options.backlog,
    firstNumber: options.firstNumber,
    restartEvery: options.restartEvery ?? null,
    startMicros: options.startTime === undefined ? null : options.startTime * US_PER_MS,
    stop: stop.signal,
    report: (line) => process.stderr.write(`simulate: ${line}\n`),
  });
  process.stdout.write(
    options.json
      ? `${JSON.stringify(totals)}\n`
      : `${totals.written} scans written to ${options.out}\n`,
  );
}

function sourceOf({ prices, assets, seed }: SimulateOptions) {
  if (prices === undefined) return simulatedPrices(assets ?? ASSETS_DEFAULT, seed);
  let table;
  try {
    table = parsePriceTable(readFileSync(prices, "utf8"));
  } catch (error) {
    throw new Error(`--prices ${prices}: ${messageOf(error)}`, { cause: error });
  }
  if (assets !== undefined && assets > table.assets.length) {
    throw new Error(
      `--prices ${prices}: has ${table.assets.length} assets, --assets asked for ${assets}; ask for fewer`,
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

const UNIT_MS = new Map([
  ["ms", 1],
  ["s", MS_PER_SECOND],
  ["m", MS_PER_MINUTE],
  ["h", MS_PER_HOUR],
]);

function duration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(amount) * (UNIT_MS.get(unit ?? "") ?? NaN);
  if (!(ms > 0)) throw new InvalidArgumentError("It must be a time such as 500ms, 60s, 5m or 1h.");
  return ms;
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
