/**
 * The scans already read, by 128 bits of their SHA-256, so that the same bytes under another name
 * are told. Of more than `HASHES_MAX` the older half is forgotten: a copy that comes later than
 * that counts as a scan.
 */
const HASHES_MAX = 1 << 19;
const SLOTS_FIRST = 1 << 12;
const WORDS = 4;

export class SeenHashes {
  #young = new HashTable();
  #old: HashTable | null = null;

  /** False when it was there. `words` is the hash as integers, from `at` on. */
  add(words: Int32Array, at: number): boolean {
    if (this.#old?.has(words, at) === true) return false;
    if (!this.#young.add(words, at)) return false;
    if (HASHES_MAX / 2 <= this.#young.size) {
      this.#old = this.#young;
      this.#young = new HashTable();
    }
    return true;
  }
}

/** Open addressing; a slot of zeros is free, and no SHA-256 begins with that many. */
class HashTable {
  size = 0;
  #slots = new Int32Array(SLOTS_FIRST * WORDS);

  has(words: Int32Array, at: number): boolean {
    return this.#isAt(this.#find(words, at));
  }

  add(words: Int32Array, at: number): boolean {
    const slot = this.#find(words, at);
    if (this.#isAt(slot)) return false;
    for (let word = 0; word < WORDS; word += 1) this.#slots[slot + word] = words[at + word]!;
    this.size += 1;
    if (this.#slots.length < 2 * WORDS * this.size) this.#grow();
    return true;
  }

  #isAt(slot: number): boolean {
    const slots = this.#slots;
    return (slots[slot]! | slots[slot + 1]! | slots[slot + 2]! | slots[slot + 3]!) !== 0;
  }

  /** Where the hash stands, or the free slot where it would. */
  #find(words: Int32Array, at: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (words[at]! * WORDS) & mask;
    for (;;) {
      if (!this.#isAt(slot)) return slot;
      if (
        slots[slot] === words[at] &&
        slots[slot + 1] === words[at + 1] &&
        slots[slot + 2] === words[at + 2] &&
        slots[slot + 3] === words[at + 3]
      ) {
        return slot;
      }
      slot = (slot + WORDS) & mask;
    }
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(before.length * 2);
    for (let slot = 0; slot < before.length; slot += WORDS) {
      const isFree =
        (before[slot]! | before[slot + 1]! | before[slot + 2]! | before[slot + 3]!) === 0;
      if (isFree) continue;
      this.#slots.set(before.subarray(slot, slot + WORDS), this.#find(before, slot));
    }
  }
}
