/**
 * Tells that a hash was never seen, without asking the database: a Bloom filter. It may think that
 * it knows a new one (0.01 % at 200,000, 2 % at a million), never that it does not know an old one.
 */
const BITS = 2 ** 23;
const PROBES = 4;
const HALF = 2 ** 24;

export class HashFilter {
  readonly #words = new Uint32Array(BITS / 32);

  /** `prefix` is the first 48 bits of a hash, whose bits are as good as random. */
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
