/**
 * Finds scans by seq in the bridge's journal and the archive, for a reader who missed more than the ringbuffer holds.
 * A file's content counts only if it has the journaled hash.
 */
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { createGeneralReader, readScanFast, type ScanRead } from "../../wire/arrow/read-scan.ts";
import { hashOf } from "../../wire/scan-hash.ts";
import { encodeScanValue } from "../../wire/scan-value.ts";
import { pathOf } from "../archive/list-archive.ts";
import { SCAN_FILE_BYTES_MAX } from "../../domain/scan/scan.ts";
import { inodeOf } from "./journal-database.ts";
import { type JournalScan, ScanJournal } from "./scan-journal.ts";

export type ScanLookup = {
  /** The texts of these seqs, inclusive, as the bridge would push them again; some may be missing. */
  find(fromSeq: number, toSeq: number): AsyncGenerator<string>;
  close(): Promise<void>;
};

export type ScanLookupPlace = {
  /** Of the bridge. */
  readonly journalFile: string;
  readonly archive: string;
};

const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
const READ_WITHIN_MS = 2_000;
const PARSE_LIMITS = { timeoutMs: 2_000, heapMb: 256 };

/** Reads in a thread of its own: an archive that hangs delays the caller by `READ_WITHIN_MS`, and nobody else. */
export function createScanLookup({ journalFile, archive }: ScanLookupPlace): ScanLookup {
  const general = createGeneralReader(PARSE_LIMITS);
  /** A read that did not return in time; no second one is started meanwhile. */
  let hung: Promise<unknown> | null = null;

  const readInTime = async (file: string): Promise<Uint8Array | null> => {
    if (hung !== null) return null;
    const reading = readAside(pathOf(archive, file)).catch(() => null);
    const over = new AbortController();
    const late = delay(READ_WITHIN_MS, "late" as const, { signal: over.signal });
    const outcome = await Promise.race([reading, late.catch(() => "late" as const)]);
    over.abort();
    if (outcome !== "late") return outcome;
    hung = reading.finally(() => (hung = null));
    return null;
  };
  const textOf = async (scan: JournalScan, files: readonly string[]): Promise<string | null> => {
    for (const file of files) {
      const bytes = await readInTime(file);
      if (bytes === null || !hashOf(bytes).equals(scan.hash)) continue;
      const fast = readScanFast(bytes);
      const read: ScanRead = fast.kind === "needs_general" ? await general.read(bytes) : fast;
      if (read.kind === "scan") return encodeScanValue(read.scan.json, envelopeOf(scan));
    }
    return null;
  };
  return {
    async *find(fromSeq, toSeq) {
      for (const { scan, files } of rowsFrom(journalFile, fromSeq, toSeq)) {
        const text = await textOf(scan, files);
        if (text !== null) yield text;
      }
    },
    close: () => general.close(),
  };
}

/** With every name under which its bytes were seen, because files are renamed. */
function rowsFrom(journalFile: string, fromSeq: number, toSeq: number) {
  if (inodeOf(journalFile) === null) return [];
  const journal = new ScanJournal(journalFile, { readonly: true });
  try {
    return journal.scans(fromSeq, toSeq).map((scan) => ({
      scan,
      files: [scan.file, ...journal.duplicatesOf(scan.seq).map(({ file }) => file)],
    }));
  } finally {
    journal.close();
  }
}

async function readAside(path: string): Promise<Uint8Array | null> {
  const file = await open(path, FLAGS);
  try {
    const stat = await file.stat();
    if (!stat.isFile() || SCAN_FILE_BYTES_MAX < stat.size) return null;
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function envelopeOf(scan: JournalScan) {
  return {
    bridgeUs: scan.pushedUs,
    seq: scan.seq,
    epoch: scan.epoch,
    instance: "journal",
    file: scan.file,
    mtimeUs: scan.mtimeUs,
    replayed: scan.replayed,
    late: scan.late,
  };
}
