/**
 * When the bridge saw and decoded a pushed file, stored in its verdict's `detail`, in microseconds before the push.
 * Older releases ignore that column, so each can read the other's journal.
 */
import type { JournalScan } from "../journal-rows.ts";

export type Way = { readonly seenUs: number; readonly decodedUs: number };

const WAY = /^seen (-?\d{1,16}) decoded (-?\d{1,16})$/;

/** Null where it is not known. */
export function wayText({ pushedUs, seenUs, decodedUs }: JournalScan): string | null {
  if (seenUs === undefined || decodedUs === undefined) return null;
  return `seen ${pushedUs - seenUs} decoded ${pushedUs - decodedUs}`;
}

/** Null where an older release wrote the verdict, or the text is something else. */
export function wayFrom(text: string | null, pushedUs: number): Way | null {
  const [, seen, decoded] = WAY.exec(text ?? "") ?? [];
  if (seen === undefined || decoded === undefined) return null;
  return { seenUs: pushedUs - Number(seen), decodedUs: pushedUs - Number(decoded) };
}
