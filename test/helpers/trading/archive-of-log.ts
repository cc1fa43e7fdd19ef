/** The scans of a book's log, as the archive and the bridge's journal would contain them. */
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ScanJournal } from "../../../src/adapters/scan-journal/scan-journal.ts";
import type { ScanEvent, TraderEvent } from "../../../src/domain/trading/events.ts";
import { createScanEncoder } from "../../../src/wire/arrow-writer.ts";
import { hashOf } from "../../../src/wire/scan-hash.ts";

type Place = { readonly archive: string; readonly data: string };

export function archiveLog(place: Place, events: Iterable<TraderEvent>): void {
  mkdirSync(join(place.data, "journal"), { recursive: true });
  const journal = new ScanJournal(join(place.data, "journal/scan-bridge.db"));
  journal.claimEpoch(1);
  for (const event of events) if (event.kind === "scan") archiveScan(place, journal, event);
  journal.close();
}

export function archivedFile(seq: number, asOfMs: number): string {
  return `${new Date(asOfMs).toISOString().slice(0, 10)}/scan_${String(seq).padStart(6, "0")}.arrow`;
}

function archiveScan({ archive }: Place, journal: ScanJournal, event: ScanEvent): void {
  const { seq, scanNumber, asOfMs, assets, prices, pricesAt, eigenvalues, eigenvaluesAt } = event;
  const bytes = createScanEncoder(assets)({
    scanNumber,
    timestampMicros: asOfMs * 1_000,
    prices: prices.slice(pricesAt, pricesAt + assets.length),
    // They descend in an archive, and no strategy sees more than the first.
    eigenvalues: eigenvalues.slice(eigenvaluesAt, eigenvaluesAt + 1),
  });
  const file = archivedFile(seq, asOfMs);
  const path = join(archive, file);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, bytes);
  utimesSync(path, asOfMs / 1_000, asOfMs / 1_000);
  const times = { mtimeUs: asOfMs * 1_000, timeUs: asOfMs * 1_000, pushedUs: asOfMs * 1_000 };
  const about = { seq, epoch: 1, file, hash: hashOf(bytes), scanNumber, size: bytes.length };
  journal.append([{ ...about, ...times, late: false, replayed: false }]);
}
