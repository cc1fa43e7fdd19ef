/**
 * Notice before a deletion that nobody configured: days are deleted only a day after it was announced, so that an
 * operator can still object.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MS_PER_DAY } from "../../domain/time.ts";
import { RetentionNotice } from "../../wire/session/retention-notice.ts";
import { writeWhole } from "./segments/segment-files.ts";

export type Announced = {
  /** Days before this one may be deleted now; null: none. */
  readonly deleteBefore: string | null;
  /** The announcement to make; null: none. */
  readonly notice: RetentionNotice | null;
};

const NAME = "retention.json";
const NOTICE_MS = MS_PER_DAY;

/** `oldest`: the oldest day that could be deleted. */
export function announce(
  found: RetentionNotice | null,
  due: { readonly oldest: string | undefined; readonly keepFrom: string; readonly nowMs: number },
): Announced {
  const { oldest, keepFrom, nowMs } = due;
  const isOver = found !== null && NOTICE_MS <= nowMs - found.at_ms;
  if (found !== null && !isOver) return { deleteBefore: null, notice: null };
  const deleteBefore = found?.before ?? null;
  const isMore = oldest !== undefined && oldest < keepFrom && deleteBefore !== keepFrom;
  return { deleteBefore, notice: isMore ? { before: keepFrom, at_ms: nowMs } : null };
}

/** Null where nothing was announced yet. */
export function readNotice(folder: string): RetentionNotice | null {
  try {
    return RetentionNotice.parse(JSON.parse(readFileSync(join(folder, NAME), "utf8")));
  } catch {
    return null;
  }
}

export function writeNotice(folder: string, notice: RetentionNotice): void {
  writeWhole(join(folder, NAME), [Buffer.from(`${JSON.stringify(notice)}\n`)]);
}
