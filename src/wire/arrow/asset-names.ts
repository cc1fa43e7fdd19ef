/** The asset names of a scan, with their verdict and their JSON: kept from one scan to the next. */
import { ASSET_NAME_LENGTH_MAX, type InvalidScan } from "../../domain/scan/scan.ts";
import { judgeAssets } from "../../domain/scan/validity.ts";

export type AssetNames = {
  readonly names: readonly string[];
  /** Null when the names are fit for a scan. */
  readonly problem: InvalidScan | null;
  /** UTF-8 of all names as JSON text, each followed by a comma. */
  readonly quoted: Uint8Array;
  /** Where each name begins in `quoted`, and where the last one ends. */
  readonly starts: Uint32Array;
};

const TEXT_BYTES_MAX = ASSET_NAME_LENGTH_MAX * 3; // The most that UTF-16 units take in UTF-8.
/** Names beyond that are read anew for each scan. */
const CACHED_BYTES_MAX = 1024 * 1024;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function assetNames(names: readonly string[]): AssetNames {
  const problem = judgeAssets(names);
  const texts =
    problem === null ? names.map((name) => Buffer.from(`${JSON.stringify(name)},`)) : [];
  const starts = new Uint32Array(texts.length + 1);
  for (const [at, text] of texts.entries()) starts[at + 1] = (starts[at] ?? 0) + text.length;
  return { names, problem, quoted: Buffer.concat(texts), starts };
}

/** Null when the bytes are too long or not UTF-8. */
export function decodeText(bytes: Uint8Array): string | null {
  if (TEXT_BYTES_MAX < bytes.length) return null;
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

export type NameCache = {
  /** The names between consecutive offsets (int32) into the data; null when they are unfit. */
  read(offsets: Uint8Array, data: Uint8Array): AssetNames | null;
};

/** Remembers the last names only, by their bytes: an upstream's assets seldom change. */
export function createNameCache(): NameCache {
  let lastOffsets = Buffer.alloc(0);
  let lastData = Buffer.alloc(0);
  let last: AssetNames | null = null;
  return {
    read(offsets, data) {
      if (last !== null && lastOffsets.equals(offsets) && lastData.equals(data)) return last;
      const decoded = decodeNames(offsets, data);
      if (decoded === null) return null;
      const names = assetNames(decoded);
      if (CACHED_BYTES_MAX < offsets.length + data.length) return names;
      lastOffsets = Buffer.from(offsets);
      lastData = Buffer.from(data);
      last = names;
      return names;
    },
  };
}

function decodeNames(offsets: Uint8Array, data: Uint8Array): string[] | null {
  const view = new DataView(offsets.buffer, offsets.byteOffset, offsets.byteLength);
  const names: string[] = [];
  for (let at = 0; at + 8 <= offsets.length; at += 4) {
    const start = view.getInt32(at, true);
    const end = view.getInt32(at + 4, true);
    if (start < 0 || end < start || data.length < end) return null;
    const name = decodeText(data.subarray(start, end));
    if (name === null) return null;
    names.push(name);
  }
  return names;
}
