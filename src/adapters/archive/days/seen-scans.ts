/**
 * The scans already read, so that the same bytes under another name are recognised: by scan number, time and CRC-32
 * together. Two different files could agree in all three only as two versions of one scan, and then once in 2^32.
 * Beyond `SCANS_MAX` the older half is forgotten: a copy that comes later than that counts as a scan.
 */
import type { ArchiveChunk } from "../../../wire/day-file/archive-chunk.ts";

/** Fifteen days with a scan every five seconds. */
const SCANS_MAX = 1 << 18;
const SLOTS_FIRST = 1 << 12;
const WORDS = 4;
const WORD = 0x1_0000_0000;

export class SeenScans {
  readonly #key = new Int32Array(WORDS);
  #young = new KeyTable();
  #old: KeyTable | null = null;

  /** False when it was already there. */
  add(chunk: ArchiveChunk, row: number): boolean {
    const key = this.#key;
    const timeUs = chunk.timesUs[row]!;
    key[0] = chunk.checksums[row]!;
    key[1] = chunk.scanNumber[row]!; // From 1 on, so that no key is all zeros.
    key[2] = timeUs;
    key[3] = Math.floor(timeUs / WORD);
    if (this.#old?.has(key) === true || !this.#young.add(key, 0)) return false;
    if (SCANS_MAX / 2 <= this.#young.size) {
      this.#old = this.#young;
      this.#young = new KeyTable();
    }
    return true;
  }

  /** The keys as pairs of doubles that only carry bits. */
  dump(): SeenScansDump {
    return { young: this.#young.keys(), old: this.#old?.keys() ?? null };
  }

  load({ young, old }: SeenScansDump): void {
    this.#young = KeyTable.of(young);
    this.#old = old === null ? null : KeyTable.of(old);
  }
}

export type SeenScansDump = { readonly young: Float64Array; readonly old: Float64Array | null };

/** Open addressing; a slot of zeros is free. */
class KeyTable {
  static of(keys: Float64Array): KeyTable {
    const words = new Int32Array(keys.buffer, keys.byteOffset, 2 * keys.length);
    const table = new KeyTable();
    for (let at = 0; at < words.length; at += WORDS) table.add(words, at);
    return table;
  }

  size = 0;
  #slots = new Int32Array(SLOTS_FIRST * WORDS);

  has(key: Int32Array): boolean {
    return this.#isTaken(this.#find(key, 0));
  }

  /** The key's words are in `words` from `at` on. */
  add(words: Int32Array, at: number): boolean {
    const slot = this.#find(words, at);
    if (this.#isTaken(slot)) return false;
    for (let word = 0; word < WORDS; word += 1) this.#slots[slot + word] = words[at + word]!;
    this.size += 1;
    if (this.#slots.length < 2 * WORDS * this.size) this.#grow();
    return true;
  }

  keys(): Float64Array {
    const words = new Int32Array(this.size * WORDS);
    let at = 0;
    for (let slot = 0; slot < this.#slots.length; slot += WORDS) {
      if (!this.#isTaken(slot)) continue;
      words.set(this.#slots.subarray(slot, slot + WORDS), at);
      at += WORDS;
    }
    return new Float64Array(words.buffer);
  }

  #isTaken(slot: number): boolean {
    const slots = this.#slots;
    return (slots[slot]! | slots[slot + 1]! | slots[slot + 2]! | slots[slot + 3]!) !== 0;
  }

  /** The key's slot, or the free slot for it. */
  #find(words: Int32Array, at: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (words[at]! * WORDS) & mask;
    while (this.#isTaken(slot)) {
      const isSame =
        slots[slot] === words[at] &&
        slots[slot + 1] === words[at + 1] &&
        slots[slot + 2] === words[at + 2] &&
        slots[slot + 3] === words[at + 3];
      if (isSame) return slot;
      slot = (slot + WORDS) & mask;
    }
    return slot;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(before.length * 2);
    this.size = 0;
    for (let slot = 0; slot < before.length; slot += WORDS) {
      if ((before[slot]! | before[slot + 1]! | before[slot + 2]! | before[slot + 3]!) === 0)
        continue;
      this.#slots.set(before.subarray(slot, slot + WORDS), this.#find(before, slot));
      this.size += 1;
    }
  }
}
