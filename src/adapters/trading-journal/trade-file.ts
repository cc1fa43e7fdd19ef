/**
 * The trades of a book, one JSON line each with the index of the event that booked it: what is still
 * to be told elsewhere is read from here. It follows from the journal; a fold writes what it lacks.
 */
import {
  closeSync,
  createReadStream,
  fdatasyncSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Trade } from "../../domain/trading/orders.ts";

export type BookedTrade = { readonly index: number; readonly trade: Trade };

export class TradeFile {
  readonly path: string;
  readonly #descriptor: number;
  #lastIndex = 0;

  /** `folder`: of the book's journal. A line that a crash left half written is cut. */
  constructor(folder: string) {
    this.path = join(folder, "trades.jsonl");
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

/** Every line begins with it. */
function indexOf(line: string): number {
  return Number(/^\{"index":(\d+),/.exec(line)?.[1] ?? Number.NaN);
}
