/** A seq always stands for one scan, and a scan has one seq: nothing is doubled, nothing overwritten. */

export type Numbered = { readonly seq: number; readonly thing: string };

export function checkOneToOne(where: string, values: Iterable<Numbered>): string[] {
  const thingOf = new Map<number, string>();
  const seqOf = new Map<string, number>();
  const faults = new Set<string>();
  for (const { seq, thing } of values) {
    const other = thingOf.get(seq);
    if (other !== undefined && other !== thing) {
      faults.add(`${where}: seq ${seq} stands for ${other} and for ${thing}`);
    }
    const earlier = seqOf.get(thing);
    if (earlier !== undefined && earlier !== seq) {
      faults.add(`${where}: ${thing} has the seqs ${earlier} and ${seq}`);
    }
    thingOf.set(seq, thing);
    seqOf.set(thing, seq);
  }
  return [...faults];
}

/** Everything that was written has a seq, and nothing else has. */
export function checkSame(
  where: string,
  written: ReadonlySet<string>,
  found: Iterable<string>,
): string[] {
  const seen = new Set(found);
  return [
    ...[...written]
      .filter((thing) => !seen.has(thing))
      .map((thing) => `${where}: ${thing} is lost`),
    ...[...seen]
      .filter((thing) => !written.has(thing))
      .map((thing) => `${where}: ${thing} was never written`),
  ];
}
