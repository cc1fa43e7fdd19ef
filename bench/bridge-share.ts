/**
 * The cost of an archive of several years on a slow share: how late the bridge sees a scan written at any moment of two
 * hours, including sweeps and the visits of all old days, how long the longest round waits for answers, and its memory.
 * The bridge's real intake runs on a simulated archive; each request takes 10 ms, by which the simulated clock
 * advances.
 *     node bench/bridge-share.ts [--json] [--files 17280]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { threadCpuMs } from "../src/adapters/clock.ts";
import { ScanJournal } from "../src/adapters/scan-journal/scan-journal.ts";
import { MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE } from "../src/domain/time.ts";
import type { ArchiveReader } from "../src/services/scan-bridge/archive/archive-reader.ts";
import { Intake } from "../src/services/scan-bridge/intake/intake.ts";
import { Rounds } from "../src/services/scan-bridge/intake/rounds.ts";
import { Unfinished } from "../src/services/scan-bridge/intake/unfinished.ts";
import { WhichDays } from "../src/services/scan-bridge/intake/which-days.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { benchOptions, note, report } from "./harness/options.ts";
import { median, rounded } from "./harness/statistics.ts";

endWithBench();

const options = benchOptions();
const FILES_A_DAY = options.files ?? 17_280;
const ANSWER_MS = 10;
const NAMES_AN_ANSWER = 1_024;
const POLL_MS = 5_000;
const SCAN_EVERY_MS = 5_000;
const SHOWN_MS = 2 * MS_PER_HOUR;
const TODAY = "2026-03-25";
const BYTES_PER_MB = 1_048_576;
/** The prime spreads the scans over all moments of the poll's interval. */
const JITTER_MS = 1_709;

const YEARS_ENV = "BENCH_YEARS";
const HEAP = ["--max-old-space-size=64", "--max-semi-space-size=8"];

type Clock = { readonly nowMs: () => number; readonly pass: (ms: number) => void };

/** Runs with the machine, and ahead of it by the waiting that is only counted. */
function startClock(): Clock {
  let aheadMs = 0;
  return { nowMs: () => performance.now() + aheadMs, pass: (ms) => void (aheadMs += ms) };
}

function* namesOf(day: string): Generator<string> {
  for (let at = 0; at < FILES_A_DAY; at++) yield `scan_${day}_${String(at).padStart(6, "0")}.arrow`;
}

const STAT = { size: 1, mtimeUs: 1, regular: true };

/** Knows every file of every day. */
class FullJournal extends ScanJournal {
  readonly live = new Set<string>();

  override names(day: string): IterableIterator<string> {
    return namesOf(day);
  }

  override file(file: string): ReturnType<ScanJournal["file"]> {
    if (file.includes("live") && !this.live.has(file)) return null;
    const verdict = { kind: "quarantined", reason: "made up", detail: "" } as const;
    return { ...STAT, file, verdict, atUs: 1 };
  }
}

async function watchYears(years: number) {
  const dir = mkdtempSync(join(tmpdir(), "dolphin-share-"));
  const journal = new FullJournal(join(dir, "journal.db"));
  try {
    return await watchFor(SHOWN_MS, {
      journal,
      days: Math.round(years * 365),
      clock: startClock(),
    });
  } finally {
    journal.close();
    rmSync(dir, { recursive: true });
  }
}

type Stage = { readonly journal: FullJournal; readonly days: number; readonly clock: Clock };

async function watchFor(shownMs: number, { journal, days, clock }: Stage) {
  const { nowMs, pass } = clock;
  const nowUs = () => Math.round(Date.parse(TODAY) * 1_000 + nowMs() * 1_000);
  const all = Array.from({ length: days }, (_, at) =>
    new Date(Date.parse(TODAY) - (days - 1 - at) * MS_PER_DAY).toISOString().slice(0, 10),
  );
  const written: string[] = [];
  let roundMs = 0;
  let longestRoundMs = 0;
  const startMs = nowMs();
  const writtenAt = new Map<string, number>();
  const write = (): void => {
    // Written while the bridge waited or was held.
    for (;;) {
      const at = written.length;
      const atMs = startMs + at * SCAN_EVERY_MS + ((at * JITTER_MS) % SCAN_EVERY_MS);
      if (nowMs() < atMs) return;
      written.push(`live_${at}.arrow`);
      writtenAt.set(`${TODAY}/live_${at}.arrow`, atMs);
    }
  };
  const ask = (): void => {
    pass(ANSWER_MS);
    roundMs += ANSWER_MS;
    longestRoundMs = Math.max(longestRoundMs, roundMs);
    write();
  };
  const archive: ArchiveReader = {
    read: () => ({ kind: "gone" }),
    stat: () => (ask(), STAT),
    *days() {
      ask();
      yield;
      return { kind: "listed", days: all, odd: [], linked: [] };
    },
    mark: (day) => (ask(), day === TODAY ? `${written.length}` : day),
    *names(day) {
      let answered = 0;
      for (const name of namesOf(day)) {
        if (answered++ % NAMES_AN_ANSWER === 0) ask();
        yield name;
      }
      if (day === TODAY) yield* written;
    },
  };
  const intake = new Intake({ archive, journal, nowUs, nowMs, queueMax: 100_000 });
  const rounds = new Rounds({
    archive,
    intake,
    unfinished: new Unfinished({ archive, intake, journal, nowUs, nowMs }),
    watch: null,
    reconcileMs: POLL_MS,
    whichDays: new WhichDays({
      archive,
      journal,
      since: all[0]!,
      startedAfterDay: TODAY,
      newestDay: () => TODAY,
      nowUs,
      nowMs,
    }),
    nowMs,
    cpuMs: threadCpuMs,
    onProgress() {},
    log: note,
    warn: note,
  });
  const seenAfterMs: number[] = [];
  const rssMb: number[] = [];
  const turn = (): void => {
    roundMs = 0;
    for (let next = intake.take(); next !== undefined; next = intake.take()) {
      seenAfterMs.push(nowMs() - writtenAt.get(next.name)!);
      journal.live.add(next.name);
      intake.settled(next.name);
    }
    write();
  };
  const cpuStartMs = threadCpuMs();
  let sampledMs = 0;
  while (nowMs() - startMs < shownMs) {
    const pauseMs = await rounds.run();
    turn();
    await rounds.pause(pauseMs, async (ms) => {
      turn();
      pass(ms);
      turn();
      if (sampledMs + MS_PER_MINUTE / 4 < nowMs()) {
        sampledMs = nowMs();
        rssMb.push(process.memoryUsage.rss() / BYTES_PER_MB);
      }
      return false;
    });
  }
  const half = Math.floor(rssMb.length / 2);
  return {
    scans: seenAfterMs.length,
    seen_after_ms_p50: rounded(median(seenAfterMs), 0),
    seen_after_ms_max: rounded(Math.max(...seenAfterMs), 0),
    round_ms_max: longestRoundMs,
    cpu_percent: rounded(((threadCpuMs() - cpuStartMs) * 100) / shownMs),
    rss_mb_before_visit: rounded(median(rssMb.slice(half / 2, half)), 1),
    rss_mb_after_visit: rounded(median(rssMb.slice(-half / 2)), 1),
    rss_mb_max: rounded(Math.max(...rssMb), 1),
  };
}

/** In a process of its own, with the heap that the bridge's thread has. */
async function watchYearsApart(years: number): Promise<Record<string, unknown>> {
  const child = fork(import.meta.filename, process.argv.slice(2), {
    execArgv: HEAP,
    env: { ...process.env, [YEARS_ENV]: String(years) },
  });
  const [figures] = await once(child, "message");
  return figures;
}

const years = process.env[YEARS_ENV];
if (years === undefined) {
  const rows = { "a year": await watchYearsApart(1), "three years": await watchYearsApart(3) };
  const title = `${FILES_A_DAY} files a day on a share that takes ${ANSWER_MS} ms for an answer, listed every ${POLL_MS / 1_000} s`;
  report(options, { title, ...rows }, rows);
} else {
  process.send?.(await watchYears(Number(years)));
  process.disconnect();
}
