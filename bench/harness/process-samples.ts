/**
 * Memory and CPU of each process of a running stack over hours in which processes start and end. The slope is that of
 * Theil and Sen over all lives of a name: the median of the slopes per hour between any two samples of one life that
 * are far enough apart.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { codeOf } from "../../src/domain/failure.ts";
import { median, rounded } from "./statistics.ts";

/** By name: the process of now. */
type Pids = () => Readonly<Record<string, number>>;
type Sample = {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly anonymousMb: number;
  readonly files: number;
};
/** By `name pid`, which is one life here. */
type Lives = Map<string, { readonly name: string; readonly samples: Sample[] }>;

export type ProcessRow = {
  readonly lives: number;
  readonly longest_h: number;
  readonly cpu_percent: number;
  readonly rss_mb: number;
  readonly rss_max_mb: number;
  readonly anonymous_mb: number;
  readonly files_max: number;
  /** Null: no life was long enough to say it. */
  readonly slope_mb_h: number | null;
};

const SAMPLE_EVERY_MS = 5_000;
/** Caches fill and code is compiled until then. */
const WARM_MS = 600_000;
/** Two samples closer together than this show only noise. */
const APART_MS_MIN = 600_000;
/** A life has this many samples looked at, evenly: pairs are their square. */
const SAMPLES_PAIRED_MAX = 300;
const MB_PER_KB = 1_024 / 1e6;
const MS_PER_TICK = 10;
const MS_PER_HOUR = 3_600_000;

export function sampleProcesses(pids: Pids) {
  const lives: Lives = new Map();
  const over = new AbortController();
  const sampling = (async () => {
    while (!over.signal.aborted) {
      for (const [name, pid] of Object.entries(pids())) take(lives, name, pid);
      await delay(SAMPLE_EVERY_MS, undefined, { signal: over.signal }).catch(() => undefined);
    }
  })();
  return {
    rows: () => rowsOf(lives),
    async stop(): Promise<void> {
      over.abort();
      await sampling;
    },
  };
}

function take(lives: Lives, name: string, pid: number): void {
  const sample = sampleOf(pid);
  if (sample === null) return;
  const key = `${name} ${pid}`;
  const life = lives.get(key) ?? { name, samples: [] };
  life.samples.push(sample);
  lives.set(key, life);
}

/** Null: it has ended. */
function sampleOf(pid: number): Sample | null {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    const mb = (key: string) =>
      Number(new RegExp(`^${key}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0) * MB_PER_KB;
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return {
      atMs: performance.now(),
      cpuMs: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK,
      rssMb: mb("Rss"),
      anonymousMb: mb("Anonymous"),
      files: readdirSync(`/proc/${pid}/fd`).length,
    };
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes(String(codeOf(error)))) return null;
    throw error;
  }
}

function rowsOf(lives: Lives): Readonly<Record<string, ProcessRow>> {
  const byName = Map.groupBy([...lives.values()], ({ name }) => name);
  return Object.fromEntries(
    [...byName].map(([name, all]) => [name, rowOf(all.map(({ samples }) => samples))]),
  );
}

function rowOf(lives: readonly (readonly Sample[])[]): ProcessRow {
  const all = lives.flat();
  const spans = lives.map((life) => life.at(-1)!.atMs - life[0]!.atMs);
  const cpuMs = lives.reduce((sum, life) => sum + life.at(-1)!.cpuMs - life[0]!.cpuMs, 0);
  const spanMs = spans.reduce((sum, span) => sum + span, 0);
  const slopes = lives.flatMap(slopesIn);
  return {
    lives: lives.length,
    longest_h: rounded(Math.max(...spans) / MS_PER_HOUR, 2),
    cpu_percent: rounded(spanMs === 0 ? 0 : (100 * cpuMs) / spanMs, 2),
    rss_mb: rounded(median(all.map(({ rssMb }) => rssMb)), 1),
    rss_max_mb: rounded(Math.max(...all.map(({ rssMb }) => rssMb)), 1),
    anonymous_mb: rounded(median(all.map(({ anonymousMb }) => anonymousMb)), 1),
    files_max: Math.max(...all.map(({ files }) => files)),
    slope_mb_h: slopes.length === 0 ? null : rounded(median(slopes), 2),
  };
}

/** Of the anonymous pages: file pages depend on what else the machine does. */
function slopesIn(life: readonly Sample[]): readonly number[] {
  const begunMs = life[0]!.atMs;
  const warm = life.filter(({ atMs }) => WARM_MS <= atMs - begunMs);
  const step = Math.max(1, Math.ceil(warm.length / SAMPLES_PAIRED_MAX));
  const taken = warm.filter((_, at) => at % step === 0);
  return taken.flatMap((early, at) =>
    taken
      .slice(at + 1)
      .filter(({ atMs }) => APART_MS_MIN <= atMs - early.atMs)
      .map(
        ({ atMs, anonymousMb }) =>
          (anonymousMb - early.anonymousMb) / ((atMs - early.atMs) / MS_PER_HOUR),
      ),
  );
}
