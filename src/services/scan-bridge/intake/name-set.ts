/**
 * A set of file names as 64-bit fingerprints in a typed array: 16 bytes per name where a Set of strings takes over
 * 60, so that a day of 100,000 files fits the bridge's memory. In one of ten million sets of a million names two
 * names share a fingerprint; the ten-minute sweep checks the journal by name and finds that file, too.
 */
const SLOTS_MIN = 1_024;

export class NameSet {
  /** Two numbers per slot; both zero: free. */
  #slots = new Uint32Array(SLOTS_MIN * 2);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Keeps its memory for another day with as many names. */
  clear(): void {
    this.#slots.fill(0);
    this.#size = 0;
  }

  has(name: string): boolean {
    const slot = this.#find(lowPrint(name), highPrint(name));
    return this.#slots[slot] !== 0 || this.#slots[slot + 1] !== 0;
  }

  add(name: string): void {
    // At most half full, otherwise probing becomes slow.
    if (this.#slots.length / 4 <= this.#size) this.#grow();
    this.#put(lowPrint(name), highPrint(name));
  }

  #put(low: number, high: number): void {
    const slot = this.#find(low, high);
    if (this.#slots[slot + 1] !== 0) return;
    this.#slots[slot] = low;
    this.#slots[slot + 1] = high;
    this.#size += 1;
  }

  /** The slot of the fingerprint, or the free slot for it. */
  #find(low: number, high: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (low * 2) & mask;
    while (slots[slot + 1] !== 0 && (slots[slot] !== low || slots[slot + 1] !== high)) {
      slot = (slot + 2) & mask;
    }
    return slot;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    this.#size = 0;
    for (let slot = 0; slot < old.length; slot += 2) {
      const low = old[slot];
      const high = old[slot + 1];
      if (low !== undefined && high !== undefined && high !== 0) this.#put(low, high);
    }
  }
}

/** FNV-1a. */
function lowPrint(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Murmur3's finalizer, so that it is independent of the other one; never zero. */
function highPrint(name: string): number {
  let hash = 0x9747b28c;
  for (let i = 0; i < name.length; i += 1) {
    hash = Math.imul(hash ^ Math.imul(name.charCodeAt(i), 0xcc9e2d51), 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0 || 1;
}
