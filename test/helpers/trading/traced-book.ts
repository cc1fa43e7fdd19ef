/** A data directory as a bridge, a trader and a bookkeeper leave it: scans journaled and pushed, stepped, projected. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { tradingRoot } from "../../../src/adapters/event-log/segments/segment-files.ts";
import { type JournalScan, ScanJournal } from "../../../src/adapters/scan-journal/scan-journal.ts";
import { projectionPath } from "../../../src/operations/event-log/event-log-maintenance.ts";
import { foldTrader } from "../../../src/operations/projection/trader-fold.ts";
import { TradingProjection } from "../../../src/operations/projection/trading-projection.ts";
import { hashOf } from "../../../src/wire/scan-hash.ts";
import { SESSION_CONFIGURATION, startSession } from "../trading-session.ts";

/** Of the session's scan 0. */
const START_MS = 1_774_400_000_000;

/** When the trader takes the scan of this seq off its queue. */
export function eventMs(seq: number, periodMs: number): number {
  return START_MS + seq * periodMs;
}

/** Complete, then seen 1 ms, decoded 1.4 ms, pushed 1.7 ms, and stepped 2 ms later. */
export function journaledScan(
  seq: number,
  periodMs: number,
  changes: Partial<JournalScan> = {},
): JournalScan {
  const mtimeUs = eventMs(seq, periodMs) * 1_000 - 2_000;
  return {
    seq,
    epoch: 1,
    file: `2026-03-25/scan_${seq}.arrow`,
    hash: hashOf(Buffer.from(`scan ${seq}`)),
    scanNumber: seq,
    size: 2_000,
    mtimeUs,
    timeUs: mtimeUs,
    late: false,
    replayed: false,
    pushedUs: mtimeUs + 1_700,
    seenUs: mtimeUs + 1_000,
    decodedUs: mtimeUs + 1_400,
    ...changes,
  };
}

export type TracedBook = {
  readonly dataDir: string;
  readonly scans: number;
  readonly periodMs: number;
};

export function writeTracedBook(
  { dataDir, scans, periodMs }: TracedBook,
  rowOf: (seq: number) => JournalScan = (seq) => journaledScan(seq, periodMs),
): void {
  mkdirSync(join(dataDir, "journal"), { recursive: true });
  const journal = new ScanJournal(join(dataDir, "journal", "scan-bridge.db"));
  journal.claimEpoch(1);
  journal.append(Array.from({ length: scans }, (_, at) => rowOf(at + 1)));
  journal.close();
  const place = { root: tradingRoot(dataDir), book: "BLUE" };
  const session = startSession(place, periodMs);
  session.run(scans);
  session.close();
  const startFold = foldTrader(SESSION_CONFIGURATION);
  const projection = new TradingProjection({ path: projectionPath(dataDir), place, startFold });
  while (0 < projection.catchUp(10_000));
  projection.close();
}
