/**
 * The scans of a period for a chart: one point per part of time, with the lowest and the highest lag. Complete past
 * parts are read once.
 */
import {
  openScanParts,
  type ScanPart,
  type ScanParts,
} from "../../adapters/scan-journal/way/scan-parts.ts";
import { dayFromMicros, MS_PER_DAY, US_PER_MS } from "../../domain/time.ts";

export type ScanQuestion = { readonly sinceMs: number; readonly untilMs: number };

export type ScanHistory = {
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Length of a part in milliseconds. */
  readonly partMs: number;
  /** Start of each part; columns of the same length follow. */
  readonly atMs: readonly number[];
  readonly perSecond: readonly number[];
  readonly lagLowMs: readonly (number | null)[];
  readonly lagHighMs: readonly (number | null)[];
  readonly lagMeanMs: readonly (number | null)[];
  readonly total: {
    readonly scans: number;
    readonly late: number;
    readonly replayed: number;
    /** Seqs between the first and the last without a row. */
    readonly missing: number;
  };
  readonly newest: {
    readonly seq: number;
    readonly scanNumber: number;
    readonly pushedMs: number;
  } | null;
  readonly gaps: readonly { readonly after: number; readonly before: number }[];
  readonly late: readonly {
    readonly seq: number;
    readonly file: string;
    readonly pushedMs: number;
    readonly lagMs: number;
  }[];
  /** Of files that were not pushed. */
  readonly verdicts: readonly {
    readonly verdict: string;
    readonly reason: string | null;
    readonly count: number;
  }[];
  readonly quarantined: readonly {
    readonly file: string;
    readonly reason: string;
    readonly detail: string;
    readonly atMs: number;
    readonly bytes: number;
  }[];
};

const PARTS_MAX = 720;
const ROWS_MAX = 50;
/** In milliseconds: parts begin at multiples of their length, so that they can be cached. */
const PART_MS = [
  1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400, 604_800,
].map((seconds) => seconds * 1_000);
const KEPT_MAX = 8 * PARTS_MAX;
/** Scans pushed this long ago are in the journal. */
const SETTLED_MS = 60_000;
/** A file of a past day may still be examined again. */
const DAY_KEPT_MS = 300_000;

export type ScanView = {
  /** Null: no bridge has run here. */
  history(question: ScanQuestion): ScanHistory | null;
};

export function createScanView(journal: string): ScanView {
  const kept: Kept = { parts: new Map(), days: new Map() };
  return {
    history(question) {
      const parts = openScanParts(journal);
      if (parts === null) return null;
      try {
        return historyIn(parts, question, kept);
      } finally {
        parts.close();
      }
    },
  };
}

function historyIn(parts: ScanParts, { sinceMs, untilMs }: ScanQuestion, kept: Kept) {
  const partMs = PART_MS.find((ms) => (untilMs - sinceMs) / ms <= PARTS_MAX) ?? PART_MS.at(-1)!;
  const startMs = Math.floor(sinceMs / partMs) * partMs;
  const read: { readonly atMs: number; readonly part: ScanPart }[] = [];
  let fromSeq = parts.seqAt(startMs * US_PER_MS);
  const firstSeq = fromSeq;
  for (let atMs = startMs; atMs < untilMs; atMs += partMs) {
    const endSeq = parts.seqAt((atMs + partMs) * US_PER_MS);
    const part = partOf(parts, { fromSeq, endSeq }, kept.parts);
    if (atMs + partMs + SETTLED_MS < untilMs) keep(kept.parts, `${fromSeq}-${endSeq}`, part);
    read.push({ atMs, part });
    fromSeq = endSeq;
  }
  const endSeq = fromSeq;
  const total = totalOf(read.map(({ part }) => part));
  const files = filesIn(parts, { sinceMs: startMs, untilMs }, kept.days);
  const newest = parts.newest();
  return {
    sinceMs: startMs,
    untilMs,
    partMs,
    atMs: read.map(({ atMs }) => atMs),
    perSecond: read.map(({ part }) => (part.count * 1_000) / partMs),
    lagLowMs: read.map(({ part }) => inMs(part.lagLowUs)),
    lagHighMs: read.map(({ part }) => inMs(part.lagHighUs)),
    lagMeanMs: read.map(({ part }) => inMs(part.lagMeanUs)),
    total,
    newest:
      newest === null
        ? null
        : {
            seq: newest.seq,
            scanNumber: newest.scanNumber,
            pushedMs: newest.pushedUs / US_PER_MS,
          },
    gaps: total.missing === 0 ? [] : gapsIn(parts, { fromSeq: firstSeq, endSeq }, read),
    late: total.late === 0 ? [] : lateIn(parts, read),
    ...files,
  };
}

/** The verdicts of days, with the time at which each was read. */
type DayFiles = Pick<ScanHistory, "verdicts" | "quarantined"> & { readonly readMs: number };
type Kept = { readonly parts: Map<string, ScanPart>; readonly days: Map<string, DayFiles> };

/** A file of a day may arrive a day later. */
function filesIn(parts: ScanParts, { sinceMs, untilMs }: ScanQuestion, kept: Kept["days"]) {
  const counts = new Map<string, ScanHistory["verdicts"][number]>();
  const quarantined: ScanHistory["quarantined"][number][] = [];
  for (let ms = untilMs; sinceMs - MS_PER_DAY < ms; ms -= MS_PER_DAY) {
    const day = dayFromMicros(Math.max(0, ms) * US_PER_MS);
    const known = kept.get(day);
    const isSettled = ms < untilMs - MS_PER_DAY;
    const isKept = isSettled && known !== undefined && untilMs - known.readMs < DAY_KEPT_MS;
    const files = isKept ? known : dayFiles(parts, day, untilMs);
    keep(kept, day, files);
    quarantined.push(...files.quarantined);
    for (const one of files.verdicts) {
      const key = JSON.stringify([one.verdict, one.reason]);
      counts.set(key, { ...one, count: one.count + (counts.get(key)?.count ?? 0) });
    }
  }
  return {
    verdicts: [...counts.values()].toSorted((one, other) => other.count - one.count),
    quarantined: quarantined.toSorted((one, other) => other.atMs - one.atMs).slice(0, ROWS_MAX),
  };
}

function dayFiles(parts: ScanParts, day: string, readMs: number): DayFiles {
  const verdicts = parts.verdicts(day);
  const isAny = verdicts.some(({ verdict }) => verdict === "quarantined");
  const files = isAny ? parts.quarantined(day, ROWS_MAX) : [];
  const quarantined = files.flatMap(({ file, verdict, atUs, size }) =>
    verdict.kind === "quarantined"
      ? [
          {
            file,
            reason: verdict.reason,
            detail: verdict.detail,
            atMs: atUs / US_PER_MS,
            bytes: size,
          },
        ]
      : [],
  );
  return { readMs, verdicts, quarantined };
}

type Read = readonly { readonly part: ScanPart }[];
type SeqRange = { readonly fromSeq: number; readonly endSeq: number };

function partOf(
  parts: ScanParts,
  { fromSeq, endSeq }: SeqRange,
  kept: ReadonlyMap<string, ScanPart>,
) {
  return kept.get(`${fromSeq}-${endSeq}`) ?? parts.part(fromSeq, endSeq);
}

function keep<T>(kept: Map<string, T>, key: string, one: T): void {
  kept.set(key, one);
  const [oldest] = kept.keys();
  if (KEPT_MAX < kept.size && oldest !== undefined) kept.delete(oldest);
}

function totalOf(parts: readonly ScanPart[]): ScanHistory["total"] {
  const sum = (of: (part: ScanPart) => number) => parts.reduce((all, part) => all + of(part), 0);
  const first = parts.find(({ firstSeq }) => firstSeq !== null)?.firstSeq ?? null;
  const last = parts.findLast(({ lastSeq }) => lastSeq !== null)?.lastSeq ?? null;
  const scans = sum(({ count }) => count);
  return {
    scans,
    late: sum(({ late }) => late),
    replayed: sum(({ replayed }) => replayed),
    missing: first === null || last === null ? 0 : last - first + 1 - scans,
  };
}

/** Only in parts with missing rows, and between two parts: the others are not read again. */
function gapsIn(parts: ScanParts, { endSeq }: SeqRange, read: Read): ScanHistory["gaps"] {
  const found: { after: number; before: number }[] = [];
  let before: number | null = null;
  for (const { part } of read) {
    const { firstSeq, lastSeq, count } = part;
    if (firstSeq === null || lastSeq === null) continue;
    if (before !== null && before + 1 < firstSeq) found.push({ after: before, before: firstSeq });
    if (count < lastSeq - firstSeq + 1) {
      const range = { fromSeq: firstSeq, endSeq: Math.min(endSeq, lastSeq + 1) };
      found.push(...parts.gaps(range, ROWS_MAX));
    }
    before = lastSeq;
  }
  return found.slice(-ROWS_MAX).toReversed();
}

/** Newest first. */
function lateIn(parts: ScanParts, read: Read): ScanHistory["late"] {
  const found: ScanHistory["late"][number][] = [];
  for (const { part } of read.toReversed()) {
    if (ROWS_MAX <= found.length) break;
    if (part.late === 0 || part.firstSeq === null || part.lastSeq === null) continue;
    const range = { fromSeq: part.firstSeq, endSeq: part.lastSeq + 1 };
    for (const { seq, file, mtimeUs, pushedUs } of parts.late(range, ROWS_MAX - found.length)) {
      found.push({
        seq,
        file,
        pushedMs: pushedUs / US_PER_MS,
        lagMs: (pushedUs - mtimeUs) / US_PER_MS,
      });
    }
  }
  return found;
}

function inMs(us: number | null): number | null {
  return us === null ? null : us / US_PER_MS;
}
