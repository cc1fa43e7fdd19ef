/**
 * The pump: takes waiting files in order, commits them one by one or in batches, and in between
 * beats, checks that no newer bridge has the word, and looks at unfinished files again.
 */
import type { JournalFile, JournalScan, ScanJournal } from "../../adapters/journal/scan-journal.ts";
import { isLate, isReplayed, type Newest } from "../../domain/scan/order.ts";
import type { ServiceFacts } from "../../wire/control-pipe.ts";
import { decideOutcome } from "../../domain/scan/commit-outcome.ts";
import { FencedError, isUnavailable, readView } from "./cluster-state.ts";
import { type CommitDeps, type Entry, commitEntries, encodeEntry } from "./commit.ts";
import { type ExamineDeps, type NewScan, examine } from "./examine.ts";
import type { Candidate, Intake } from "./intake.ts";
import { tellDone } from "./refill.ts";
import type { Rounds } from "./rounds.ts";
import type { Telemetry } from "./telemetry.ts";
import type { Unfinished } from "./unfinished.ts";

export type PumpDeps = {
  readonly commit: CommitDeps;
  readonly journal: ScanJournal;
  readonly intake: Intake;
  readonly unfinished: Unfinished;
  readonly rounds: Rounds;
  readonly telemetry: Telemetry;
  readonly files: ExamineDeps["files"];
  readonly lastSeq: number;
  readonly newest: Newest | null;
  readonly nowUs: () => number;
  readonly nowMs: () => number;
  readonly log: (line: string) => void;
  readonly stopping: () => boolean;
  /** Asks for the next round now. */
  readonly wakeRound: () => void;
  /** After every file: the sign that no file operation hangs. */
  readonly onAlive: () => void;
};

export type PumpReport = {
  readonly state: string;
  readonly facts: Omit<ServiceFacts, "archive" | "hazelcast">;
  readonly summary: ReturnType<Telemetry["summary"]>;
  /** The summary without nesting. */
  readonly counters: Readonly<Record<string, number | null>>;
};

const BATCH_MAX = 64;
const BATCH_CHARS_MAX = 4 * 1_048_576;
/** Verdicts without a seq that one transaction writes. */
const FILES_MAX = 1_000;
const TICK_MS = 1_000;
const REVIEW_MS = 250;
const JOURNAL_RETRY_MS = 1_000;
const DONE_PER_TICK = 20_000;
const LOG_EVERY_SCANS = 200;

type Batch = { readonly scans: NewScan[]; readonly files: JournalFile[] };

export type Pump = ReturnType<typeof createPump>;

export function createPump(deps: PumpDeps) {
  const { journal, intake, unfinished, rounds, telemetry } = deps;
  const { identity } = deps.commit;
  let lastSeq = deps.lastSeq;
  let newest = deps.newest;
  let doneSeq = Math.min(lastSeq, Number(journal.meta("done_seq") ?? 0));
  let progressMs = deps.nowMs();
  let newestSeenMs: number | null = null;
  let nextTickMs = 0;
  let nextReviewMs = 0;
  let journalTrouble: string | null = null;
  let loggedAt = 0;
  /** The oldest file of the batch that is being committed. */
  let underWay: Candidate | undefined;
  let underWayCount = 0;
  let wake: () => void = () => {};

  async function gather(): Promise<Batch> {
    const batch: Batch = { scans: [], files: [] };
    let chars = 0;
    const seqInBatch = (hash: Buffer): number | null => {
      const at = batch.scans.findIndex((scan) => scan.hash.equals(hash));
      return at === -1 ? null : lastSeq + 1 + at;
    };
    const examineDeps: ExamineDeps = { ...deps, seqInBatch };
    while (
      batch.scans.length < BATCH_MAX &&
      batch.files.length < FILES_MAX &&
      chars < BATCH_CHARS_MAX
    ) {
      const candidate = intake.take();
      if (candidate === undefined) break;
      const looked = examine(examineDeps, candidate);
      const result = looked instanceof Promise ? await looked : looked;
      deps.onAlive();
      switch (result.kind) {
        case "scan":
          batch.scans.push(result.scan);
          chars += result.scan.members.length;
          break;
        case "settled":
          batch.files.push(result.file);
          break;
        case "unfinished": {
          const verdict = unfinished.keep(candidate, result);
          if (verdict !== null) batch.files.push(verdict);
          break;
        }
        case "gone":
          unfinished.settled(candidate.name);
          intake.release(candidate.name);
          break;
      }
    }
    return batch;
  }

  function rowsOf(scans: readonly NewScan[]): JournalScan[] {
    const nowMs = deps.nowMs();
    const pushedUs = deps.nowUs();
    return scans.map((scan, index) => {
      const { candidate, stat, scanNumber, hash } = scan;
      const timeUs = Math.min(stat.mtimeUs, candidate.firstSeenUs);
      const inOrder = { timeUs, name: candidate.name, scanNumber };
      const late = isLate(inOrder, newest);
      if (!late) newest = inOrder;
      const waitedMs = nowMs - candidate.firstSeenMs;
      return {
        seq: lastSeq + 1 + index,
        epoch: identity.epoch,
        file: candidate.name,
        hash,
        scanNumber,
        size: stat.size,
        mtimeUs: stat.mtimeUs,
        timeUs,
        late,
        replayed: isReplayed({ foundByFirstListing: candidate.foundByFirstListing, waitedMs }),
        pushedUs,
      };
    });
  }

  /** False when the journal cannot be written: the files wait, nothing is pushed. */
  function writeJournal(rows: readonly JournalScan[], files: readonly JournalFile[]): boolean {
    try {
      journal.append(rows, files);
      if (journalTrouble !== null) deps.log("the journal can be written again");
      journalTrouble = null;
      return true;
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      if (code !== "JOURNAL_UNAVAILABLE") throw error;
      if (journalTrouble === null)
        deps.log(`nothing is pushed until it can be written: ${message}`);
      journalTrouble = message;
      return false;
    }
  }

  async function push(batch: Batch): Promise<void> {
    const before = newest;
    const rows = rowsOf(batch.scans);
    if (!writeJournal(rows, batch.files)) {
      newest = before;
      intake.putBack(batch.scans.map((scan) => scan.candidate));
      for (const file of batch.files) intake.offer(file.file);
      await pause(JOURNAL_RETRY_MS);
      return;
    }
    deps.commit.onStep("journaled");
    if (0 < rows.length) {
      const bridgeUs = deps.nowUs();
      const entries: Entry[] = rows.map((row, index) =>
        encodeEntry(row, { members: batch.scans[index]!.members, bridgeUs, identity }),
      );
      underWay = batch.scans[0]?.candidate;
      underWayCount = rows.length;
      await commitEntries(deps.commit, entries);
      underWay = undefined;
      underWayCount = 0;
      lastSeq += rows.length;
      record(rows, batch.scans);
    }
    for (const file of batch.files) settle(file.file, file.verdict.kind);
    progressMs = deps.nowMs();
  }

  function record(rows: readonly JournalScan[], scans: readonly NewScan[]): void {
    const at = { hazelcastUs: deps.nowUs(), nowMs: deps.nowMs() };
    for (const [index, row] of rows.entries()) {
      const { candidate, assetCount } = scans[index]!;
      telemetry.pushed({ ...row, assetCount, firstSeenUs: candidate.firstSeenUs }, at);
      settle(row.file, "pushed");
      if (!row.late) newestSeenMs = candidate.firstSeenMs;
    }
    if (loggedAt + LOG_EVERY_SCANS <= telemetry.counts.pushed) {
      loggedAt = telemetry.counts.pushed;
      deps.log(
        `[OK] Pushed ${loggedAt} scans. Latest: #${rows.at(-1)?.scanNumber}, seq ${lastSeq}`,
      );
    }
  }

  function settle(file: string, kind: "pushed" | "duplicate" | "quarantined"): void {
    intake.settled(file);
    if (kind !== "quarantined") unfinished.settled(file);
    if (kind === "duplicate") telemetry.counts.duplicates += 1;
    if (kind === "quarantined") {
      telemetry.counts.quarantined += 1;
      deps.log(`quarantined ${JSON.stringify(file)}: 'dolphin archive quarantine' tells why`);
    }
  }

  /** Once a second: the epoch check, and what other hosts must know. */
  async function tick(): Promise<void> {
    try {
      const { store, state } = deps.commit;
      const view = await readView(store, state);
      deps.commit.patience.onAnswer(true, "");
      const outcome = decideOutcome({ ...identity, seq: lastSeq }, view);
      if (outcome.kind === "fenced") throw FencedError.by(outcome.by, identity);
      if (outcome.kind === "emptied") await deps.commit.refill(lastSeq);
      const toSeq = Math.min(lastSeq, doneSeq + DONE_PER_TICK);
      if (doneSeq < toSeq) {
        doneSeq = await tellDone({ store, journal }, { fromSeq: doneSeq + 1, toSeq });
        journal.setMeta("done_seq", doneSeq);
      }
    } catch (error) {
      const isFull = (error as { code?: string }).code === "JOURNAL_UNAVAILABLE";
      if (isUnavailable(error)) deps.commit.patience.onAnswer(false, (error as Error).message);
      else if (!isFull) throw error;
    }
  }

  async function chores(): Promise<void> {
    const nowMs = deps.nowMs();
    if (nextTickMs <= nowMs) {
      nextTickMs = nowMs + TICK_MS;
      if (intake.hasOverflowed()) deps.wakeRound();
      await tick();
    }
    if (nextReviewMs <= nowMs) {
      nextReviewMs = nowMs + REVIEW_MS;
      const verdicts = unfinished.review();
      if (0 < verdicts.length) await push({ scans: [], files: verdicts });
    }
  }

  function report(): PumpReport {
    const nowMs = deps.nowMs();
    const waiting = underWay ?? intake.oldest();
    const summary = telemetry.summary(nowMs);
    const ageS = (sinceMs: number) => Math.max(0, Math.round((nowMs - sinceMs) / 100) / 10);
    return {
      state: journalTrouble === null ? "running" : `waiting: journal (${journalTrouble})`,
      facts: {
        newestDataAgeS: newestSeenMs === null ? null : ageS(newestSeenMs),
        oldestUnpushedAgeS: waiting === undefined ? null : ageS(waiting.firstSeenMs),
        progressAgeS: ageS(progressMs),
        backlog: intake.length() + underWayCount,
      },
      summary,
      counters: flatten(summary),
    };
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function keepRounds(firstPauseMs: number, wait: (ms: number) => Promise<void>) {
    let pauseMs = firstPauseMs;
    while (!deps.stopping()) {
      await wait(pauseMs);
      unfinished.retryUnreadable();
      pauseMs = await rounds.run();
      if (0 < intake.length()) wake();
    }
  }

  return {
    /** An event told a name: the pump looks at it at once. */
    hint(file: string): void {
      intake.offer(file);
      if (0 < intake.length()) wake();
    },
    wake: (): void => wake(),
    /** Day folder of the newest scan in order. */
    newestDay: (): string | null => newest?.name.slice(0, 10) ?? null,
    report,
    progressed(): void {
      progressMs = deps.nowMs();
      deps.onAlive();
    },
    /** Runs until told to stop. `waitRound` pauses between rounds and may be cut short. */
    async run(waitRound: (ms: number) => Promise<void>): Promise<void> {
      const background = keepRounds(await rounds.run(), waitRound);
      while (!deps.stopping()) {
        await chores();
        const batch = await gather();
        if (0 < batch.scans.length + batch.files.length) await push(batch);
        else if (intake.length() === 0 && !deps.stopping()) await pause(idleMs());
      }
      wake();
      await background;
      await tick();
    },
  };

  function idleMs(): number {
    const dueMs = unfinished.count() === 0 ? nextTickMs : Math.min(nextTickMs, nextReviewMs);
    return Math.max(1, dueMs - deps.nowMs());
  }
}

/** `seen_to_hazelcast_ms: {p50, p99}` becomes `seen_to_hazelcast_ms_p50` and `..._p99`. */
function flatten(summary: ReturnType<Telemetry["summary"]>): Record<string, number | null> {
  return Object.fromEntries(
    Object.entries(summary).flatMap(([key, value]) =>
      typeof value === "object" && value !== null
        ? Object.entries(value).map(([part, n]) => [`${key}_${part}`, n] as const)
        : [[key, value] as const],
    ),
  );
}
