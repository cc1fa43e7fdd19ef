/**
 * The trades of a book, one JSON line each with the index of the event that booked it: what is still
 * to be told elsewhere is read from here. It follows from the journal; a fold writes what it lacks.
 */
import {
  closeSync,
  createReadStream,
  existsSync,
  fdatasyncSync,
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

export class TradeFile {
  readonly path: string;
  readonly #descriptor: number;
  #lastIndex = 0;

  /** A line that a crash left half written is cut. */
  constructor(folder: string) {
    this.path = tradesPath(folder);
    this.#descriptor = openSync(this.path, "a", 0o640);
    const bytes = readFileSync(this.path);
    const end = bytes.lastIndexOf(0x0a) + 1;
    if (end < bytes.length) truncateSync(this.path, end);
    const lastLine = bytes.subarray(bytes.lastIndexOf(0x0a, end - 2) + 1, end).toString();
    if (lastLine !== "") this.#lastIndex = indexOf(lastLine);
  }

  /** Once for each index, which rises: what a fold tells again is there already. */
  add({ index, trade }: BookedTrade): void {
    if (index <= this.#lastIndex) return;
    writeSync(this.#descriptor, `${JSON.stringify({ index, trade })}\n`);
    this.#lastIndex = index;
  }

  sync(): void {
    fdatasyncSync(this.#descriptor);
  }

  /** At most `max`, booked by events after `after`, oldest first. */
  async since(after: number, max: number): Promise<readonly BookedTrade[]> {
    const found: BookedTrade[] = [];
    const stream = createReadStream(this.path, "utf8");
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

/** Cuts the trades that events behind this one booked; returns how many. */
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

/** Every line begins with it. */
function indexOf(line: string): number {
  return Number(/^\{"index":(\d+),/.exec(line)?.[1] ?? Number.NaN);
}
