/** The asset names of a scan, validated and encoded as JSON, cached from one scan to the next. */
import { ASSET_NAME_LENGTH_MAX, type InvalidScan } from "../../domain/scan/scan.ts";
import { judgeAssets } from "../../domain/scan/validity.ts";

export type AssetNames = {
  readonly names: readonly string[];
  /** Null when the names are valid for a scan. */
  readonly problem: InvalidScan | null;
  /** UTF-8 of all names as JSON text, each followed by a comma. */
  readonly quoted: Uint8Array;
  /** Offset of each name in `quoted`, and the end of the last one. */
  readonly starts: Uint32Array;
};

const TEXT_BYTES_MAX = ASSET_NAME_LENGTH_MAX * 3; // Most UTF-8 bytes per UTF-16 unit.
/** A longer list of names is not cached. */
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

/** Null when the bytes are too long or are not UTF-8. */
export function decodeText(bytes: Uint8Array): string | null {
  if (TEXT_BYTES_MAX < bytes.length) return null;
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

export type NameCache = {
  /** The names between consecutive int32 offsets into the data; null when they are invalid. */
  read(offsets: Uint8Array, data: Uint8Array): AssetNames | null;
};

/** Caches only the last list of names, keyed by its bytes: an upstream's assets seldom change. */
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
