/**
 * The trades of a book, one JSON line each with the index of the event that booked it: the outbox reads trades from
 * here. The file is derived from the journal; a fold writes what it lacks.
 */
import {
  closeSync,
  createReadStream,
  existsSync,
  fdatasync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Trade } from "../../domain/trading/orders.ts";

export type BookedTrade = { readonly index: number; readonly trade: Trade };

/** `folder`: of the book's journal, here and below. */
export function tradesPath(folder: string): string {
  return join(folder, "trades.jsonl");
}

/** Lines from `offset` on belong to events after this index. */
type Mark = { readonly index: number; readonly offset: number };

/** Most bytes that are read before the first requested line. */
const BYTES_BETWEEN_MARKS = 65_536;
const LINE_END = 0x0a;

export class TradeFile {
  readonly path: string;
  readonly #descriptor: number;
  /** Ascending, so that reading the newest trades does not start at the beginning of the file. */
  readonly #marks: Mark[];
  #lastIndex = 0;
  #bytes: number;

  /** A half-written line is truncated. */
  constructor(folder: string) {
    this.path = tradesPath(folder);
    this.#descriptor = openSync(this.path, "a", 0o640);
    const bytes = readFileSync(this.path);
    const end = bytes.lastIndexOf(LINE_END) + 1;
    if (end < bytes.length) truncateSync(this.path, end);
    this.#bytes = end;
    this.#marks = marksOf(bytes.subarray(0, end));
    if (0 < end) this.#lastIndex = indexOf(lineBefore(bytes, end));
  }

  /** Adds each index once; indexes rise, so a trade that a fold produces again is ignored. */
  add({ index, trade }: BookedTrade): void {
    if (index <= this.#lastIndex) return;
    this.#append(Buffer.from(`${JSON.stringify({ index, trade })}\n`));
    this.#lastIndex = index;
    const mark = this.#marks.at(-1)?.offset ?? 0;
    if (BYTES_BETWEEN_MARKS <= this.#bytes - mark) {
      this.#marks.push({ index, offset: this.#bytes });
    }
  }

  #append(line: Buffer): void {
    try {
      for (let at = 0; at < line.length;) at += writeSync(this.#descriptor, line, at);
    } catch (error) {
      // On a full disk a part of the line may be written: the next line must not follow it.
      ftruncateSync(this.#descriptor, this.#bytes);
      throw error;
    }
    this.#bytes += line.length;
  }

  sync(): void {
    fdatasyncSync(this.#descriptor);
  }

  /** As `sync`, without blocking `add`. */
  syncAside(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#descriptor, (error) => (error === null ? resolve() : reject(error)));
    });
  }

  /** At most `max` trades booked by events after `after`, oldest first. */
  async since(after: number, max: number): Promise<readonly BookedTrade[]> {
    const found: BookedTrade[] = [];
    const start = this.#marks.findLast(({ index }) => index <= after)?.offset ?? 0;
    const stream = createReadStream(this.path, { encoding: "utf8", start });
    for await (const line of createInterface({ input: stream })) {
      if (indexOf(line) <= after) continue;
      found.push(JSON.parse(line));
      if (max <= found.length) break;
    }
    stream.destroy();
    return found;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function marksOf(bytes: Buffer): Mark[] {
  const marks: Mark[] = [];
  for (let near = BYTES_BETWEEN_MARKS; near < bytes.length;) {
    const offset = bytes.indexOf(LINE_END, near) + 1;
    marks.push({ index: indexOf(lineBefore(bytes, offset)), offset });
    near = offset + BYTES_BETWEEN_MARKS;
  }
  return marks;
}

/** The line that ends right before this offset. */
function lineBefore(bytes: Buffer, end: number): string {
  const before = end < 2 ? -1 : bytes.lastIndexOf(LINE_END, end - 2);
  return bytes.toString("utf8", before + 1, end);
}

/** Removes the trades booked by events after this one; returns the number removed. */
export function cutTrades(folder: string, lastIndex: number): number {
  const { kept, behind } = partedAt(folder, lastIndex);
  if (0 < behind.length) {
    const bytes = kept.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0);
    truncateSync(tradesPath(folder), bytes);
  }
  return behind.length;
}

export function tradesBehind(folder: string, lastIndex: number): readonly BookedTrade[] {
  return partedAt(folder, lastIndex).behind.map((line) => JSON.parse(line));
}

function partedAt(folder: string, lastIndex: number) {
  const path = tradesPath(folder);
  const lines = existsSync(path) ? readFileSync(path, "utf8").split("\n").slice(0, -1) : [];
  const first = lines.findIndex((line) => lastIndex < indexOf(line));
  const at = first === -1 ? lines.length : first;
  return { kept: lines.slice(0, at), behind: lines.slice(at) };
}

/** Every line begins with its index. */
function indexOf(line: string): number {
  return Number(/^\{"index":(\d+),/.exec(line)?.[1] ?? Number.NaN);
}
