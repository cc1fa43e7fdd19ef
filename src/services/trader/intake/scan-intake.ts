/**
 * Brings scans into the order of their seqs. The next one is stepped within its callback; one after a gap waits a
 * moment while the missing ones are looked up in ringbuffer and journal. Invariant: each seq reaches the trader once,
 * whatever is received twice, dropped, or out of order.
 */
import { setTimeout as delay } from "node:timers/promises";
import type { SeenSeqs } from "../../../domain/scan/seen-seqs.ts";
import type { ParsedScan, ScanTextReader } from "../../../wire/trading/scan-text.ts";

/** A source of missed scans by their seq. */
export type ScanSource = {
  readonly name: string;
  /** Texts of scans, including those with these seqs that it has; `newestSeq` has been pushed already. */
  find(wanted: SeqRange, newestSeq: number): AsyncIterable<unknown>;
};
export type SeqRange = { readonly from: number; readonly to: number };

export type ScanIntakeDeps = {
  readonly reader: ScanTextReader;
  /** In the order in which they are tried. */
  readonly sources: readonly ScanSource[];
  /** The seqs that the trader has taken; null before its first scan. */
  readonly taken: () => SeenSeqs | null;
  /** False when the journal did not accept it. */
  readonly step: (scan: ParsedScan, isRepaired: boolean) => boolean;
  readonly lose: (seq: number) => boolean;
  readonly monotonicMs: () => number;
  readonly onTrouble: (line: string) => void;
  /** A step failed: the process must end. */
  readonly onFailure: (error: unknown) => void;
};

/** Scans that a new trader looks back for, to fill its windows: what the ring holds. */
export const FIRST_SCANS_MAX = 2_000;
/** How long a newer scan waits for the ones before it, while none of them is found. */
const HOLD_MS = 1_000;
const POLL_AGAIN_MS = 20;
/**
 * Looks after which a seq is lost that none of them found; they are a second apart. Looks are counted, not time: in a pause
 * of this process, or while a source cannot be read, nobody has looked. But a source that can never be read must not hold a
 * seq open forever.
 */
const LOOKS_MAX = { whole: 10, all: 60 };
const CHUNK_SCANS = 250;
const CHUNKS_PER_TICK = 4;
const QUEUE_MAX = 256;

/** Whole: every source could be read. */
type Looks = { readonly whole: number; readonly all: number };
type Heard = { readonly seq: number; readonly text: string };

export class ScanIntake {
  readonly counts = { heard: 0, unreadable: 0, duplicates: 0, repaired: 0, lost: 0 };
  /** The newest seq that was seen. */
  newestSeq = 0;
  /** A newer bridge counts from the beginning: none of its scans can be taken. */
  isNumberedAnew = false;
  #newestEpoch = 0;
  #isReadable = true;
  #queue: Heard[] = [];
  #isRepairing = false;
  #isLooking = false;
  #isStopped = false;
  #looks: Looks = { whole: 0, all: 0 };
  /** Of each hole, the looks before it was one. */
  readonly #looksBefore = new Map<number, Looks>();
  readonly #deps: ScanIntakeDeps;

  constructor(deps: ScanIntakeDeps) {
    this.#deps = deps;
  }

  /** Scans that wait for one before them, and seqs that are being looked up. */
  get backlog(): number {
    return this.#queue.length + (this.#deps.taken()?.holes.size ?? 0);
  }

  /** Takes a listener's event, or the latest scan found by a look. True when it was stepped at once. */
  hear(text: unknown): boolean {
    const scan = this.#deps.reader.read(text);
    if (scan === null || typeof text !== "string") {
      this.counts.unreadable += 1;
      if (this.#isReadable) this.#deps.onTrouble("the latest scan's value is no scan: ignored");
      this.#isReadable = false;
      return false;
    }
    this.#isReadable = true;
    this.counts.heard += 1;
    if (this.newestSeq < scan.seq) this.newestSeq = scan.seq;
    this.#checkNumbering(scan);
    if (!this.#isRepairing && this.#isNext(scan)) return this.#step(scan, false);
    const taken = this.#deps.taken();
    if (taken !== null && scan.seq <= taken.highest) {
      this.#takeBehind(scan, taken);
      return false;
    }
    this.#queue.push({ seq: scan.seq, text });
    // A scan dropped here is a gap before the next one, and repaired as such.
    if (QUEUE_MAX < this.#queue.length) this.#queue.shift();
    if (!this.#isRepairing) void this.#repair();
    return false;
  }

  /** Once a second: looks up what is missing before the newest, and gives up what is not found. */
  async tick(): Promise<void> {
    const taken = this.#deps.taken();
    if (this.#isLooking || this.#isRepairing || taken === null) return;
    if (taken.holes.size === 0) {
      this.#looksBefore.clear();
      return;
    }
    this.#isLooking = true;
    try {
      await this.#findHoles(taken);
    } finally {
      this.#isLooking = false;
    }
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** A bridge that starts sets its newest scan again, and none before it: seqs never go back. */
  #checkNumbering({ seq, epoch }: ParsedScan): void {
    const highest = this.#deps.taken()?.highest ?? 0;
    if (highest < seq) this.isNumberedAnew = false;
    else if (seq < highest && this.#newestEpoch < epoch && this.#newestEpoch !== 0) {
      this.isNumberedAnew = true;
      this.#deps.onTrouble(
        `the bridge of epoch ${epoch} has seq ${seq}, but ${highest} was taken before: it lost its ` +
          "journal and the cluster its maps. Stop the trader, move its journal away, and start it",
      );
    }
    if (this.#newestEpoch < epoch) this.#newestEpoch = epoch;
  }

  #isNext(scan: ParsedScan): boolean {
    const taken = this.#deps.taken();
    return taken === null ? scan.seq === 1 : scan.seq === taken.highest + 1;
  }

  #step(scan: ParsedScan, isRepaired: boolean): boolean {
    if (!this.#deps.step(scan, isRepaired)) return false;
    if (isRepaired) this.counts.repaired += 1;
    return true;
  }

  #takeBehind(scan: ParsedScan, taken: SeenSeqs): void {
    if (taken.holes.has(scan.seq)) this.#step(scan, true);
    else this.counts.duplicates += 1;
  }

  async #repair(): Promise<void> {
    this.#isRepairing = true;
    try {
      while (!this.#isStopped) {
        const next = this.#queue[0];
        if (next === undefined) return;
        await this.#fillBefore(next.seq);
        // The queue may have dropped it meanwhile.
        const { reader, taken } = this.#deps;
        if (this.#queue[0] === next) this.#queue.shift();
        const scan = reader.read(next.text);
        const seqs = taken();
        if (scan === null) continue;
        if (seqs !== null && scan.seq <= seqs.highest) this.#takeBehind(scan, seqs);
        else if (!this.#step(scan, false)) return;
      }
    } catch (error) {
      this.#deps.onFailure(error);
    } finally {
      this.#isRepairing = false;
    }
  }

  /** Steps the seqs before `seq` that are found, in order, waiting a moment for missing ones. */
  async #fillBefore(seq: number): Promise<void> {
    const { taken, monotonicMs } = this.#deps;
    const seqs = taken();
    if (seqs === null) return this.#fillFirst(seq);
    let from = seqs.highest + 1;
    let giveUpMs = monotonicMs() + HOLD_MS;
    while (from < seq && !this.#isStopped) {
      const range = { from, to: Math.min(seq - 1, from + CHUNK_SCANS - 1) };
      const { found } = await this.#find(range);
      const isAll = found.size === range.to - range.from + 1;
      const isOver = giveUpMs <= monotonicMs();
      if (!isAll && !isOver) {
        // Scans that are found continue: only those after a missing one have to wait.
        from = this.#stepRun(found, range);
        if (range.from < from) giveUpMs = monotonicMs() + HOLD_MS;
        else await delay(POLL_AGAIN_MS);
        continue;
      }
      for (const text of inOrder(found)) if (!this.#stepText(text)) return;
      if (found.size > 0) giveUpMs = monotonicMs() + HOLD_MS;
      from = range.to + 1;
    }
  }

  /** From the start of the unbroken run that ends before `seq`: there is no earlier state to continue. */
  async #fillFirst(seq: number): Promise<void> {
    const { monotonicMs } = this.#deps;
    const range = { from: Math.max(1, seq - FIRST_SCANS_MAX), to: seq - 1 };
    if (range.to < range.from) return;
    const giveUpMs = monotonicMs() + HOLD_MS;
    for (;;) {
      const { found } = await this.#find(range);
      if (!found.has(range.to) && monotonicMs() < giveUpMs && !this.#isStopped) {
        await delay(POLL_AGAIN_MS);
        continue;
      }
      let first = seq;
      while (found.has(first - 1)) first -= 1;
      for (let at = first; at < seq; at += 1) {
        if (!this.#stepText(found.get(at) ?? "")) return;
        // Each step is short; events are received in between.
        if (at % CHUNK_SCANS === 0) await delay(0);
      }
      return;
    }
  }

  /** Returns the first seq that was not found. */
  #stepRun(found: ReadonlyMap<number, string>, range: SeqRange): number {
    let next = range.from;
    for (let text = found.get(next); text !== undefined; text = found.get(next)) {
      if (!this.#stepText(text)) break;
      next += 1;
    }
    return next;
  }

  #stepText(text: string): boolean {
    const scan = this.#deps.reader.read(text);
    return scan !== null && this.#step(scan, true);
  }

  /** `isWhole`: every source could be read. */
  async #find(range: SeqRange): Promise<{ found: Map<number, string>; isWhole: boolean }> {
    const found = new Map<number, string>();
    let isWhole = true;
    const wantedCount = range.to - range.from + 1;
    for (const source of this.#deps.sources) {
      if (found.size === wantedCount) break;
      const rest = { from: range.from, to: range.to };
      while (found.has(rest.from)) rest.from += 1;
      while (found.has(rest.to)) rest.to -= 1;
      try {
        for await (const text of source.find(rest, this.newestSeq)) {
          const seq = this.#deps.reader.read(text)?.seq ?? 0;
          const isWanted = range.from <= seq && seq <= range.to;
          if (isWanted && typeof text === "string") found.set(seq, text);
        }
      } catch (error) {
        isWhole = false;
        this.#deps.onTrouble(`${source.name} could not be read: ${String(error)}`);
      }
    }
    return { found, isWhole };
  }

  async #findHoles(taken: SeenSeqs): Promise<void> {
    const before = this.#looks;
    for (const seq of taken.holes) {
      if (!this.#looksBefore.has(seq)) this.#looksBefore.set(seq, before);
    }
    let isWhole = true;
    for (let chunk = 0; chunk < CHUNKS_PER_TICK; chunk += 1) {
      const [first] = taken.holes;
      if (first === undefined) break;
      const range = { from: first, to: first + CHUNK_SCANS - 1 };
      const look = await this.#find(range);
      isWhole &&= look.isWhole;
      for (const [seq, text] of look.found) if (taken.holes.has(seq)) this.#stepText(text);
      if (!this.#loseHoles(taken, range, look.isWhole)) break;
    }
    this.#looks = { whole: before.whole + (isWhole ? 1 : 0), all: before.all + 1 };
  }

  /** True when none of the range is left. */
  #loseHoles(taken: SeenSeqs, range: SeqRange, isWhole: boolean): boolean {
    for (const seq of taken.holes) {
      if (range.to < seq) return true;
      const before = this.#looksBefore.get(seq) ?? this.#looks;
      const isSought = LOOKS_MAX.whole <= this.#looks.whole - before.whole && isWhole;
      if (!isSought && this.#looks.all - before.all < LOOKS_MAX.all) return false;
      this.#looksBefore.delete(seq);
      if (!this.#deps.lose(seq)) return false;
      this.counts.lost += 1;
    }
    return true;
  }
}

function inOrder(found: ReadonlyMap<number, string>): readonly string[] {
  return [...found].toSorted(([one], [other]) => one - other).map(([, text]) => text);
}
