/**
 * Runs a sweep's trials in waves: as many at a time as memory allows, each wave in its own pass over the scans.
 * Outcomes are delivered when their wave ends, and not retained. Invariant: memory depends on the budget and not on
 * the number of trials; every wave sees the scans of the first pass.
 */
import { serialize, setFlagsFromString } from "node:v8";
import type { ScanChunk } from "../../../domain/backtest/backtest-run.ts";
import type { RunSettings } from "../../../domain/backtest/run-settings.ts";
import { sliceOfChunk } from "../../../domain/backtest/chunk-slice.ts";
import type { Trial, TrialOutcome } from "../../../domain/backtest/sweep/trial.ts";
import type { Parameters } from "../../../domain/trading/strategy.ts";
import type { PassCounts } from "../../../wire/backtest/run-checkpoint.ts";
import { openArchivePass, type ArchivePass, type ArchiveRange } from "../archive-chunks.ts";
import { BacktestRefused } from "../backtest-refused.ts";
import type { LoadedStrategy } from "../../../adapters/strategy-file/load-strategy.ts";
import { describeRange, type BacktestHooks } from "../run-backtest.ts";
import { openLanes } from "./sweep-lanes.ts";

/** Created one by one, when their wave comes. */
export type TrialRow = { readonly count: number; readonly at: (place: number) => Trial };

export type ScansRead = { readonly dataHash: string; readonly read: PassCounts };

export type WavesOrder = {
  readonly range: ArchiveRange;
  readonly strategy: LoadedStrategy;
  readonly settings: Pick<RunSettings, "parameters" | "ageBudgetsMs">;
  readonly codeVersion: string;
  /** Number of threads. */
  readonly workers: number;
  /** The result of an earlier pass; null: there was none. */
  readonly known: ScansRead | null;
  /** Memory limit of the trials that run at the same time, in bytes. */
  readonly liveBytesMax?: number;
};

/** Called with each trial's place; null for a trial without scans in its span. */
export type OutcomeListener = (place: number, outcome: TrialOutcome | null) => void;

const LIVE_BYTES_MAX = 12 * 1_048_576;
/** Memory of a trial without its windows and its strategy's memory: books, tallies, one number a day. */
const TRIAL_BYTES = 16_384;
const NO_HASH_YET = "";
/**
 * Trials leave much short-lived garbage, and by default the heap may grow fourfold before a full collection: this
 * limits its growth. Measured: a third of the memory, no more time.
 */
const HEAP_GROWTH_PERCENT = 40;

/** @throws {BacktestRefused} for an archive that has no scans, is out of order, or differs from the first pass. */
export async function runWaves(
  order: WavesOrder,
  row: TrialRow,
  { hooks, onOutcome }: { readonly hooks: BacktestHooks; readonly onOutcome: OutcomeListener },
): Promise<ScansRead> {
  const { range, strategy, codeVersion } = order;
  const { inputs } = strategy.choice.start(order.settings.parameters);
  const waves = await wavesOf(order, row);
  const workers = Math.min(order.workers, row.count);
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`);
  const lanes = await openLanes({ strategy, codeVersion, dataHash: NO_HASH_YET, workers });
  let { known } = order;
  try {
    for (const [wave, { from, to }] of waves.entries()) {
      const trials = Array.from({ length: to - from }, (_, at) => row.at(from + at));
      // A faulty file is reported only once.
      const pass = openArchivePass(
        { ...range, inputs, budgetsMs: order.settings.ageBudgetsMs },
        known === null ? hooks.onProblem : () => {},
      );
      const before = (wave * (known?.read.scans ?? 0)) / waves.length;
      const outcomes = await lanes.run(trials, scansOf(pass, known, trials), {
        signal: hooks.signal,
        onProgress: (scans) => hooks.onProgress(Math.round(before + scans / waves.length)),
      });
      if (known === null) known = readIn(pass, range);
      else expectSame(pass, known);
      pass.recorded.close();
      for (const [at, outcome] of outcomes.entries()) onOutcome(from + at, outcome);
    }
  } finally {
    await lanes.close();
    setFlagsFromString("--heap-growing-percent=0");
  }
  if (known === null) throw new BacktestRefused("the sweep has no trials");
  return known;
}

type Wave = { readonly from: number; readonly to: number };

async function wavesOf(order: WavesOrder, row: TrialRow): Promise<readonly Wave[]> {
  const { strategy, workers, liveBytesMax = LIVE_BYTES_MAX } = order;
  const assets = await assetsIn(order.range);
  const bytesBySet = new Map<Parameters, number>();
  const waves: Wave[] = [];
  let from = 0;
  let bytes = 0;
  for (let place = 0; place < row.count; place += 1) {
    const { parameters } = row.at(place).settings;
    const own = bytesBySet.get(parameters) ?? liveBytesOf(strategy, parameters, assets);
    bytesBySet.set(parameters, own);
    if (liveBytesMax < bytes + own && workers <= place - from) {
      waves.push({ from, to: place });
      [from, bytes] = [place, 0];
    }
    bytes += own;
  }
  if (from < row.count) waves.push({ from, to: row.count });
  return waves;
}

/** An estimate; memory that fills later counts with its initial size. */
function liveBytesOf({ choice }: LoadedStrategy, parameters: Parameters, assets: number): number {
  const { lookBackScans, memory } = choice.start(parameters);
  const windows = (lookBackScans + 1) * assets * Float64Array.BYTES_PER_ELEMENT;
  return TRIAL_BYTES + windows + serialize(memory()).byteLength;
}

/** Number of assets of the first scan. */
async function assetsIn(range: ArchiveRange): Promise<number> {
  for await (const { assets } of openArchivePass(range, () => {}).chunks()) return assets.length;
  return 0;
}

function scansOf(
  pass: ArchivePass,
  known: ScansRead | null,
  trials: readonly Trial[],
): AsyncIterable<ScanChunk> {
  if (known === null) return pass.chunks();
  return cutAt(pass, {
    scansMax: known.read.scans,
    endMs: Math.max(...trials.map(({ toMs }) => toMs)),
  });
}

/** Without scans that arrived after the first pass, and those that no trial needs. */
async function* cutAt(
  pass: ArchivePass,
  { scansMax, endMs }: { readonly scansMax: number; readonly endMs: number },
): AsyncGenerator<ScanChunk> {
  let scans = 0;
  for await (const chunk of pass.chunks()) {
    if (endMs <= chunk.timesMs[0]!) return;
    const count = Math.min(chunk.count, scansMax - scans);
    if (count === 0) return;
    yield count === chunk.count ? chunk : sliceOfChunk(chunk, { first: 0, count, carriedCount: 0 });
    scans += count;
  }
  if (scans < scansMax) throw changed();
}

function readIn(pass: ArchivePass, range: ArchiveRange): ScansRead {
  if (pass.counts.scans === 0) {
    throw new BacktestRefused(`there are no scans in ${describeRange(range)}`);
  }
  pass.expectOrder();
  return { dataHash: pass.dataHash(), read: pass.counts };
}

/** The hash of a pass over more or fewer scans can't be compared. */
function expectSame(pass: ArchivePass, { dataHash, read }: ScansRead): void {
  if (pass.counts.scans !== read.scans || pass.dataHash() === dataHash) return;
  throw changed();
}

function changed(): BacktestRefused {
  return new BacktestRefused("the archive changed while the sweep ran; start it again");
}
