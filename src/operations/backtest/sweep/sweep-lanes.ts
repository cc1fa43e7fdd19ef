/**
 * Distributes a sweep's trials over threads. Scans are decoded once, into memory that all threads share; a slot is
 * reused when every thread has finished with it. Invariant: outcomes come in the order of the trials, whatever the
 * number of threads.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { ScanChunk } from "../../../domain/backtest/backtest-run.ts";
import {
  startTrials,
  type Trial,
  type TrialOutcome,
} from "../../../domain/backtest/sweep/trial.ts";
import type { LoadedStrategy } from "../../../adapters/strategy-file/load-strategy.ts";
import { sliceOfChunk } from "../../../domain/backtest/chunk-slice.ts";

export type LaneBrief = {
  readonly strategySource: string;
  /** The file's hash when the sweep began; undefined for a built-in strategy. */
  readonly fileHash: string | undefined;
  readonly codeVersion: string;
  readonly dataHash: string;
};

type Buffers = Omit<ScanChunk, "assets" | "count" | "eigenvalueCount">;

export type LaneCommand =
  | { readonly kind: "begin"; readonly trials: readonly Trial[] }
  | {
      readonly kind: "chunk";
      readonly slot: number;
      readonly count: number;
      /** Null: unchanged. */
      readonly assets: readonly string[] | null;
      readonly eigenvalueCount: number;
      readonly funding: NonNullable<ScanChunk["funding"]>;
      readonly features: NonNullable<ScanChunk["features"]>;
      readonly books: NonNullable<ScanChunk["books"]>;
      readonly buffers: Buffers;
    }
  | { readonly kind: "finish" };

export type LaneNews =
  | { readonly kind: "ready" }
  | { readonly kind: "fed"; readonly slot: number }
  | { readonly kind: "outcomes"; readonly outcomes: readonly (TrialOutcome | null)[] };

export type ScanChunks = AsyncIterable<ScanChunk> | Iterable<ScanChunk>;

type LaneHooks = {
  readonly onProgress: (scans: number) => void;
  readonly signal: AbortSignal;
};

export type Lanes = {
  /** One call after another. @throws when a thread fails; then nothing runs any more. */
  readonly run: (
    trials: readonly Trial[],
    source: ScanChunks,
    hooks: LaneHooks,
  ) => Promise<readonly (TrialOutcome | null)[]>;
  readonly close: () => Promise<void>;
};

export type LanesOptions = {
  readonly strategy: LoadedStrategy;
  readonly codeVersion: string;
  readonly dataHash: string;
  readonly workers: number;
};

/** Small enough that its prices stay in a core's cache while every trial steps through them. */
const CHUNK_DOUBLES = 65_536;
/** How far the decoder may be ahead of the slowest thread. */
const SLOTS = 4;
/** Young generation of a thread's heap in MB: V8's default of 48 is no faster. */
const YOUNG_MB_MAX = 12;

/** Resolves when every thread has loaded its strategy. */
export async function openLanes(options: LanesOptions): Promise<Lanes> {
  const count = Math.max(1, options.workers);
  if (count === 1) return oneLane(options);
  const opening = Array.from({ length: count }, () => openThread(options));
  const threads = await Promise.all(opening).catch(async (error: unknown) => {
    await endOpened(opening);
    throw error;
  });
  return {
    async run(trials, source, hooks) {
      for (const [lane, thread] of threads.entries()) {
        thread.begin(trials.filter((_, at) => at % count === lane));
      }
      const carriedCount = carriedCountOf(options, trials);
      await feedThreads({ threads, carriedCount }, source, hooks);
      const shares = await Promise.all(threads.map((thread) => thread.finish()));
      return trials.map((_, at) => shares[at % count]![Math.floor(at / count)] ?? null);
    },
    async close() {
      await Promise.all(threads.map((thread) => thread.end()));
    },
  };
}

/** A thread that waits for its first command would keep the process alive. */
async function endOpened(opening: readonly Promise<Thread>[]): Promise<void> {
  for (const one of await Promise.allSettled(opening)) {
    if (one.status === "fulfilled") await one.value.end();
  }
}

function oneLane({ strategy, codeVersion, dataHash }: LanesOptions): Lanes {
  return {
    async run(trials, source, { onProgress, signal }) {
      const ground = { strategy: strategy.choice, codeVersion, dataHash };
      const started = startTrials(trials, ground);
      const carriedCount = carriedCountOf({ strategy }, trials);
      let scans = 0;
      for await (const chunk of source) {
        for (const piece of piecesOf(chunk, carriedCount)) {
          // Many trials make a slot take long: signals are handled between two of them.
          await nextTurn();
          signal.throwIfAborted();
          started.feed(piece);
          scans += piece.count;
          onProgress(scans);
        }
      }
      return started.finish();
    },
    close: () => Promise.resolve(),
  };
}

function carriedCountOf(
  { strategy }: Pick<LanesOptions, "strategy">,
  [first]: readonly Trial[],
): number {
  return first === undefined ? 0 : strategy.choice.start(first.settings.parameters).carried.length;
}

function* piecesOf(chunk: ScanChunk, carriedCount: number): Generator<ScanChunk> {
  const rows = Math.max(1, Math.floor(CHUNK_DOUBLES / chunk.assets.length));
  for (let first = 0; first < chunk.count; first += rows) {
    const count = Math.min(rows, chunk.count - first);
    yield sliceOfChunk(chunk, { first, count, carriedCount });
  }
}

type Thread = {
  readonly begin: (trials: readonly Trial[]) => void;
  readonly send: (command: LaneCommand) => void;
  /** Settles when the thread has finished that many chunks since it began; rejects when it fails. */
  readonly fed: (chunks: number) => Promise<void>;
  readonly finish: () => Promise<readonly (TrialOutcome | null)[]>;
  readonly end: () => Promise<number>;
};

async function openThread(options: LanesOptions): Promise<Thread> {
  const { strategy, codeVersion, dataHash } = options;
  const { source: strategySource, choice } = strategy;
  const brief: LaneBrief = { strategySource, fileHash: choice.fileHash, codeVersion, dataHash };
  const worker = new Worker(new URL("./sweep-lane-thread.ts", import.meta.url), {
    workerData: brief,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB_MAX },
  });
  let fedChunks = 0;
  let outcomes: readonly (TrialOutcome | null)[] | null = null;
  let failure: Error | null = null;
  let isReady = false;
  let wake: (() => void) | null = null;
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) {
      if (failure !== null) throw failure;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  worker.on("message", (news: LaneNews) => {
    if (news.kind === "ready") isReady = true;
    if (news.kind === "fed") fedChunks += 1;
    if (news.kind === "outcomes") ({ outcomes } = news);
    wake?.();
  });
  worker.on("error", (error) => {
    failure = error instanceof Error ? error : new Error(String(error));
    wake?.();
  });
  worker.on("exit", (code) => {
    failure ??= new Error(`a thread of the sweep ended early (${code})`);
    wake?.();
  });
  await until(() => isReady);
  return {
    begin(trials) {
      fedChunks = 0;
      outcomes = null;
      worker.postMessage({ kind: "begin", trials } satisfies LaneCommand);
    },
    send: (command) => worker.postMessage(command),
    fed: (chunks) => until(() => chunks <= fedChunks),
    async finish() {
      worker.postMessage({ kind: "finish" } satisfies LaneCommand);
      await until(() => outcomes !== null);
      const taken = outcomes ?? [];
      outcomes = null;
      return taken;
    },
    end: () => worker.terminate(),
  };
}

async function feedThreads(
  { threads, carriedCount }: { readonly threads: readonly Thread[]; readonly carriedCount: number },
  source: ScanChunks,
  { onProgress, signal }: LaneHooks,
): Promise<void> {
  const slots: Buffers[] = [];
  let sent = 0;
  let scans = 0;
  let universe: readonly string[] | null = null;
  for await (const chunk of source) {
    for (const piece of piecesOf(chunk, carriedCount)) {
      signal.throwIfAborted();
      const slot = sent % SLOTS;
      if (SLOTS <= sent) {
        await Promise.all(threads.map((thread) => thread.fed(sent - SLOTS + 1)));
      }
      slots[slot] = copied(piece, carriedCount, slots[slot]);
      const { count, assets, eigenvalueCount, funding = [], features = [], books = [] } = piece;
      const news = assets === universe ? null : assets;
      universe = assets;
      for (const thread of threads) {
        thread.send({
          kind: "chunk",
          slot,
          count,
          assets: news,
          eigenvalueCount,
          funding,
          features,
          books,
          buffers: slots[slot],
        });
      }
      sent += 1;
      scans += count;
      onProgress(scans);
    }
  }
}

function copied(chunk: ScanChunk, carriedCount: number, old: Buffers | undefined): Buffers {
  const { count, assets, eigenvalueCount, asOfMs, scanNumbers } = chunk;
  return {
    timesMs: shared(chunk.timesMs, count, old?.timesMs),
    ...(asOfMs === undefined ? {} : { asOfMs: shared(asOfMs, count, old?.asOfMs) }),
    ...(scanNumbers === undefined
      ? {}
      : { scanNumbers: shared(scanNumbers, count, old?.scanNumbers) }),
    prices: shared(chunk.prices, count * assets.length, old?.prices),
    eigenvalues: shared(chunk.eigenvalues, count * eigenvalueCount, old?.eigenvalues),
    carried: shared(chunk.carried, count * carriedCount, old?.carried),
  };
}

/** Into shared memory; reuses the old buffer where it is large enough. */
function shared(values: Float64Array, length: number, old: Float64Array | undefined): Float64Array {
  const target =
    old !== undefined && length <= old.length
      ? old
      : new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
  target.set(values.subarray(0, length));
  return target;
}
