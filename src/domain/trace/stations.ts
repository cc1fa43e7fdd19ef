/**
 * The way of a scan as stations with their times. A hop leads from one station with a known time to the next such
 * one, skipping those without. Invariant: the hops add up to the total, whatever is unknown in between.
 */
export const STATIONS = [
  "complete",
  "seen",
  "decoded",
  "pushed",
  "event",
  "decision",
  "order",
  "fill",
] as const;
export type StationName = (typeof STATIONS)[number];

export type Station = {
  readonly name: StationName;
  /** Null: not recorded, or not reached. */
  readonly atUs: number | null;
  /** What happened there, or why its time is not known. */
  readonly says: string;
};

export type Hop = {
  readonly from: StationName;
  readonly to: StationName;
  /** Negative where the ends were timed by two clocks, or by a coarse one. */
  readonly us: number;
  /** Stations in between, whose times are not known. */
  readonly over: readonly StationName[];
};

export type Hops = {
  readonly hops: readonly Hop[];
  /** Null where fewer than two times are known. */
  readonly totalUs: number | null;
};

export function hopsOf(stations: readonly Station[]): Hops {
  const hops: Hop[] = [];
  let from: { readonly name: StationName; readonly atUs: number } | null = null;
  let first: number | null = null;
  let over: StationName[] = [];
  for (const { name, atUs } of stations) {
    if (atUs === null) {
      if (from !== null) over.push(name);
      continue;
    }
    if (from !== null) hops.push({ from: from.name, to: name, us: atUs - from.atUs, over });
    first ??= atUs;
    from = { name, atUs };
    over = [];
  }
  const isWay = from !== null && first !== null && 0 < hops.length;
  return { hops, totalUs: isWay ? from!.atUs - first! : null };
}
