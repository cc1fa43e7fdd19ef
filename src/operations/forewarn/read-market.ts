/**
 * Reads samples of the archive's prices, one a step, and says which market they show. Bounded: the newest 90 days;
 * of a day its compacted file or some hundred of its scan files; and a limit of time, at which the older days are
 * left out. Synchronous reads that a hung share can stop for ever: only `market-process.ts` calls it.
 */
import { createHash } from "node:crypto";
import { monotonicMs } from "../../adapters/clock.ts";
import {
  compactedNames,
  DamagedDayError,
  openCompactedDay,
} from "../../adapters/archive/days/compacted-days.ts";
import { type ColumnReader, createColumnReader } from "../../adapters/archive/days/read-columns.ts";
import { listDays, namesIn, pathOf } from "../../adapters/archive/list-archive.ts";
import { readScanFile } from "../../adapters/archive/read-scan-file.ts";
import { messageOf } from "../../domain/failure.ts";
import { classifyMarket } from "../../domain/forewarn/market.ts";
import { isScanName } from "../../domain/scan/archive-names.ts";
import { dayFromMicros, MS_PER_DAY, MS_PER_HOUR, US_PER_MS } from "../../domain/time.ts";
import { type MarketAnswer, unreadMarket } from "../../wire/forewarn/market-answer.ts";
import { createMarketSampler, type MarketSampler } from "./market-sampler.ts";

export type MarketQuestion = {
  readonly archive: string;
  /** Whose prices are read. */
  readonly assets: readonly string[];
  readonly stepMs: number;
  readonly nowMs: number;
  readonly withinMs: number;
};

const DAYS_MAX = 90;
/** Scan files read of one day, for each step of the day: so that a file that is none leaves no gap. */
const FILES_A_STEP = 2;

export async function readMarket(question: MarketQuestion): Promise<MarketAnswer> {
  const { archive, stepMs, nowMs } = question;
  const listed = listDays(archive);
  if (listed.kind === "missing") return unreadMarket(`the archive ${archive} does not exist`);
  if (listed.kind === "failed") return unreadMarket(`the archive cannot be read: ${listed.detail}`);
  const fromMs = nowMs - DAYS_MAX * MS_PER_DAY;
  const sampler = createMarketSampler({ ...question, fromMs, endMs: nowMs + MS_PER_HOUR });
  const endMs = monotonicMs() + question.withinMs;
  const reader = createColumnReader();
  const problems: string[] = [];
  let days = 0;
  try {
    const compacted = compactedNames(archive);
    const inRange = new Set([...listed.days, ...compacted.keys()]);
    for (const day of [...inRange].toSorted().toReversed()) {
      if (day < dayOf(fromMs) || dayOf(nowMs) < day || endMs <= monotonicMs()) continue;
      const before = sampler.count();
      const place = {
        archive,
        day,
        reader,
        filesMax: Math.ceil((FILES_A_STEP * MS_PER_DAY) / stepMs),
      };
      if (!sampleCompacted(place, compacted.get(day) ?? [], sampler)) {
        await sampleFiles(place, { sampler, endMs, problems });
      }
      if (before < sampler.count()) days += 1;
    }
  } catch (error) {
    problems.push(messageOf(error));
  } finally {
    await reader.close();
  }
  const samples = sampler.samples();
  if (samples.timesMs.length === 0) {
    return unreadMarket(
      `the archive ${archive} has no prices of what the book trades${because(problems)}`,
    );
  }
  const hash = createHash("sha256")
    .update(JSON.stringify([question.assets, stepMs]))
    .update(samples.timesMs)
    .update(samples.prices)
    .digest("hex");
  return { found: classifyMarket(samples, { stepMs, nowMs }), days, hash };
}

function because(problems: readonly string[]): string {
  return problems[0] === undefined ? "" : ` (${problems[0]})`;
}

function dayOf(ms: number): string {
  return dayFromMicros(ms * US_PER_MS);
}

type DayPlace = {
  readonly archive: string;
  readonly day: string;
  readonly reader: ColumnReader;
  readonly filesMax: number;
};

/** False where there is no intact compacted file: what was sampled of a damaged one stays. */
function sampleCompacted(
  { archive }: DayPlace,
  names: readonly string[],
  sampler: MarketSampler,
): boolean {
  const compacted = openCompactedDay(archive, names, () => {});
  if (compacted === null) return false;
  try {
    for (const chunk of compacted.chunks()) {
      for (let row = 0; row < chunk.rows; row += 1) {
        sampler.take((chunk.timesUs[row] ?? 0) / US_PER_MS, chunk.assets, {
          prices: chunk.prices,
          at: row * chunk.assets.length,
        });
      }
    }
    return true;
  } catch (error) {
    if (error instanceof DamagedDayError) return false;
    throw error;
  } finally {
    compacted.close();
  }
}

type Sampling = {
  readonly sampler: MarketSampler;
  readonly endMs: number;
  readonly problems: string[];
};

/** Files at equal distances in order of their names, and the last one. */
async function sampleFiles(place: DayPlace, { sampler, endMs, problems }: Sampling): Promise<void> {
  const { archive, day, filesMax } = place;
  const names = [...namesIn(pathOf(archive, day))].filter(isScanName).toSorted();
  const stride = Math.max(1, Math.floor(names.length / filesMax));
  const last = names.length - 1;
  for (const [at, name] of names.entries()) {
    if (at % stride !== 0 && at !== last) continue;
    if (endMs <= monotonicMs()) return;
    const file = readScanFile(pathOf(archive, `${day}/${name}`));
    if (file.kind === "failed") problems.push(file.detail);
    if (file.kind !== "read") continue;
    const scan = await place.reader.read(Buffer.from(new Uint8Array(file.bytes).buffer));
    if (scan.kind !== "columns") continue;
    sampler.take(scan.timestampUs / US_PER_MS, scan.assets, { prices: scan.prices, at: 0 });
  }
}
