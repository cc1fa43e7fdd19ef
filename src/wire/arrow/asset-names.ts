/** The asset names of a scan, with their verdict and their JSON: kept from one scan to the next. */
import { ASSET_NAME_LENGTH_MAX, type InvalidScan } from "../../domain/scan/scan.ts";
import { judgeAssets } from "../../domain/scan/validity.ts";

export type AssetNames = {
  readonly names: readonly string[];
  /** Null when the names are fit for a scan. */
  readonly problem: InvalidScan | null;
  /** Each name as JSON text. */
  readonly quoted: readonly string[];
  /** All names as the members of a JSON array. */
  readonly list: string;
};

const TEXT_BYTES_MAX = ASSET_NAME_LENGTH_MAX * 3; // The most that a UTF-16 unit takes in UTF-8.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function assetNames(names: readonly string[]): AssetNames {
  const quoted = names.map((name) => JSON.stringify(name));
  return { names, problem: judgeAssets(names), quoted, list: quoted.join(",") };
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

/** Remembers the last names only, by their bytes: an upstream's assets seldom change. */
export function createNameCache() {
  let lastOffsets = Buffer.alloc(0);
  let lastData = Buffer.alloc(0);
  let last: AssetNames | null = null;
  return {
    /** The names between consecutive offsets (int32) into the data; null when they are unfit. */
    read(offsets: Uint8Array, data: Uint8Array): AssetNames | null {
      if (last !== null && lastOffsets.equals(offsets) && lastData.equals(data)) return last;
      const names = decodeNames(offsets, data);
      if (names === null) return null;
      lastOffsets = Buffer.from(offsets);
      lastData = Buffer.from(data);
      last = assetNames(names);
      return last;
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
