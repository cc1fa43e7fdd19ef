/** Tests the esoteric factors on the archive: the mean daily return of its assets (UTC days) against each factor. */
import {
  type EdgeReport,
  factorEdges,
  type FactorOfDays,
} from "../../domain/indicators/factor-edge.ts";
import { seededRandom } from "../../domain/simulator/random.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";
import { esotericFactors } from "../../wire/indicators/esoteric-factors.ts";
import { PLANETS } from "../../wire/indicators/ephemeris.ts";
import { type ArchiveRange, openArchivePass } from "../backtest/archive-chunks.ts";

export type FactorAdvice = EdgeReport & {
  readonly from: string | null;
  readonly to: string | null;
  readonly seed: number;
};

type DayReturn = { readonly day: number; readonly value: number };

const SECTORS =
  "new, waxing crescent, first quarter, waxing gibbous, full, waning gibbous, last quarter, waning crescent".split(
    ", ",
  );
const SIGNS =
  "Aries, Taurus, Gemini, Cancer, Leo, Virgo, Libra, Scorpio, Sagittarius, Capricorn, Aquarius, Pisces".split(
    ", ",
  );
const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const NO_OR_YES = ["no", "yes"];

type Grouping = {
  readonly factor: string;
  readonly labels: readonly string[];
  readonly groupOf: (value: number) => number;
};

const GROUPINGS: readonly Grouping[] = [
  sectors("moon_phase", SECTORS, 360 / SECTORS.length / 2),
  sectors("sun_longitude", SIGNS, 0),
  sectors("moon_longitude", SIGNS, 0),
  ...PLANETS.map((planet) => plain(`${planet}_retrograde`, NO_OR_YES)),
  plain("weekday", WEEKDAYS),
  plain("turn_of_month", NO_OR_YES),
  plain("quarter_end", NO_OR_YES),
];

export async function adviseOnFactors(
  range: ArchiveRange,
  how: {
    readonly permutations: number;
    readonly seed: number;
    readonly onProblem: (problem: string) => void;
  },
): Promise<FactorAdvice> {
  const returns = await dailyReturns(range, how.onProblem);
  const report = factorEdges(
    Float64Array.from(returns, ({ value }) => value),
    factorsOf(returns.map(({ day }) => day)),
    { permutations: how.permutations, random: seededRandom(how.seed) },
  );
  return { ...report, from: dayText(returns[0]), to: dayText(returns.at(-1)), seed: how.seed };
}

function dayText(one: DayReturn | undefined): string | null {
  return one === undefined ? null : dayFromMicros(one.day * MS_PER_DAY * US_PER_MS);
}

/** The factors at noon of each day. */
export function factorsOf(days: readonly number[]): readonly FactorOfDays[] {
  const groups = GROUPINGS.map(() => new Int8Array(days.length));
  for (const [at, day] of days.entries()) {
    const found = esotericFactors((day + 1 / 2) * MS_PER_DAY);
    const values = new Map(found.map(({ name, value }) => [name, value]));
    for (const [nth, { factor, groupOf }] of GROUPINGS.entries()) {
      groups[nth]![at] = groupOf(values.get(factor) ?? -1);
    }
  }
  return GROUPINGS.map(({ factor, labels }, nth) => ({
    name: factor,
    labels,
    groups: groups[nth]!,
  }));
}

/**
 * From the last price of a day to that of the next, over the assets that have both; a day without a neighbour is left
 * out.
 */
async function dailyReturns(
  range: ArchiveRange,
  onProblem: (problem: string) => void,
): Promise<readonly DayReturn[]> {
  const returns: DayReturn[] = [];
  let before: ReadonlyMap<string, number> = new Map();
  let beforeDay = Number.NaN;
  let last = new Map<string, number>();
  let day = Number.NaN;
  const close = (): void => {
    if (day === beforeDay + 1) {
      const changes = [...last].flatMap(([asset, price]) => {
        const was = before.get(asset);
        return was === undefined ? [] : [Math.log(price / was)];
      });
      const sum = changes.reduce((total, one) => total + one, 0);
      if (0 < changes.length) returns.push({ day, value: sum / changes.length });
    }
    before = last;
    beforeDay = day;
    last = new Map();
  };
  for await (const { assets, count, timesMs, prices } of openArchivePass(
    range,
    onProblem,
  ).chunks()) {
    for (let row = 0; row < count; row += 1) {
      const of = Math.floor(timesMs[row]! / MS_PER_DAY);
      if (of !== day) {
        if (!Number.isNaN(day)) close();
        day = of;
      }
      // Only the last row of a day counts; the next row may be in another chunk.
      const isLast = row + 1 === count || Math.floor(timesMs[row + 1]! / MS_PER_DAY) !== of;
      if (!isLast) continue;
      for (const [column, asset] of assets.entries()) {
        const price = prices[row * assets.length + column]!;
        if (0 < price) last.set(asset, price);
      }
    }
  }
  if (!Number.isNaN(day)) close();
  return returns;
}

function sectors(factor: string, labels: readonly string[], shift: number): Grouping {
  const width = 360 / labels.length;
  return {
    factor,
    labels,
    groupOf: (degrees) => Math.floor(((degrees + shift) % 360) / width),
  };
}

function plain(factor: string, labels: readonly string[]): Grouping {
  return { factor, labels, groupOf: (value) => value };
}
