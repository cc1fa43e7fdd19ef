/** Small scans for tests of the bridge, written into an archive like an upstream does: complete, by rename. */
import { mkdirSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createScanEncoder } from "../../src/wire/arrow-writer.ts";

const encode = createScanEncoder(["BTCUSDT", "ETHUSDT", "SOLUSDT"]);
const TIMESTAMP_US = 1_774_434_030_123_456;

/** Bytes of their own for each number and each `variant` of it. */
export function scanBytes(scanNumber: number, variant = 0): Uint8Array {
  return encode({
    scanNumber,
    timestampMicros: TIMESTAMP_US,
    prices: Float64Array.of(67_123.45 + variant, 3_521.1, 141.25),
    eigenvalues: Float64Array.of(2.1, 0.8, 0.1),
  });
}

export type FileTime = { readonly mtimeS?: number };

/** `file` is `YYYY-MM-DD/name`; complete at the moment it appears, with this modification time. */
export function putFile(
  archive: string,
  file: string,
  bytes: Uint8Array,
  { mtimeS }: FileTime = {},
): void {
  const path = join(archive, file);
  const temporary = join(dirname(path), `.${process.hrtime.bigint()}.tmp`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(temporary, bytes);
  // As a date: Node takes a negative number for now.
  if (mtimeS !== undefined) {
    const time = new Date(mtimeS * 1_000);
    utimesSync(temporary, time, time);
  }
  renameSync(temporary, path);
}

/** Scans `from` to `to`, a second apart in time, the last one now or at `lastS`. */
export function putBacklog(
  archive: string,
  day: string,
  range: { readonly from: number; readonly to: number; readonly lastS?: number },
): void {
  const { from, to, lastS = Date.now() / 1_000 } = range;
  const folder = join(archive, day);
  mkdirSync(folder, { recursive: true });
  for (let scanNumber = from; scanNumber <= to; scanNumber++) {
    const path = join(folder, scanName(scanNumber));
    writeFileSync(path, scanBytes(scanNumber));
    const mtimeS = lastS - (to - scanNumber) * 0.01;
    utimesSync(path, mtimeS, mtimeS);
  }
}

export function scanName(scanNumber: number): string {
  return `scan_${String(scanNumber).padStart(6, "0")}.arrow`;
}
