/**
 * An incremental hash over what a run did: equal runs have equal hashes whatever their chunks, workers or resumes. It
 * tells runs apart; it is not cryptographic.
 */

export type ResultHash = { readonly lanes: Uint32Array };

const PRIMES = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as const;
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

export function createResultHash(): ResultHash {
  return { lanes: Uint32Array.from(PRIMES) };
}

export function hashNumber(hash: ResultHash, value: number): void {
  double[0] = value;
  hashWord(hash.lanes, words[0]!);
  hashWord(hash.lanes, words[1]!);
}

export function hashText(hash: ResultHash, text: string): void {
  hashWord(hash.lanes, text.length);
  for (let at = 0; at < text.length; at += 1) hashWord(hash.lanes, text.charCodeAt(at));
}

/** Does not finish the hash: more can be added. */
export function hexOf({ lanes }: ResultHash): string {
  const copy = lanes.slice();
  for (let round = 0; round < 4; round += 1) hashWord(copy, round);
  return Array.from(copy, (lane) => lane.toString(16).padStart(8, "0")).join("");
}

/** Each lane mixes the word with its neighbour, so that no two lanes evolve alike. */
function hashWord(lanes: Uint32Array, word: number): void {
  let neighbour = lanes[3]!;
  for (let at = 0; at < 4; at += 1) {
    let mixed = Math.imul(lanes[at]! ^ word ^ (neighbour >>> 15), PRIMES[at]!);
    mixed = (mixed << 13) | (mixed >>> 19);
    neighbour = lanes[at]!;
    lanes[at] = (Math.imul(mixed, 5) + 0xe6546b64) | 0;
  }
}
