/** Takes a batch from its journal rows to its publication in Hazelcast, and settles its files. */
import type {
  JournalFile,
  JournalScan,
  ScanJournal,
} from "../../../adapters/scan-journal/scan-journal.ts";
import { type CommitDeps, commitEntries, encodeEntry } from "../commit/commit.ts";
import { JournalTrouble } from "../commit/journal-trouble.ts";
import { numberScans } from "../commit/numbering.ts";
import type { NewScan } from "../intake/examine.ts";
import type { Intake } from "../intake/intake.ts";
import type { Unfinished } from "../intake/unfinished.ts";
import type { Telemetry } from "../telemetry.ts";
import type { Batch } from "./batch-reader.ts";
import type { Observed } from "./observed.ts";

export type BatchSenderDeps = {
  readonly commit: CommitDeps;
  readonly journal: ScanJournal;
  readonly intake: Intake;
  readonly unfinished: Unfinished;
  readonly telemetry: Telemetry;
  readonly observed: Observed;
  readonly nowUs: () => number;
  readonly nowMs: () => number;
  readonly log: (line: string) => void;
};

const LOG_EVERY_SCANS = 200;

export class BatchSender {
  readonly #deps: BatchSenderDeps;
  readonly #trouble: JournalTrouble;
  /** Number of scans at the last log line. */
  #logged = 0;

  constructor(deps: BatchSenderDeps) {
    this.#deps = deps;
    this.#trouble = new JournalTrouble(deps.log);
  }

  /** Why the journal cannot be written; null while it can. */
  get trouble(): string | null {
    return this.#trouble.sentence;
  }

  /**
   * Writes the batch into the journal, which assigns its seqs. Null when the journal cannot be written: the files
   * wait again.
   */
  journal(batch: Batch): readonly JournalScan[] | null {
    const { journal, intake, commit, observed, nowMs, nowUs } = this.#deps;
    const { rows, newest } = numberScans(batch.scans, {
      lastSeq: observed.lastSeq,
      newest: observed.newest,
      epoch: commit.identity.epoch,
      nowMs: nowMs(),
      nowUs: nowUs(),
    });
    if (rows.length + batch.verdicts.length === 0) return rows;
    try {
      journal.appendAhead(rows, batch.verdicts);
    } catch (error) {
      this.#trouble.tell(error);
      observed.refused();
      intake.putBack(batch.scans.map((scan) => scan.candidate));
      for (const verdict of batch.verdicts) intake.offer(verdict.file);
      return null;
    }
    this.#trouble.over();
    observed.journaled(rows, newest);
    commit.onStep("journaled");
    return rows;
  }

  /** Work that needs no answer of the cluster is done after the scans were sent. */
  async send(batch: Batch, rows: readonly JournalScan[]): Promise<void> {
    if (rows.length === 0) return this.settleAll(batch);
    const { commit, observed, nowUs } = this.#deps;
    const { scans } = batch;
    const bridgeUs = nowUs();
    const entries = rows.map((row, index) => {
      const members = scans[index]?.members ?? "";
      return encodeEntry(row, { members, bridgeUs, identity: commit.identity });
    });
    observed.sent(scans);
    const committed = commitEntries(commit, entries);
    this.settleAll(batch);
    await committed;
    // Not earlier: if the member's thread waits for this core, the scan would wait with it.
    this.flush();
    observed.published(rows, scans);
    this.#record(rows, scans);
  }

  /** False while a published row is not in the database. */
  flush(): boolean {
    try {
      if (this.#deps.journal.flush()) this.#trouble.over();
      return true;
    } catch (error) {
      this.#trouble.tell(error);
      return false;
    }
  }

  settleAll({ scans, verdicts }: Batch): void {
    for (const { candidate } of scans) this.#settle(candidate.name, "pushed");
    for (const { file, verdict } of verdicts) this.#settle(file, verdict.kind);
  }

  #settle(file: string, kind: JournalFile["verdict"]["kind"]): void {
    const { intake, unfinished, telemetry, log } = this.#deps;
    intake.settled(file);
    if (kind !== "quarantined") unfinished.settled(file);
    if (kind === "duplicate") telemetry.counts.duplicates += 1;
    if (kind === "quarantined") {
      telemetry.counts.quarantined += 1;
      log(`quarantined ${JSON.stringify(file)}: 'dolphin archive quarantine' says why`);
    }
  }

  #record(rows: readonly JournalScan[], scans: readonly NewScan[]): void {
    const { telemetry, observed, nowUs, nowMs, log } = this.#deps;
    const at = { hazelcastUs: nowUs(), nowMs: nowMs() };
    for (const [index, row] of rows.entries()) {
      const scan = scans[index];
      if (scan === undefined) continue;
      const { firstSeenUs } = scan.candidate;
      telemetry.pushed({ ...row, firstSeenUs, assetCount: scan.assetCount }, at);
    }
    const { pushed } = telemetry.counts;
    if (pushed < this.#logged + LOG_EVERY_SCANS) return;
    this.#logged = pushed;
    log(
      `[OK] Pushed ${pushed} scans. Latest: #${rows.at(-1)?.scanNumber}, seq ${observed.lastSeq}`,
    );
  }
}
