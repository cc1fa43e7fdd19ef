/**
 * The pump: takes waiting files in order, commits them one by one or in batches, and in between
 * checks that no newer bridge has the word and looks at unfinished files again.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { JournalFile, JournalScan, ScanJournal } from "../../adapters/journal/scan-journal.ts";
import { RELIST_KEY } from "../../domain/scan/audit.ts";
import type { Newest } from "../../domain/scan/order.ts";
import type { ServiceFacts } from "../../wire/control-pipe.ts";
import { type CommitDeps, commitEntries, encodeEntry } from "./commit/commit.ts";
import { type ExamineDeps, type NewScan, examine } from "./intake/examine.ts";
import type { Candidate, Intake } from "./intake/intake.ts";
import { Nap } from "./nap.ts";
import { JournalTrouble } from "./commit/journal-trouble.ts";
import { numberScans } from "./commit/numbering.ts";
import { tick } from "./commit/tick.ts";
import type { Rounds } from "./intake/rounds.ts";
import type { Telemetry } from "./telemetry.ts";
import type { Unfinished } from "./intake/unfinished.ts";

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
  /** After every file: the sign that no file operation hangs. */
  readonly onAlive: () => void;
};

export type PumpReport = {
  /** One phrase for the operator. */
  readonly state: string;
  readonly facts: Omit<ServiceFacts, "archive" | "hazelcast">;
  readonly summary: ReturnType<Telemetry["summary"]>;
};

const BATCH_MAX = 64;
/** Larger batches outlive the young generation: at 400 assets that doubled the CPU time a scan. */
const BATCH_CHARS_MAX = 786_432;
/** Verdicts without a seq that one transaction writes. */
const VERDICTS_MAX = 1_000;
const TICK_MS = 1_000;
const REVIEW_MS = 250;
const JOURNAL_RETRY_MS = 1_000;
/** Scans that only journal and ringbuffer know: below the ring's capacity, so that one may be lost. */
const UNTOLD_MAX = 1_500;
const LOG_EVERY_SCANS = 200;
/** Five milliseconds' worth. */
const HASHES_PER_TURN = 5_000;

type Batch = { readonly scans: NewScan[]; readonly verdicts: JournalFile[] };

export class Pump {
  readonly #deps: PumpDeps;
  readonly #nap = new Nap();
  readonly #roundNap = new Nap();
  #lastSeq: number;
  #newest: Newest | null;
  #doneSeq: number;
  /** The batch that is being committed. */
  #underWay: readonly NewScan[] = [];
  #progressMs: number;
  #newestSeenMs: number | null = null;
  #nextTickMs = 0;
  #nextReviewMs = 0;
  readonly #journalTrouble: JournalTrouble;
  #logged = 0;
  #relistSeen: string | null;
  /** Nothing waits, nothing is under way, no chore is due. */
  #isResting = false;
  /** The scan that ended a rest, on its way. */
  #live: Promise<void> | null = null;
  /** The scans of the batch that is being gathered. */
  #gathered: readonly NewScan[] = [];
  readonly #examineDeps: ExamineDeps;

  constructor(deps: PumpDeps) {
    this.#deps = deps;
    this.#journalTrouble = new JournalTrouble(deps.log);
    this.#lastSeq = deps.lastSeq;
    this.#newest = deps.newest;
    this.#doneSeq = Math.min(deps.lastSeq, Number(deps.journal.meta("done_seq") ?? 0));
    this.#progressMs = deps.nowMs();
    this.#relistSeen = deps.journal.meta(RELIST_KEY);
    this.#examineDeps = { ...deps, seqInBatch: (hash) => this.#seqInBatch(hash) };
  }

  /** Runs until told to stop. @throws {FencedError} when a newer bridge has the word. */
  async run(): Promise<void> {
    const { intake, rounds, stopping } = this.#deps;
    const background = this.#keepRounds(await rounds.run());
    // A failure of the loop must not leave the other one behind unheard.
    background.catch(() => this.wake());
    let committing = Promise.resolve();
    while (!stopping()) {
      // In a backlog this batch is read while the cluster works on the one before.
      const batch = await this.#gather();
      await committing;
      const rows = this.#journal(batch);
      if (rows === null) {
        await this.#nap.take(JOURNAL_RETRY_MS);
        continue;
      }
      committing = this.#commit(batch, rows);
      // It is awaited below or in the next turn; until then its failure is not unheard of.
      committing.catch(() => {});
      if (0 < intake.length && !this.#isTickDue()) continue;
      await committing;
      await this.#chores();
      if (intake.length === 0 && !stopping()) await this.#rest();
    }
    await committing;
    this.wake();
    await background;
    await this.#tick();
  }

  /** An event told a name: the pump looks at it at once, and while it rests, before this returns. */
  hint(file: string): void {
    const { intake } = this.#deps;
    const candidate = this.#isResting ? intake.alone(file) : null;
    if (candidate === null) {
      intake.offer(file);
      if (0 < intake.length) this.#nap.end();
      return;
    }
    this.#isResting = false;
    this.#live = this.#pushLive(candidate);
    this.#nap.end();
  }

  /** The archive's root changed, or files were left out: list soon. */
  wakeRound(): void {
    this.#roundNap.end();
  }

  wake(): void {
    this.#nap.end();
    this.#roundNap.end();
  }

  /** A listing goes on: no news, but no hang either. */
  progressed(): void {
    this.#progressMs = this.#deps.nowMs();
    this.#deps.onAlive();
  }

  /** Day folder of the newest scan in order. */
  newestDay(): string | null {
    return this.#newest?.name.slice(0, 10) ?? null;
  }

  report(): PumpReport {
    const { intake, telemetry, nowMs } = this.#deps;
    const now = nowMs();
    const waiting = this.#underWay[0]?.candidate ?? intake.oldest();
    const ageS = (sinceMs: number) => Math.max(0, Math.round((now - sinceMs) / 100) / 10);
    const trouble = this.#journalTrouble.sentence;
    return {
      state: trouble === null ? "running" : `waiting: journal (${trouble})`,
      facts: {
        newestDataAgeS: this.#newestSeenMs === null ? null : ageS(this.#newestSeenMs),
        oldestUnpushedAgeS: waiting === undefined ? null : ageS(waiting.firstSeenMs),
        progressAgeS: ageS(this.#progressMs),
        backlog: intake.length + this.#underWay.length,
      },
      summary: telemetry.summary(now),
    };
  }

  async #keepRounds(firstPauseMs: number): Promise<void> {
    const { intake, rounds, unfinished, stopping } = this.#deps;
    let pauseMs = firstPauseMs;
    while (!stopping()) {
      await this.#roundNap.take(pauseMs);
      unfinished.retryUnreadable();
      pauseMs = await rounds.run();
      if (0 < intake.length) this.#nap.end();
    }
  }

  /** Nothing waits: until an event tells of a file, or something is due. */
  async #rest(): Promise<void> {
    if (!this.#deps.journal.learnHashes(HASHES_PER_TURN)) return nextTurn();
    this.#isResting = true;
    await this.#nap.take(this.#idleMs());
    this.#isResting = false;
    await this.#live;
    this.#live = null;
  }

  /** One scan from its file to the cluster; sent without a turn of the event loop in between. */
  async #pushLive(candidate: Candidate): Promise<void> {
    const batch: Batch = { scans: [], verdicts: [] };
    this.#gathered = batch.scans;
    const looked = examine(this.#examineDeps, candidate);
    this.#sortIn(batch, candidate, looked instanceof Promise ? await looked : looked);
    const rows = this.#journal(batch);
    if (rows !== null) await this.#commit(batch, rows);
  }

  async #gather(): Promise<Batch> {
    const { intake } = this.#deps;
    const batch: Batch = { scans: [], verdicts: [] };
    this.#gathered = batch.scans;
    let chars = 0;
    while (
      batch.scans.length < BATCH_MAX &&
      batch.verdicts.length < VERDICTS_MAX &&
      chars < BATCH_CHARS_MAX
    ) {
      const candidate = intake.take();
      if (candidate === undefined) break;
      const looked = examine(this.#examineDeps, candidate);
      // A live scan must not wait for the next turn when its answer is already here.
      const result = looked instanceof Promise ? await looked : looked;
      this.#deps.onAlive();
      if (result.kind === "scan") chars += result.scan.members.length;
      this.#sortIn(batch, candidate, result);
    }
    return batch;
  }

  /** The seq that a scan of the batch under way will have. */
  #seqInBatch(hash: Buffer): number | null {
    const at = this.#gathered.findIndex((scan) => scan.hash.equals(hash));
    return at === -1 ? null : this.#lastSeq + 1 + at;
  }

  #sortIn(batch: Batch, candidate: Candidate, result: Awaited<ReturnType<typeof examine>>): void {
    const { intake, unfinished } = this.#deps;
    switch (result.kind) {
      case "scan":
        batch.scans.push(result.scan);
        break;
      case "settled":
        batch.verdicts.push(result.file);
        break;
      case "unfinished": {
        const verdict = unfinished.keep(candidate, result);
        if (verdict !== null) batch.verdicts.push(verdict);
        break;
      }
      case "gone":
        unfinished.settled(candidate.name);
        intake.release(candidate.name);
        break;
    }
  }

  /**
   * Writes the batch into the journal, which gives its scans their seqs. Null when the journal
   * cannot be written: the files wait, nothing is pushed.
   */
  #journal(batch: Batch): readonly JournalScan[] | null {
    const { journal, intake, commit, nowMs, nowUs } = this.#deps;
    const numbered = numberScans(batch.scans, {
      lastSeq: this.#lastSeq,
      newest: this.#newest,
      epoch: commit.identity.epoch,
      nowMs: nowMs(),
      nowUs: nowUs(),
    });
    const { rows } = numbered;
    if (rows.length + batch.verdicts.length === 0) return rows;
    try {
      journal.appendAhead(rows, batch.verdicts);
    } catch (error) {
      this.#journalTrouble.tell(error);
      intake.putBack(batch.scans.map((scan) => scan.candidate));
      for (const verdict of batch.verdicts) intake.offer(verdict.file);
      return null;
    }
    this.#journalTrouble.over();
    this.#lastSeq += rows.length;
    this.#newest = numbered.newest;
    this.#progressMs = nowMs();
    commit.onStep("journaled");
    return rows;
  }

  /** What waits for no answer of the cluster is done after the scans are sent. */
  async #commit(batch: Batch, rows: readonly JournalScan[]): Promise<void> {
    const { scans } = batch;
    if (rows.length === 0) return this.#settleAll(batch);
    const { commit, nowUs, nowMs } = this.#deps;
    const { identity } = commit;
    const bridgeUs = nowUs();
    const entries = rows.map((row, index) => {
      const members = scans[index]?.members ?? "";
      return encodeEntry(row, { members, bridgeUs, identity });
    });
    this.#underWay = scans;
    const committed = commitEntries(commit, entries);
    this.#settleAll(batch);
    await committed;
    // Not earlier: where the member's thread waits for this core, the scan would wait with it.
    this.#flush();
    this.#underWay = [];
    this.#progressMs = nowMs();
    this.#record(rows, scans);
  }

  /** False while a row that was published is not in the database. */
  #flush(): boolean {
    try {
      if (this.#deps.journal.flush()) this.#journalTrouble.over();
      return true;
    } catch (error) {
      this.#journalTrouble.tell(error);
      return false;
    }
  }

  #settleAll({ scans, verdicts }: Batch): void {
    for (const { candidate } of scans) this.#settle(candidate.name, "pushed");
    for (const { file, verdict } of verdicts) this.#settle(file, verdict.kind);
  }

  #record(rows: readonly JournalScan[], scans: readonly NewScan[]): void {
    const { telemetry, nowUs, nowMs, log } = this.#deps;
    const at = { hazelcastUs: nowUs(), nowMs: nowMs() };
    for (const [index, row] of rows.entries()) {
      const scan = scans[index];
      if (scan === undefined) continue;
      const { firstSeenUs, firstSeenMs } = scan.candidate;
      telemetry.pushed({ ...row, firstSeenUs, assetCount: scan.assetCount }, at);
      if (!row.late) this.#newestSeenMs = firstSeenMs;
    }
    const { pushed } = telemetry.counts;
    if (pushed < this.#logged + LOG_EVERY_SCANS) return;
    this.#logged = pushed;
    log(`[OK] Pushed ${pushed} scans. Latest: #${rows.at(-1)?.scanNumber}, seq ${this.#lastSeq}`);
  }

  #settle(file: string, kind: JournalFile["verdict"]["kind"]): void {
    const { intake, unfinished, telemetry, log } = this.#deps;
    intake.settled(file);
    if (kind !== "quarantined") unfinished.settled(file);
    if (kind === "duplicate") telemetry.counts.duplicates += 1;
    if (kind === "quarantined") {
      telemetry.counts.quarantined += 1;
      log(`quarantined ${JSON.stringify(file)}: 'dolphin archive quarantine' tells why`);
    }
  }

  async #chores(): Promise<void> {
    const { intake, rounds, unfinished, nowMs } = this.#deps;
    const now = nowMs();
    if (this.#isTickDue()) {
      this.#nextTickMs = now + TICK_MS;
      if (this.#isAskedToRelist()) rounds.forget();
      if (intake.hasOverflowed || rounds.isForgetful) this.wakeRound();
      await this.#tick();
    }
    if (this.#nextReviewMs <= now) {
      this.#nextReviewMs = now + REVIEW_MS;
      const verdicts = unfinished.review();
      const batch: Batch = { scans: [], verdicts };
      if (0 < verdicts.length && this.#journal(batch) !== null) this.#settleAll(batch);
    }
  }

  #isTickDue(): boolean {
    const isOverdue = this.#nextTickMs <= this.#deps.nowMs();
    return isOverdue || UNTOLD_MAX < this.#lastSeq - this.#doneSeq;
  }

  /** An audit found holes: it leaves a mark in the journal. */
  #isAskedToRelist(): boolean {
    const asked = this.#deps.journal.meta(RELIST_KEY);
    const isNew = asked !== this.#relistSeen;
    this.#relistSeen = asked;
    return isNew;
  }

  async #tick(): Promise<void> {
    // A refill reads the database.
    if (!this.#flush()) return;
    const told = { lastSeq: this.#lastSeq, doneSeq: this.#doneSeq };
    this.#doneSeq = await tick(this.#deps, told);
  }

  #idleMs(): number {
    const { unfinished, nowMs } = this.#deps;
    const dueMs =
      unfinished.count === 0 ? this.#nextTickMs : Math.min(this.#nextTickMs, this.#nextReviewMs);
    return Math.max(1, dueMs - nowMs());
  }
}
