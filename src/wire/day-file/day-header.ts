/**
 * The header of a day file: JSON in the metadata of its footer's schema, under `dolphin`, preceded by its
 * checksum.
 */
import { crc32 } from "node:zlib";
import { z } from "zod";

const count = z.int().min(0);
const block = z.strictObject({ offset: count, bytes: count, rows: count, crc: count });

const DayHeader = z.strictObject({
  version: z.literal(1),
  day: z.string(),
  rows: count,
  /** File time of the first row; null without rows. */
  first_us: z.int().nullable(),
  /**
   * Modification time of the day's folder when it was listed: while it is unchanged, no file has come, gone or
   * been renamed. Null when the file system cannot be relied on for that.
   */
  folder_mtime_ns: z.string().nullable(),
  /** Number of files of the folder that are not rows: duplicates, and files that are not scans. */
  others: z.array(
    z.strictObject({
      name: z.string(),
      size: count,
      mtime_us: z.int(),
      kind: z.enum(["duplicate", "refused"]),
      reason: z.string(),
    }),
  ),
  universes: block,
  batches: z.array(block),
});
export type DayHeader = z.infer<typeof DayHeader>;
export type DayBlock = z.infer<typeof block>;

export const HEADER_KEY = "dolphin";
const CRC_DIGITS = 8;

export function encodeDayHeader(header: DayHeader): string {
  const text = JSON.stringify(DayHeader.parse(header));
  return `${crc32(text).toString(16).padStart(CRC_DIGITS, "0")} ${text}`;
}

/** Null when it is damaged or of another version. */
export function parseDayHeader(value: string): DayHeader | null {
  const text = value.slice(CRC_DIGITS + 1);
  if (crc32(text) !== Number.parseInt(value.slice(0, CRC_DIGITS), 16)) return null;
  try {
    return DayHeader.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
