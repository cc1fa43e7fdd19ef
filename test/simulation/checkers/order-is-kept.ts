/**
 * Scans that are not late follow each other by file time and name; only a scan with a higher scan number may step back
 * in time. A late scan is really older than the newest.
 */

export type OrderedScan = {
  readonly seq: number;
  readonly file: string;
  readonly timeUs: number;
  readonly scanNumber: number;
  readonly late: boolean;
};

/** `scans` ascend by seq. */
export function checkOrder(scans: Iterable<OrderedScan>): string[] {
  const faults: string[] = [];
  let newest: OrderedScan | null = null;
  for (const scan of scans) {
    if (newest !== null) {
      const isOlder = isBefore(scan, newest) && scan.scanNumber <= newest.scanNumber;
      if (isOlder !== scan.late) {
        const claim = scan.late ? "is late without reason" : "is out of order";
        faults.push(
          `seq ${scan.seq} (${tell(scan)}) ${claim} after seq ${newest.seq} (${tell(newest)})`,
        );
      }
    } else if (scan.late) {
      faults.push(`seq ${scan.seq} is late, but nothing was before it`);
    }
    if (!scan.late) newest = scan;
  }
  return faults;
}

function isBefore(a: OrderedScan, b: OrderedScan): boolean {
  return a.timeUs < b.timeUs || (a.timeUs === b.timeUs && a.file < b.file);
}

function tell({ file, timeUs, scanNumber }: OrderedScan): string {
  return `${file}, #${scanNumber}, ${timeUs} us`;
}

/** What a reader saw for the first time came in ascending order. */
export function checkAscending(where: string, seqs: Iterable<number>): string[] {
  const seen = new Set<number>();
  const faults: string[] = [];
  let highest = 0;
  for (const seq of seqs) {
    if (seq < highest && !seen.has(seq)) faults.push(`${where}: seq ${seq} came after ${highest}`);
    seen.add(seq);
    highest = Math.max(highest, seq);
  }
  return faults;
}

/** A value that may be told again, but never an older one. */
export function checkNeverBack(where: string, seqs: Iterable<number>): string[] {
  const faults: string[] = [];
  let before = 0;
  for (const seq of seqs) {
    if (seq < before) faults.push(`${where} went back from seq ${before} to ${seq}`);
    before = seq;
  }
  return faults;
}
