/** Registers ZSTD and LZ4 with apache-arrow, with one limit on the decompressed bytes of a file. */
import { zstdDecompressSync } from "node:zlib";
import { CompressionType, compressionRegistry } from "apache-arrow";
import { SCAN_FILE_BYTES_MAX } from "../../../domain/scan/scan.ts";
import { decodeLz4Frame, TooLongError } from "./lz4-frame.ts";

const ZSTD: number = CompressionType.ZSTD;
let bytesLeft = SCAN_FILE_BYTES_MAX;

/** Resets the limit before the next file. */
export function resetDecompressionBudget(): void {
  bytesLeft = SCAN_FILE_BYTES_MAX;
}

export function registerCodecs(): void {
  for (const codec of [CompressionType.ZSTD, CompressionType.LZ4_FRAME]) {
    compressionRegistry.set(codec, { decode: (bytes) => decompress(codec, bytes) });
  }
}

/** Indexed by Arrow's codec number. */
export function decompress(codec: number, bytes: Uint8Array): Uint8Array {
  if (codec === ZSTD) return spend(decodeZstd(bytes, bytesLeft));
  return spend(decodeLz4Frame(bytes, bytesLeft));
}

function spend(bytes: Uint8Array): Uint8Array {
  bytesLeft -= bytes.length;
  return bytes;
}

function decodeZstd(bytes: Uint8Array, bytesMax: number): Uint8Array {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: Math.max(1, bytesMax) });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new TooLongError("ZSTD: the output is too long", { cause: error });
    }
    throw error;
  }
}
