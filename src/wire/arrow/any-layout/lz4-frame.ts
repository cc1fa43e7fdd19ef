/**
 * Decodes an LZ4 frame, the form in which Arrow compresses buffers. Invariant: it reads only inside the source
 * and never writes more than `bytesMax`.
 */

const FRAME_MAGIC = 0x184d2204;
const VERSION_MASK = 0b1100_0000;
const VERSION_1 = 0b0100_0000;
const BLOCK_CHECKSUM = 0b0001_0000;
const CONTENT_SIZE = 0b0000_1000;
const DICTIONARY_ID = 0b0000_0001;
const BLOCK_STORED = 0x8000_0000;
const MATCH_BYTES_MIN = 4;
const LENGTH_CONTINUES = 15;

export class TooLongError extends Error {}

export function decodeLz4Frame(source: Uint8Array, bytesMax: number): Uint8Array {
  const view = new DataView(source.buffer, source.byteOffset, source.byteLength);
  const flags = view.getUint8(4);
  if (view.getUint32(0, true) !== FRAME_MAGIC || (flags & VERSION_MASK) !== VERSION_1) {
    throw new Error("LZ4: this is no LZ4 frame of version 1");
  }
  if ((flags & DICTIONARY_ID) !== 0) throw new Error("LZ4: the frame needs a dictionary");
  const output = new Output(bytesMax);
  let at = 7 + ((flags & CONTENT_SIZE) === 0 ? 0 : 8);
  for (;;) {
    const header = view.getUint32(at, true);
    if (header === 0) return output.bytes();
    const end = at + 4 + (header % BLOCK_STORED);
    if (source.length < end) throw new Error("LZ4: a block reaches beyond the buffer");
    const block = source.subarray(at + 4, end);
    if (header < BLOCK_STORED) decodeBlock(block, output);
    else output.append(block);
    at = end + ((flags & BLOCK_CHECKSUM) === 0 ? 0 : 4);
  }
}

/** Sequences of literals and a match; the last sequence has literals only. */
function decodeBlock(block: Uint8Array, output: Output): void {
  let at = 0;
  const byte = (): number => {
    const value = block[at];
    if (value === undefined) throw new Error("LZ4: a block ends within a sequence");
    at += 1;
    return value;
  };
  const extended = (length: number): number => {
    let total = length;
    if (length === LENGTH_CONTINUES) {
      for (let more = 255; more === 255;) total += more = byte();
    }
    return total;
  };
  while (at < block.length) {
    const token = byte();
    const literals = extended(token >> 4);
    if (block.length < at + literals) throw new Error("LZ4: literals reach beyond the block");
    output.append(block.subarray(at, at + literals));
    at += literals;
    if (at === block.length) return;
    const distance = byte() + byte() * 256;
    output.repeat(distance, extended(token & 15) + MATCH_BYTES_MIN);
  }
}

/**
 * The output grows as needed, because a frame need not state its length and the length that it states may be
 * wrong.
 */
class Output {
  readonly #bytesMax: number;
  #buffer = new Uint8Array(64 * 1024);
  #length = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** The match may overlap the bytes being written: that is how LZ4 encodes a run. */
  repeat(distance: number, count: number): void {
    if (distance === 0 || this.#length < distance) {
      throw new Error("LZ4: a match begins before the start of the output");
    }
    this.#reserve(count);
    for (let end = this.#length + count; this.#length < end; this.#length += 1) {
      this.#buffer[this.#length] = this.#buffer[this.#length - distance] ?? 0;
    }
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (this.#bytesMax < needed) throw new TooLongError("LZ4: the output is too long");
    if (needed <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}
