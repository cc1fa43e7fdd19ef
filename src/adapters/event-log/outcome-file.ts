/**
 * Digests of a book's steps, beside its segments, one file a day: a replay is compared with them. They are derived,
 * so a fold after a crash rewrites those that the crash lost. Record (24 bytes, little-endian): index f64, event u32,
 * decision u32, ledger u32, pnl u32.
 */
import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  readSync,
  fstatSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { dayFromMicros, US_PER_MS } from "../../domain/time.ts";
import type { BookEvent, TraderEvent } from "../../domain/trading/events.ts";
import {
  DIGEST_PARTS,
  pnlDigest,
  quietDigest,
  type StepDigest,
  StepDigester,
} from "../../domain/trading/replay/step-digest.ts";
import type { StoredDigest } from "../../domain/trading/replay/replay-records.ts";
import { type CopyDoubles, sliced } from "../../domain/trading/snapshot/exact.ts";
import { snapshotOf } from "../../domain/trading/snapshot/snapshot.ts";
import type { TraderCommand } from "../../domain/trading/commands.ts";
import type { Trader } from "../../domain/trading/trader.ts";
import {
  type DayBegin,
  decodeDayBegin,
  encodeDayBegin,
  type RecordedProgram,
} from "../../wire/trading/trader-snapshot.ts";
import { fileNamesIn, writeWhole } from "./segments/segment-files.ts";

const RECORD_BYTES = 24;
const BUFFERED_MAX = 256;
const NAME = /^(\d{4}-\d{2}-\d{2})\.digests$/;

/** Saves the state with which a day begins. */
export type KeepBegin = (path: string, begin: (copy: CopyDoubles) => readonly Uint8Array[]) => void;

export type OutcomeFileOptions = {
  /** Number of features carried with each scan. */
  readonly carriedCount: number;
  /** Absent: saved synchronously, which delays the first event of the day. */
  readonly keepBegin?: KeepBegin;
};

const keepAtOnce: KeepBegin = (path, begin) => writeWhole(path, begin(sliced));

/**
 * Takes each step in turn and writes its digest; buffered digests are lost by a kill. If the disk refuses them, a
 * replay has fewer comparisons, and the trader is unaffected.
 */
export class OutcomeFile {
  readonly #folder: string;
  readonly #program: RecordedProgram;
  readonly #digester: StepDigester;
  readonly #keepBegin: KeepBegin;
  readonly #buffer = Buffer.alloc(BUFFERED_MAX * RECORD_BYTES);
  #buffered = 0;
  #fd: number | null = null;
  #day = "";
  #lastIndex = 0;
  /** Taken, with what the book came to after them; digested once the scan that waits for them is decided. */
  #books: { readonly events: readonly BookEvent[]; readonly pnl: number } | null = null;

  /** `journalFolder`: of the book. A half-written record is truncated. */
  constructor(
    journalFolder: string,
    program: RecordedProgram,
    { carriedCount, keepBegin = keepAtOnce }: OutcomeFileOptions,
  ) {
    this.#keepBegin = keepBegin;
    this.#folder = outcomeFolder(journalFolder);
    this.#program = program;
    this.#digester = new StepDigester(carriedCount);
    mkdirSync(this.#folder, { recursive: true, mode: 0o750 });
    const newest = daysIn(this.#folder).at(-1);
    if (newest !== undefined) this.#open(newest);
  }

  tookEvent(event: TraderEvent): void {
    this.#digester.tookEvent(event);
  }

  /** Each a step of its own, that is over. */
  tookBooks(trader: Trader, events: readonly BookEvent[]): void {
    this.#noteBooks();
    this.#books = { events, pnl: pnlDigest(trader) };
  }

  /**
   * Saves the state before a day's first event: a replay starts there, whatever code and configuration ran on the
   * days before.
   */
  beginDay(trader: Trader, day: string): void {
    const begin = (copy: CopyDoubles) =>
      encodeDayBegin({ ...this.#program, snapshot: snapshotOf(trader, copy) });
    try {
      this.#keepBegin(beginPath(this.#folder, day), begin);
    } catch {
      // A replay then folds from an earlier state, or reports that it can't.
    }
  }

  gaveCommands(commands: readonly TraderCommand[]): void {
    this.#digester.gaveCommands(commands);
  }

  /** Called after the event and all of the broker's answers. */
  endStep(trader: Trader, event: TraderEvent): void {
    this.#noteBooks();
    this.#note(this.#digester.end(trader, event.index), event.nowMs);
    if (event.kind === "tick") this.flush();
  }

  flush(): void {
    this.#noteBooks();
    if (this.#buffered === 0 || this.#fd === null) return;
    const bytes = this.#buffered * RECORD_BYTES;
    this.#buffered = 0;
    try {
      for (let at = 0; at < bytes;) at += writeSync(this.#fd, this.#buffer, at, bytes - at);
    } catch {
      cutToWhole(this.#fd);
    }
  }

  close(): void {
    this.flush();
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  #noteBooks(): void {
    if (this.#books === null) return;
    const { events, pnl } = this.#books;
    this.#books = null;
    for (const event of events) this.#note(quietDigest(event, pnl), event.nowMs);
  }

  #note(digest: StepDigest, nowMs: number): void {
    // Folded again after a restart: it is written already.
    if (digest.index <= this.#lastIndex) return;
    const day = dayFromMicros(nowMs * US_PER_MS);
    // When the clock goes back over midnight, writing continues in the newest day, as for segments.
    if (this.#fd === null || this.#day < day) this.#open(day);
    this.#put(digest);
  }

  #put(digest: StepDigest): void {
    const at = this.#buffered * RECORD_BYTES;
    this.#buffer.writeDoubleLE(digest.index, at);
    DIGEST_PARTS.forEach((part, place) => {
      this.#buffer.writeUInt32LE(digest[part], at + 8 + 4 * place);
    });
    this.#lastIndex = digest.index;
    this.#buffered += 1;
    if (this.#buffered === BUFFERED_MAX) this.flush();
  }

  #open(day: string): void {
    this.close();
    this.#fd = openSync(outcomePath(this.#folder, day), "a+", 0o640);
    this.#day = day;
    const whole = cutToWhole(this.#fd);
    if (whole === 0) return;
    const last = Buffer.alloc(8);
    readSync(this.#fd, last, 0, 8, whole - RECORD_BYTES);
    this.#lastIndex = Math.max(this.#lastIndex, last.readDoubleLE(0));
  }
}

/** Null where none was saved, or it is unreadable. */
export function readDayBegin(journalFolder: string, day: string): DayBegin | null {
  const folder = outcomeFolder(journalFolder);
  if (!fileNamesIn(folder).includes(`${day}.begin`)) return null;
  try {
    return decodeDayBegin(readFileSync(beginPath(folder, day)));
  } catch {
    return null;
  }
}

/** The outcomes of a day are deleted with its segment. */
export function deleteOutcomes(journalFolder: string, day: string): void {
  const folder = outcomeFolder(journalFolder);
  rmSync(outcomePath(folder, day), { force: true });
  rmSync(beginPath(folder, day), { force: true });
}

/** Removes the digests of events after this one, and the days that begin later; returns the number removed. */
export function cutOutcomes(journalFolder: string, lastIndex: number): number {
  const folder = outcomeFolder(journalFolder);
  let cut = 0;
  for (const day of daysIn(folder).toReversed()) {
    const path = outcomePath(folder, day);
    const bytes = readFileSync(path);
    const count = Math.floor(bytes.length / RECORD_BYTES);
    let kept = count;
    while (0 < kept && lastIndex < bytes.readDoubleLE((kept - 1) * RECORD_BYTES)) kept -= 1;
    if (kept === count) break;
    cut += count - kept;
    if (kept === 0) rmSync(path);
    else truncateSync(path, kept * RECORD_BYTES);
  }
  for (const day of beginsIn(folder).toReversed()) {
    const begin = readDayBegin(journalFolder, day);
    if (begin === null) continue;
    if (begin.snapshot.nextIndex <= lastIndex) break;
    rmSync(beginPath(folder, day));
  }
  return cut;
}

function beginsIn(folder: string): readonly string[] {
  return fileNamesIn(folder)
    .flatMap((name) => /^(.+)\.begin$/.exec(name)?.[1] ?? [])
    .toSorted();
}

/** Returns the remaining size in bytes. */
function cutToWhole(fd: number): number {
  const { size } = fstatSync(fd);
  const whole = size - (size % RECORD_BYTES);
  if (whole < size) ftruncateSync(fd, whole);
  return whole;
}

/** The digests of a day by event index; null where there are none. */
export function readOutcomes(
  journalFolder: string,
  day: string,
): ReadonlyMap<number, StoredDigest> | null {
  const folder = outcomeFolder(journalFolder);
  if (!daysIn(folder).includes(day)) return null;
  const bytes = readFileSync(outcomePath(folder, day));
  const found = new Map<number, StoredDigest>();
  for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
    found.set(bytes.readDoubleLE(at), {
      event: bytes.readUInt32LE(at + 8),
      decision: bytes.readUInt32LE(at + 12),
      ledger: bytes.readUInt32LE(at + 16),
      pnl: bytes.readUInt32LE(at + 20),
    });
  }
  return found;
}

function outcomeFolder(journalFolder: string): string {
  return join(journalFolder, "outcomes");
}

function outcomePath(folder: string, day: string): string {
  return join(folder, `${day}.digests`);
}

function beginPath(folder: string, day: string): string {
  return join(folder, `${day}.begin`);
}

function daysIn(folder: string): readonly string[] {
  return fileNamesIn(folder)
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .toSorted();
}
