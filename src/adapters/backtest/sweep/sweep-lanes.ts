/**
 * A sweep's trials dealt out to threads. The scans are decoded once, into memory that all threads
 * share; a piece of it is used again when every thread is done with it.
 *
 * Invariant: outcomes come in the order of the trials, whatever the number of threads.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import type { ScanChunk } from "../../../domain/backtest/backtest.ts";
import { startTrials, type Trial, type TrialOutcome } from "../../../domain/backtest/trial.ts";
import type { LoadedStrategy } from "../load-strategy.ts";
import { sliceOfChunk } from "../../../domain/backtest/chunk-slice.ts";

export type LaneBrief = {
  readonly strategySource: string;
  readonly codeVersion: string;
  readonly dataHash: string;
  readonly trials: readonly Trial[];
};

type Buffers = Pick<ScanChunk, "timesMs" | "prices" | "eigenvalues" | "carried">;

export type LaneCommand =
  | {
      readonly kind: "chunk";
      readonly slot: number;
      readonly count: number;
      /** Null: as before. */
      readonly assets: readonly string[] | null;
      readonly eigenvalueCount: number;
      readonly buffers: Buffers;
    }
  | { readonly kind: "finish" };

export type LaneNews =
  | { readonly kind: "ready" }
  | { readonly kind: "fed"; readonly slot: number }
  | { readonly kind: "outcomes"; readonly outcomes: readonly (TrialOutcome | null)[] };

export type ChunkSource = AsyncIterable<ScanChunk> | Iterable<ScanChunk>;

export type Lanes = {
  /** Once. @throws when a thread fails; all have ended then. */
  readonly run: (
    source: ChunkSource,
    hooks: { readonly onProgress: (scans: number) => void; readonly signal: AbortSignal },
  ) => Promise<readonly (TrialOutcome | null)[]>;
};

export type LanesOptions = {
  readonly strategy: LoadedStrategy;
  readonly codeVersion: string;
  readonly dataHash: string;
  readonly trials: readonly Trial[];
  readonly workers: number;
};

/** Small enough that its prices stay in a core's cache while every trial steps through them. */
const CHUNK_DOUBLES = 65_536;
/** How far the decoder may be ahead of the slowest thread. */
const SLOTS = 4;

/** Resolves when every thread has loaded its strategy. */
export async function openLanes(options: LanesOptions): Promise<Lanes> {
  const { workers, trials } = options;
  const count = Math.max(1, Math.min(workers, trials.length));
  if (count === 1) return oneLane(options);
  const threads = await Promise.all(
    Array.from({ length: count }, (_, lane) =>
      openThread(
        options,
        trials.filter((__, at) => at % count === lane),
      ),
    ),
  );
  return {
    async run(source, hooks) {
      try {
        await feedThreads(threads, source, hooks);
        const shares = await Promise.all(threads.map((thread) => thread.finish()));
        return trials.map((_, at) => shares[at % count]![Math.floor(at / count)] ?? null);
      } finally {
        await Promise.all(threads.map((thread) => thread.end()));
      }
    },
  };
}

function oneLane({ strategy, codeVersion, dataHash, trials }: LanesOptions): Lanes {
  return {
    async run(source, { onProgress, signal }) {
      const ground = { strategy: strategy.choice, codeVersion, dataHash };
      const started = startTrials(trials, ground);
      const carriedCount = carriedCountOf({ strategy, trials });
      let scans = 0;
      for await (const chunk of source) {
        for (const piece of piecesOf(chunk, carriedCount)) {
          // Many trials make a piece long: signals are heard between two of them.
          await nextTurn();
          signal.throwIfAborted();
          started.feed(piece);
          scans += piece.count;
          onProgress(scans);
        }
      }
      return started.finish();
    },
  };
}

function carriedCountOf({ strategy, trials }: Pick<LanesOptions, "strategy" | "trials">): number {
  const [first] = trials;
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
  readonly carriedCount: number;
  readonly send: (command: LaneCommand) => void;
  /** Settles when the thread is done with that many chunks; rejects when it fails. */
  readonly fed: (chunks: number) => Promise<void>;
  readonly finish: () => Promise<readonly (TrialOutcome | null)[]>;
  readonly end: () => Promise<number>;
};

async function openThread(options: LanesOptions, trials: readonly Trial[]): Promise<Thread> {
  const { strategy, codeVersion, dataHash } = options;
  const brief: LaneBrief = { strategySource: strategy.source, codeVersion, dataHash, trials };
  const worker = new Worker(new URL("./sweep-lane-thread.ts", import.meta.url), {
    workerData: brief,
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
    carriedCount: carriedCountOf(options),
    send: (command) => worker.postMessage(command),
    fed: (chunks) => until(() => chunks <= fedChunks),
    async finish() {
      worker.postMessage({ kind: "finish" } satisfies LaneCommand);
      await until(() => outcomes !== null);
      return outcomes ?? [];
    },
    end: () => worker.terminate(),
  };
}

async function feedThreads(
  threads: readonly Thread[],
  source: ChunkSource,
  { onProgress, signal }: Parameters<Lanes["run"]>[1],
): Promise<void> {
  const carriedCount = threads[0]?.carriedCount ?? 0;
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
      const { count, assets, eigenvalueCount } = piece;
      const news = assets === universe ? null : assets;
      universe = assets;
      for (const thread of threads) {
        thread.send({
          kind: "chunk",
          slot,
          count,
          assets: news,
          eigenvalueCount,
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
  const { count, assets, eigenvalueCount } = chunk;
  return {
    timesMs: shared(chunk.timesMs, count, old?.timesMs),
    prices: shared(chunk.prices, count * assets.length, old?.prices),
    eigenvalues: shared(chunk.eigenvalues, count * eigenvalueCount, old?.eigenvalues),
    carried: shared(chunk.carried, count * carriedCount, old?.carried),
  };
}

/** Into memory that all threads see, the old one where it is large enough. */
function shared(values: Float64Array, length: number, old: Float64Array | undefined): Float64Array {
  const target =
    old !== undefined && length <= old.length
      ? old
      : new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT));
  target.set(values.subarray(0, length));
  return target;
}
