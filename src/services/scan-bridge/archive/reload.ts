/** Reads, hashes and decodes a scan file of the archive, for the live path and for replays. */
import { hashOf } from "../../../wire/scan-hash.ts";
import type { FileRead, FileStat } from "../../../adapters/archive/read-scan-file.ts";
import type { DecodedScan, ScanRead } from "../../../wire/arrow/read-scan.ts";
import { readScanFast } from "../../../wire/arrow/read-scan.ts";

export type ReloadedScan = {
  readonly members: string;
  readonly hash: Buffer;
  readonly scanNumber: number;
  readonly stat: FileStat;
};

/** Null when the file is gone or no longer a scan. */
export type Reload = (file: string) => Promise<ReloadedScan | null>;

export type ScanFiles = {
  readonly read: (file: string) => FileRead;
  readonly readGeneral: (bytes: Uint8Array) => Promise<ScanRead>;
};

/** Synchronous for the fixed layout; only other layouts wait for the reader in a killable thread. */
export function decodeScan(files: ScanFiles, bytes: Uint8Array): ScanRead | Promise<ScanRead> {
  const fast = readScanFast(bytes);
  return fast.kind === "needs_general" ? files.readGeneral(bytes.slice()) : fast;
}

export function createReload(files: ScanFiles): Reload {
  return async (file) => {
    const read = files.read(file);
    if (read.kind !== "read") return null;
    const hash = hashOf(read.bytes);
    const decoded = await decodeScan(files, read.bytes);
    if (decoded.kind !== "scan") return null;
    return { ...scanOf(decoded.scan), hash, stat: read.stat };
  };
}

function scanOf(scan: DecodedScan): { members: string; scanNumber: number } {
  return { members: scan.json, scanNumber: scan.scanNumber };
}
