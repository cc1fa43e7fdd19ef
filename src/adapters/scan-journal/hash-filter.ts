/**
 * A Bloom filter that shows that a hash is new without a database lookup. False positives are possible (0.01 % at
 * 200,000 hashes, 2 % at a million), false negatives are not.
 */
const BITS = 2 ** 23;
const PROBES = 4;
const HALF = 2 ** 24;

export class HashFilter {
  readonly #words = new Uint32Array(BITS / 32);

  /** `prefix` is the first 48 bits of a hash, which are uniformly distributed. */
  add(prefix: number): void {
    const step = stepOf(prefix);
    for (let probe = 0, bit = prefix % HALF; probe < PROBES; probe += 1, bit += step) {
      const at = (bit % BITS) >>> 5;
      this.#words[at] = this.#words[at]! | (1 << (bit & 31));
    }
  }

  mayHave(prefix: number): boolean {
    const step = stepOf(prefix);
    for (let probe = 0, bit = prefix % HALF; probe < PROBES; probe += 1, bit += step) {
      if ((this.#words[(bit % BITS) >>> 5]! & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  }
}

/** Odd, so that the probes of a hash differ. */
function stepOf(prefix: number): number {
  return Math.floor(prefix / HALF) | 1;
}
