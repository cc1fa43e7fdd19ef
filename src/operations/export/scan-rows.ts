/** Scans with their times and BLUE's decisions on them, from the bridge's journal and BLUE's projection. */
import { openScanWays } from "../../adapters/scan-journal/way/scan-ways.ts";
import { US_PER_MS } from "../../domain/time.ts";
import type { ExportRow } from "../../wire/export/table.ts";
import { openBookWays } from "../trace/book-ways.ts";
import type { Period } from "../trace/trace-period.ts";

export function* scanRows(
  { journal, projection }: { readonly journal: string; readonly projection: string },
  { sinceUs, untilUs }: Period,
): Generator<ExportRow> {
  const scans = openScanWays(journal);
  const book = openBookWays(projection);
  try {
    const from = scans?.firstSeqSince(sinceUs) ?? null;
    if (scans === null || from === null) return;
    for (const scan of scans.from(from)) {
      if (untilUs <= scan.pushedUs) return;
      const decision = book?.decisionOn(scan.seq) ?? null;
      yield [
        scan.seq,
        scan.scanNumber,
        scan.file,
        scan.mtimeUs,
        scan.way?.seenUs ?? null,
        scan.way?.decodedUs ?? null,
        scan.pushedUs,
        scan.late,
        scan.replayed,
        decision === null ? null : decision.at_ms * US_PER_MS,
        decision?.class ?? null,
        decision?.outcome ?? null,
        decision?.refusal ?? null,
        decision?.signal ?? null,
      ];
    }
  } finally {
    scans?.close();
    book?.close();
  }
}
