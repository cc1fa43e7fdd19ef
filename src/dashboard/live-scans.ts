/**
 * The newest scan, from the bridge's journal: ten small reads a second of a file that is in memory anyway. A
 * Hazelcast listener would cost a connection and the whole scan each time, and would see nothing while Hazelcast is
 * away.
 */
import { openScanWays, type ScanWays } from "../adapters/scan-journal/way/scan-ways.ts";
import { inodeOf } from "../adapters/scan-journal/journal-database.ts";
import type { LiveSource } from "./live.ts";
import { scanJournalFile } from "../wire/scan-journal/scan-journal-file.ts";

const POLL_EVERY_MS = 100;
/** Every page draws each scan, and nobody reads faster: the first is sent at once, then only the newest per period. */
const TELL_EVERY_MS = 200;

export type LiveScan = {
  readonly seq: number;
  readonly scan_number: number;
  readonly file: string;
  readonly pushed_us: number;
  readonly replayed: boolean;
  readonly late: boolean;
};

export function scanSource(dataDir: string, monotonicMs: () => number): LiveSource {
  const path = scanJournalFile(dataDir);
  let pushedAtMs = Number.NEGATIVE_INFINITY;
  let opened: { readonly inode: string; readonly ways: ScanWays } | null = null;
  let pushedSeq = 0;
  const close = (): void => {
    opened?.ways.close();
    opened = null;
    pushedSeq = 0;
    pushedAtMs = Number.NEGATIVE_INFINITY;
  };
  /** Null: no bridge has run here. A journal that was set aside is another file by now. */
  const current = (): ScanWays | null => {
    const inode = inodeOf(path);
    if (opened?.inode !== inode) close();
    if (opened === null && inode !== null) {
      const ways = openScanWays(path);
      if (ways !== null) opened = { inode, ways };
    }
    return opened?.ways ?? null;
  };
  const poll = (): LiveScan | null => {
    const nowMs = monotonicMs();
    if (nowMs - pushedAtMs < TELL_EVERY_MS) return null;
    const ways = current();
    const seq = ways?.lastSeq() ?? null;
    const way = seq === null || seq === pushedSeq ? null : ways?.of(seq);
    if (way == null) return null;
    pushedSeq = way.seq;
    pushedAtMs = nowMs;
    const { scanNumber, file, pushedUs, replayed, late } = way;
    return { seq: pushedSeq, scan_number: scanNumber, file, pushed_us: pushedUs, replayed, late };
  };
  return {
    everyMs: POLL_EVERY_MS,
    rest: close,
    read() {
      try {
        return poll();
      } catch (error) {
        close();
        throw error;
      }
    },
  };
}
