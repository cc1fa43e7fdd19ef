/** The pump's observations in one place: the next act and the reports are computed from them. */
import type { JournalScan, ScanJournal } from "../../../adapters/scan-journal/scan-journal.ts";
import type { Newest } from "../../../domain/scan/order.ts";
import type { PumpView } from "../../../domain/scan/pump-act.ts";
import type { BridgeFacts } from "../../../wire/facts/bridge-facts.ts";
import type { NewScan } from "../intake/examine.ts";
import type { Intake } from "../intake/intake.ts";
import type { Unfinished } from "../intake/unfinished.ts";
import { Progress } from "./progress.ts";

export type ObservedDeps = {
  readonly journal: Pick<ScanJournal, "meta">;
  readonly intake: Pick<Intake, "length" | "oldest">;
  readonly unfinished: Pick<Unfinished, "count" | "isReviewing">;
  readonly lastSeq: number;
  readonly newest: Newest | null;
  readonly nowMs: () => number;
};

export type PumpFacts = Omit<BridgeFacts, "archive" | "hazelcast">;

const TICK_MS = 1_000;
const REVIEW_MS = 250;
/** Between two slices of one review. */
const REVIEW_REST_MS = 40;

export class Observed {
  readonly #deps: ObservedDeps;
  readonly progress: Progress;
  /** Whether an audit asks for a check of the ringbuffer. */
  readonly ring = { isAsked: false };
  /** Seq of the newest scan in the journal. */
  lastSeq: number;
  /** The newest scan in order. */
  newest: Newest | null;
  /** The done files of all scans up to this one are published for other hosts. */
  doneSeq: number;
  /** The scans that the cluster is processing. */
  #underWay: readonly NewScan[] = [];
  #newestSeenMs: number | null = null;
  #nextTickMs = 0;
  #nextReviewMs = 0;
  /** So that files waiting at the start are taken before the first tick. */
  #lastChore: PumpView["lastChore"] = "review";
  #isRefused = false;
  #isLearned = false;

  constructor(deps: ObservedDeps) {
    this.#deps = deps;
    this.progress = new Progress(deps.nowMs);
    this.lastSeq = deps.lastSeq;
    this.newest = deps.newest;
    this.doneSeq = Math.min(deps.lastSeq, Number(deps.journal.meta("done_seq") ?? 0));
  }

  /** Files are taken or waited for: chores may follow. */
  turned(): void {
    this.#lastChore = "none";
    this.#isRefused = false;
  }

  journaled(rows: readonly JournalScan[], newest: Newest | null): void {
    this.lastSeq += rows.length;
    this.newest = newest;
    this.progress.unhindered();
  }

  /** A retry counts as progress. */
  refused(): void {
    this.#isRefused = true;
    this.progress.hindered();
  }

  sent(scans: readonly NewScan[]): void {
    this.#underWay = scans;
  }

  published(rows: readonly JournalScan[], scans: readonly NewScan[]): void {
    this.#underWay = [];
    this.progress.settled();
    const inOrder = rows.findLastIndex((row) => !row.late);
    this.#newestSeenMs = scans[inOrder]?.candidate.firstSeenMs ?? this.#newestSeenMs;
  }

  ticking(): void {
    this.#lastChore = "tick";
    this.#nextTickMs = this.#deps.nowMs() + TICK_MS;
  }

  reviewed(): void {
    const { unfinished, nowMs } = this.#deps;
    this.#lastChore = "review";
    this.#nextReviewMs = nowMs() + (unfinished.isReviewing ? REVIEW_REST_MS : REVIEW_MS);
  }

  learned(isAll: boolean): void {
    this.#isLearned = isAll;
    this.turned();
  }

  view(isStopping: boolean, isSent: boolean): PumpView {
    const { intake, unfinished } = this.#deps;
    return {
      isStopping,
      isSent,
      waiting: intake.length,
      isRefused: this.#isRefused,
      lastChore: this.#lastChore,
      unpublished: this.lastSeq - this.doneSeq,
      nextTickMs: this.#nextTickMs,
      nextReviewMs: this.#nextReviewMs,
      unfinished: unfinished.count,
      isLearned: this.#isLearned,
    };
  }

  facts(): PumpFacts {
    const { intake, nowMs } = this.#deps;
    const now = nowMs();
    const oldest = this.#underWay[0]?.candidate ?? intake.oldest();
    const ageS = (sinceMs: number) => Math.max(0, Math.round((now - sinceMs) / 100) / 10);
    return {
      newestDataAgeS: this.#newestSeenMs === null ? null : ageS(this.#newestSeenMs),
      oldestUnpushedAgeS: oldest === undefined ? null : ageS(oldest.firstSeenMs),
      ...this.progress.ages(),
      backlog: intake.length + this.#underWay.length,
    };
  }
}
