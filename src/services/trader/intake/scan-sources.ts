/** The sources of missed scans: the ringbuffer, then the bridge's journal with the archive. */
import type { ScanFeed } from "../../../adapters/hazelcast/scan-feed.ts";
import type { ScanLookup } from "../../../adapters/scan-journal/scan-lookup.ts";
import { FIRST_SCANS_MAX, type ScanSource } from "./scan-intake.ts";

/** The ring holds some scans twice, and more were pushed since. */
const RING_SLACK = 64;

export function ringSource(feed: Pick<ScanFeed, "ringTail">): ScanSource {
  return {
    name: "ringbuffer",
    async *find({ from }, newestSeq) {
      const count = Math.min(FIRST_SCANS_MAX, newestSeq - from + 1 + RING_SLACK);
      for await (const texts of feed.ringTail(count)) yield* texts;
    },
  };
}

export function journalSource(lookup: Pick<ScanLookup, "find">): ScanSource {
  return { name: "journal", find: ({ from, to }) => lookup.find(from, to) };
}
