/**
 * The order of a day's scans when file times may be lost: a copied archive has the times of the copy, in any order.
 * Invariant: file times decide, unless scan numbers and timestamps both contradict them. A scan number that falls
 * alone means that the writer restarted, a timestamp that falls alone that its clock was set back.
 */

/** The keys of the day's scans, in the order of file times. */
export type DayKeys = {
  readonly numbers: readonly number[];
  readonly timesUs: readonly number[];
};

export type DayOrder = {
  /** Indexes into the order of file times; null: the order is right. */
  readonly order: readonly number[] | null;
  /** Number of scans whose file time was later than that of a scan with a higher number and a later timestamp. */
  readonly moved: number;
};

export function orderOfDay(keys: DayKeys): DayOrder {
  const late = lateOnes(keys);
  if (late.length === 0) return { order: null, moved: 0 };
  const { numbers, timesUs } = keys;
  const places = numbers.map((_, at) => at);
  const byNumber = (a: number, b: number): number => numbers[a]! - numbers[b]!;
  const byTime = (a: number, b: number): number => timesUs[a]! - timesUs[b]!;
  // Numbers are not comparable across a writer's restart, and timestamps not across a clock change.
  const orders = [
    places.toSorted((a, b) => byNumber(a, b) || byTime(a, b) || a - b),
    places.toSorted((a, b) => byTime(a, b) || byNumber(a, b) || a - b),
    withInserted(keys, late),
  ];
  const falls = orders.map((order) => fallsIn(keys, order));
  return { order: orders[falls.indexOf(Math.min(...falls))]!, moved: late.length };
}

/** Indexes of the scans that both number and timestamp put before an earlier file. */
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

/** File times order all but the late scans; each late one is inserted by its timestamp. */
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
 * How often a number or a timestamp falls: because of restarts and clock changes, or a wrong order. A timestamp
 * before the first of the day counts twice: no clock is set back before the beginning of the day, but a wrongly
 * ordered scan with reused numbers is there.
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
 * The arrival time of each scan, from timestamps alone: what most neighbours agree on, so that a single timestamp far
 * ahead is isolated.
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

/** Whether names ascend with their index: `scan_9` before `scan_10`, padded or not. */
export function areNamesInOrder(names: readonly string[]): boolean {
  for (let at = 1; at < names.length; at += 1) {
    if (!(COLLATOR.compare(names[at - 1]!, names[at]!) < 0)) return false;
  }
  return true;
}

const COLLATOR = new Intl.Collator("en", { numeric: true });
