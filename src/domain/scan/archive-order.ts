/**
 * The order of a day's scans where their files' times may be lost: a copy of an archive has the times at
 * which it was made, in whatever order.
 *
 * Invariant: what file times say stands, unless scan numbers and timestamps both say otherwise. A number
 * that falls alone is a writer that began anew, a timestamp that falls alone a clock that was set back.
 */

/** One key for each scan of a day, in the order of the files' times. */
export type DayKeys = {
  readonly numbers: readonly number[];
  readonly timesUs: readonly number[];
};

export type DayOrder = {
  /** Places in the order of file times; null: as it is. */
  readonly order: readonly number[] | null;
  /** Scans whose file came behind that of a scan of higher number and later time. */
  readonly moved: number;
};

export function orderOfDay(keys: DayKeys): DayOrder {
  const late = lateOnes(keys);
  if (late.length === 0) return { order: null, moved: 0 };
  const { numbers, timesUs } = keys;
  const places = numbers.map((_, at) => at);
  const byNumber = (a: number, b: number): number => numbers[a]! - numbers[b]!;
  const byTime = (a: number, b: number): number => timesUs[a]! - timesUs[b]!;
  // Numbers say nothing across a writer's restart, and timestamps nothing across a clock that was set.
  const orders = [
    places.toSorted((a, b) => byNumber(a, b) || byTime(a, b) || a - b),
    places.toSorted((a, b) => byTime(a, b) || byNumber(a, b) || a - b),
    withInserted(keys, late),
  ];
  const falls = orders.map((order) => fallsIn(keys, order));
  return { order: orders[falls.indexOf(Math.min(...falls))]!, moved: late.length };
}

/** Places of the scans that both their number and their time put before one that is there. */
function lateOnes({ numbers, timesUs }: DayKeys): readonly number[] {
  const late: number[] = [];
  let newest = 0;
  for (let at = 1; at < numbers.length; at += 1) {
    const isLate = numbers[at]! < numbers[newest]! && timesUs[at]! < timesUs[newest]!;
    if (isLate) late.push(at);
    else newest = at;
  }
  return late;
}

/** File times order all but the late ones, and each of these goes where its time puts it. */
function withInserted({ timesUs }: DayKeys, late: readonly number[]): readonly number[] {
  const isLate = new Set(late);
  const waiting = late.toSorted((a, b) => timesUs[a]! - timesUs[b]! || a - b);
  const order: number[] = [];
  let next = 0;
  for (let at = 0; at < timesUs.length; at += 1) {
    if (isLate.has(at)) continue;
    while (next < waiting.length && timesUs[waiting[next]!]! < timesUs[at]!) {
      order.push(waiting[next++]!);
    }
    order.push(at);
  }
  return [...order, ...waiting.slice(next)];
}

/**
 * How often a number or a time falls: restarts and clocks that were set, or what is not in order. A time
 * before all that came speaks twice: no clock is set back behind the day's beginning, but numbers that
 * a restart has used again lie so.
 */
function fallsIn({ numbers, timesUs }: DayKeys, order: readonly number[]): number {
  let falls = 0;
  let leastUs = timesUs[order[0]!]!;
  for (let at = 1; at < order.length; at += 1) {
    const [before, here] = [order[at - 1]!, order[at]!];
    if (numbers[here]! < numbers[before]!) falls += 1;
    if (timesUs[here]! < timesUs[before]!) falls += timesUs[here]! < leastUs ? 2 : 1;
    leastUs = Math.min(leastUs, timesUs[here]!);
  }
  return falls;
}

/**
 * When each scan of a day came, from timestamps alone: what most of them agree on, so that one stamp
 * that is far ahead stands alone.
 */
export function agreedTimes(timesUs: readonly number[], toleranceUs: number): readonly number[] {
  const highest: number[] = [];
  for (const timeUs of timesUs) highest.push(Math.max(timeUs, highest.at(-1) ?? -Infinity));
  const lowest = [...timesUs];
  for (let at = lowest.length - 2; 0 <= at; at -= 1) {
    lowest[at] = Math.min(lowest[at]!, lowest[at + 1]!);
  }
  const strays = (agreed: readonly number[]): number =>
    timesUs.filter((timeUs, at) => toleranceUs < Math.abs(timeUs - agreed[at]!)).length;
  return strays(lowest) < strays(highest) ? lowest : highest;
}

/** Whether names count up as the places do: `scan_9` before `scan_10`, padded or not. */
export function areNamesInOrder(names: readonly string[]): boolean {
  for (let at = 1; at < names.length; at += 1) {
    if (!(COLLATOR.compare(names[at - 1]!, names[at]!) < 0)) return false;
  }
  return true;
}

const COLLATOR = new Intl.Collator("en", { numeric: true });
