/** Random scripts of faults for the simulation of supervision, each from one seed. */

export type Span = { readonly fromS: number; readonly toS: number };
export type FaultScript = {
  readonly seed: number;
  readonly durationS: number;
  /** Files that lie in the archive at the start. */
  readonly backlog: number;
  readonly fileEveryS: number;
  readonly silences: readonly Span[];
  readonly hangs: readonly Span[];
  readonly missing: readonly Span[];
  readonly hazelcastOutages: readonly Span[];
  /** While one lasts every start crashes: a bad release, a full disk. */
  readonly badStarts: readonly Span[];
  readonly crashes: readonly number[];
  readonly freezes: readonly number[];
  /** The pump wedges until the process ends. */
  readonly wedges: readonly number[];
  /** The loop sticks until the process ends; listings go on beside it. */
  readonly stuckLoops: readonly number[];
  /** Memory grows 2 MB a second until the process ends. */
  readonly leaks: readonly number[];
  readonly workerKills: readonly number[];
  readonly operatorRestarts: readonly number[];
};

/** No fault begins in the last part, so that recovery can be asked for. */
export const QUIET_TAIL_S = 1_500;

export function randomScript(seed: number): FaultScript {
  const random = createRandom(seed);
  const durationS = 3_000 + QUIET_TAIL_S;
  const faultsEndS = durationS - QUIET_TAIL_S;
  const moment = (): number => Math.floor(random() * faultsEndS);
  const span = (longestS: number): Span => {
    const fromS = moment();
    const toS = Math.min(faultsEndS, fromS + Math.ceil(random() * longestS));
    return { fromS, toS };
  };
  const some = <T>(most: number, make: () => T): readonly T[] =>
    random() < 0.5 ? [] : Array.from({ length: Math.ceil(random() * most) }, make);
  return {
    seed,
    durationS,
    backlog: random() < 0.3 ? Math.floor(random() * 5_000) : 0,
    fileEveryS: random() < 0.2 ? 1 : 5,
    silences: some(3, () => span(1_200)),
    hangs: some(3, () => span(600)),
    missing: some(1, () => span(300)),
    hazelcastOutages: some(3, () => span(400)),
    badStarts: some(2, () => span(300)),
    crashes: some(6, moment),
    freezes: some(3, moment),
    wedges: some(3, moment),
    leaks: some(2, moment),
    workerKills: some(2, moment),
    operatorRestarts: some(2, moment),
    stuckLoops: some(3, moment),
  };
}

export function quietScript(durationS: number): FaultScript {
  return {
    seed: 0,
    durationS,
    backlog: 0,
    fileEveryS: 5,
    silences: [],
    hangs: [],
    missing: [],
    hazelcastOutages: [],
    badStarts: [],
    crashes: [],
    freezes: [],
    wedges: [],
    stuckLoops: [],
    leaks: [],
    workerKills: [],
    operatorRestarts: [],
  };
}

export function isWithin(spans: readonly Span[], atS: number): boolean {
  return spans.some((span) => span.fromS <= atS && atS < span.toS);
}

/** mulberry32. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
