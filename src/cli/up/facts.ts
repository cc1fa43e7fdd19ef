/** The results of a run of `dolphin up`: counts, memory, restarts, and the summary. */
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs, wallMicros } from "../../adapters/clock.ts";
import { processUsage } from "../../adapters/process/process-facts.ts";
import type { Config } from "../../config.ts";
import { COUNTED_BOOK } from "../../domain/trading/books.ts";
import { gapsIn } from "../../domain/scan/seen-seqs.ts";
import { dayFromMicros } from "../../domain/time.ts";
import { countScanFiles, firstDayToCount } from "./count-scans.ts";
import type { Stack } from "../../embedded/stack.ts";
import { summarize } from "../../embedded/state/up-summary.ts";
import type { SystemStatus } from "../../wire/system-status.ts";
import type { UpSummary } from "../../wire/up-file.ts";
import type { TraderFigures } from "../rendering/up-screen.ts";
import { journalTotals } from "./prepare.ts";
import type { JournalTotals } from "./prepare.ts";

/** Counts before anything was started. */
export type Baseline = {
  readonly journal: JournalTotals;
  /** Recent scan files in the archive. */
  readonly filesBefore: number;
  /** Files written to the archive since. */
  written(): number;
};

export type RunFacts = {
  readonly stack: Stack;
  readonly config: Config;
  readonly baseline: Baseline;
  readonly failures: readonly string[];
  readonly durationS: number;
  readStatus(): Promise<SystemStatus>;
};

const BYTES_PER_MB = 1_000_000;
/** The last files may still be in progress. */
const SETTLE_WITHIN_MS = 5_000;
const SETTLE_POLL_MS = 100;

/** Stops the simulator, so that the counts settle; everything else still runs. */
export async function finalSummary(facts: RunFacts): Promise<UpSummary> {
  const { stack, config, baseline } = facts;
  const { seqs } = stack.watch;
  const rssMb = memoryOf(stack);
  const down = stack.kept.filter((each) => each.state() !== "running");
  await stack.stopSimulator();
  const scansWritten = baseline.written();
  const before = baseline.journal;
  const deadlineMs = monotonicMs() + SETTLE_WITHIN_MS;
  let now = journalTotals(config);
  for (;;) {
    await stack.watch.settle();
    now = journalTotals(config);
    const isTaken = scansWritten <= now.filesTaken - before.filesTaken;
    const isSeen = now.lastSeq - before.lastSeq <= seqs.seen;
    if ((isTaken && isSeen) || deadlineMs < monotonicMs()) break;
    await delay(SETTLE_POLL_MS);
  }
  const status = await facts.readStatus();
  return summarize({
    durationS: facts.durationS,
    scansWritten,
    filesTaken: now.filesTaken - before.filesTaken,
    scansPushed: now.lastSeq - before.lastSeq,
    scansSeen: seqs.seen,
    seqGaps: gapsIn(seqs),
    lagMs: stack.watch.lagMs(),
    restarts: restartsIn(stack, status),
    rssMb,
    trader: traderIn(status),
    status,
    down: down.map((each) => `${each.name}: ${each.state()}`),
    failures: facts.failures,
  });
}

export function takeBaseline(config: Config): Baseline {
  const { archive } = config;
  const fromDay = firstDayToCount(archive, dayFromMicros(wallMicros()));
  const before = countScanFiles(archive, fromDay);
  return {
    journal: journalTotals(config),
    filesBefore: before,
    written: () => countScanFiles(archive, fromDay) - before,
  };
}

export function memoryOf(stack: Stack): Record<string, number> {
  const pids = Object.entries(stack.services()).map(([name, { pid }]) => [name, pid] as const);
  const entries = [["up", process.pid] as const, ...pids].flatMap(([name, pid]) => {
    const usage = processUsage(pid);
    return usage === null ? [] : [[name, Math.round(usage.rssBytes / BYTES_PER_MB)] as const];
  });
  return Object.fromEntries(entries);
}

/**
 * Restarts of servers, worker and simulator since the start, plus those of services as counted by their supervisors.
 */
export function restartsIn(stack: Stack, status: SystemStatus): number {
  const own = stack.kept.reduce((sum, each) => sum + each.restarts(), 0);
  return status.services.reduce((sum, row) => sum + (row.restarts ?? 0), own);
}

/** The last report of the counted book's trader; null before the first. */
export function traderIn(status: SystemStatus): TraderFigures | null {
  const row = status.services.find(({ book }) => book === COUNTED_BOOK);
  if (row === undefined) return null;
  const numberOf = (key: string) => {
    const value = row.counters[key];
    return typeof value === "number" ? value : null;
  };
  const trades = numberOf("trades");
  const equity = numberOf("equity");
  if (trades === null || equity === null) return null;
  return {
    book: COUNTED_BOOK,
    state: row.state ?? row.status,
    trades,
    positions: numberOf("positions") ?? 0,
    noPrice: String(row.counters["no_price"] ?? ""),
    equity,
    realizedToday: numberOf("realized_today") ?? 0,
  };
}
