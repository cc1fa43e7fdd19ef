/** Reads waiting files into batches: a file with new bytes becomes a scan, any other a verdict. */
import type { JournalFile } from "../../../adapters/scan-journal/scan-journal.ts";
import { type Examined, type ExamineDeps, examine, type NewScan } from "../intake/examine.ts";
import type { Candidate, Intake } from "../intake/intake.ts";
import type { Unfinished } from "../intake/unfinished.ts";
import type { Observed } from "./observed.ts";

export type Batch = { readonly scans: NewScan[]; readonly verdicts: JournalFile[] };

export type BatchReaderDeps = Omit<ExamineDeps, "inBatch"> & {
  readonly intake: Intake;
  readonly unfinished: Unfinished;
  readonly observed: Pick<Observed, "lastSeq" | "progress">;
  readonly nowMs: () => number;
  /** Called after every file, as a sign that no file operation hangs. */
  readonly onAlive: () => void;
};

const BATCH_MAX = 64;
/** Larger batches outlive V8's young generation: at 400 assets that doubled the CPU time per scan. */
const BATCH_CHARS_MAX = 786_432;
/** Verdicts without a seq that one transaction writes. */
const VERDICTS_MAX = 1_000;
/** Longest time for reading a batch from a slow share: Hazelcast's answer waits meanwhile. */
const BATCH_MS_MAX = 100;

export class BatchReader {
  readonly #deps: BatchReaderDeps;
  readonly #examineDeps: ExamineDeps;
  /** The scans of the batch that is being read. */
  #gathered: readonly NewScan[] = [];

  constructor(deps: BatchReaderDeps) {
    this.#deps = deps;
    this.#examineDeps = { ...deps, inBatch: (hash) => this.#inBatch(hash) };
  }

  /** The oldest waiting files, as many as one batch may hold. */
  async read(): Promise<Batch> {
    const { intake, nowMs, onAlive } = this.#deps;
    const batch = this.#begin();
    let chars = 0;
    const endMs = nowMs() + BATCH_MS_MAX;
    while (
      batch.scans.length < BATCH_MAX &&
      batch.verdicts.length < VERDICTS_MAX &&
      chars < BATCH_CHARS_MAX &&
      nowMs() < endMs
    ) {
      const candidate = intake.take();
      if (candidate === undefined) break;
      // An event named it again while another file was parsed: it is examined once its first reading has a seq.
      if (batch.scans.some((scan) => scan.candidate.name === candidate.name)) {
        intake.putBack([candidate]);
        break;
      }
      const looked = examine(this.#examineDeps, candidate);
      // A live scan must not wait for another turn of the event loop when its answer is already available.
      const examined = looked instanceof Promise ? await looked : looked;
      onAlive();
      if (examined.kind === "scan") chars += examined.scan.members.length;
      this.#sortIn(batch, candidate, examined);
    }
    return batch;
  }

  /** A single file; synchronous unless its layout needs the thread. */
  readOne(candidate: Candidate): Batch | Promise<Batch> {
    const batch = this.#begin();
    const looked = examine(this.#examineDeps, candidate);
    if (!(looked instanceof Promise)) return this.#sortIn(batch, candidate, looked);
    return looked.then((examined) => this.#sortIn(batch, candidate, examined));
  }

  #begin(): Batch {
    const batch: Batch = { scans: [], verdicts: [] };
    this.#gathered = batch.scans;
    return batch;
  }

  /** The seq and file that these bytes will have in the current batch. */
  #inBatch(hash: Buffer): ReturnType<ExamineDeps["inBatch"]> {
    const at = this.#gathered.findIndex((scan) => scan.hash.equals(hash));
    const scan = this.#gathered[at];
    if (scan === undefined) return null;
    return { seq: this.#deps.observed.lastSeq + 1 + at, file: scan.candidate.name };
  }

  #sortIn(batch: Batch, candidate: Candidate, examined: Examined): Batch {
    const { intake, unfinished, observed } = this.#deps;
    if (examined.kind !== "scan") observed.progress.settled();
    switch (examined.kind) {
      case "scan":
        batch.scans.push(examined.scan);
        break;
      case "settled":
        batch.verdicts.push(examined.file);
        break;
      case "unfinished": {
        const verdict = unfinished.keep(candidate, examined);
        if (verdict !== null) batch.verdicts.push(verdict);
        break;
      }
      case "gone":
        unfinished.settled(candidate.name);
        intake.release(candidate.name);
        break;
    }
    return batch;
  }
}
