/** Every seq from the first to the last exists. */

export function checkGapless(where: string, seqs: Iterable<number>, last: number): string[] {
  const present = new Set(seqs);
  const faults: string[] = [];
  for (let seq = 1; seq <= last; seq += 1) {
    if (!present.has(seq)) faults.push(`${where}: seq ${seq} of ${last} is missing`);
  }
  for (const seq of present) {
    if (seq < 1 || last < seq) faults.push(`${where}: seq ${seq} is beyond the last, ${last}`);
  }
  return faults;
}
