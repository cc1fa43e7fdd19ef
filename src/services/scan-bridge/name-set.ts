/**
 * A set of file names as 64-bit fingerprints in two typed arrays: 16 bytes a name where a Set of
 * strings takes over 60, so that a day of 100,000 files fits the bridge's memory.
 *
 * Two names share a fingerprint once in 10^7 days of a million files; the ten-minute sweep asks
 * the journal by name and finds that file too.
 */
export type NameSet = {
  has(name: string): boolean;
  add(name: string): void;
  readonly size: () => number;
};

const CAPACITY_MIN = 1_024;

export function createNameSet(names: Iterable<string> = []): NameSet {
  let slots = new Uint32Array(CAPACITY_MIN * 2);
  let used = 0;

  /** The slot that holds the fingerprint, or the free one where it belongs. */
  const find = (low: number, high: number): number => {
    const mask = slots.length / 2 - 1;
    let slot = low & mask;
    for (;;) {
      const a = slots[slot * 2]!;
      const b = slots[slot * 2 + 1]!;
      if ((a === 0 && b === 0) || (a === low && b === high)) return slot;
      slot = (slot + 1) & mask;
    }
  };
  const put = (low: number, high: number): void => {
    const slot = find(low, high);
    if (slots[slot * 2] === low && slots[slot * 2 + 1] === high) return;
    slots[slot * 2] = low;
    slots[slot * 2 + 1] = high;
    used += 1;
  };
  const grow = (): void => {
    const old = slots;
    slots = new Uint32Array(old.length * 2);
    used = 0;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] !== 0 || old[i + 1] !== 0) put(old[i]!, old[i + 1]!);
    }
  };
  const set: NameSet = {
    has(name) {
      fingerprint(name);
      const slot = find(lowBits, highBits);
      return slots[slot * 2] !== 0 || slots[slot * 2 + 1] !== 0;
    },
    add(name) {
      if (slots.length / 4 < used) grow();
      fingerprint(name);
      put(lowBits, highBits);
    },
    size: () => used,
  };
  for (const name of names) set.add(name);
  return set;
}

let lowBits = 0;
let highBits = 0;

/** Two FNV-1a hashes with different seeds, mixed; left in the two variables above. */
function fingerprint(name: string): void {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = 0; i < name.length; i += 1) {
    const code = name.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b) ^ (b >>> 13);
  }
  lowBits = (a ^ (a >>> 15)) >>> 0;
  highBits = (b ^ (b >>> 16)) >>> 0 || 1;
}
