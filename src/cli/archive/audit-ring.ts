/** The audit of the ringbuffer: compares its values with the bridge's journal. */
import { pathOf } from "../../adapters/archive/list-archive.ts";
import { readScanFile } from "../../adapters/archive/read-scan-file.ts";
import { monotonicMs } from "../../adapters/clock.ts";
import { configuredCluster, connectHazelcast } from "../../adapters/hazelcast/hazelcast-client.ts";
import { createScanStore } from "../../adapters/hazelcast/scan-store.ts";
import type { JournalScan, ScanJournal } from "../../adapters/scan-journal/scan-journal.ts";
import type { Config } from "../../config.ts";
import { messageOf } from "../../domain/failure.ts";
import { PROVED_SEQ_KEY } from "../../domain/scan/audit.ts";
import { lackingInRing, rangesOf, RING_CAPACITY, type SeqRange } from "../../domain/scan/ring.ts";
import { hashOf } from "../../wire/scan-hash.ts";
import { parseScanHead } from "../../wire/scan-value.ts";
import { setTimeout as sleep } from "node:timers/promises";
import { openJournalReader } from "./archive-audit.ts";

export type RingAudit = {
  /** How many of the newest seqs were compared; 0 where Hazelcast does not answer. */
  readonly compared: number;
  /** Missing seqs for which a file of the archive has the bytes; at most a hundred. */
  readonly lacking: readonly number[];
  /** The number of missing seqs. */
  readonly lacks: number;
  /** All of them as ranges, inclusive; at most a hundred ranges. */
  readonly ranges: readonly SeqRange[];
  /** Missing seqs that nobody can publish again: their files are gone, or have other content. */
  readonly without_file: number;
  /** Why it was not compared. */
  readonly detail: string | null;
};

/** A batch is in the journal before it is in the ringbuffer. */
const SETTLES_WITHIN_MS = 5_000;
const POLL_MS = 250;
const NAMED_MAX = 100;

/** Compares repeatedly for `withinMs` while something is missing. */
export async function auditRing(config: Config, withinMs = SETTLES_WITHIN_MS): Promise<RingAudit> {
  const cluster = configuredCluster(config.hazelcast);
  const hazelcast = await connectHazelcast({ ...cluster, name: "dolphin-audit" });
  const journal = openJournalReader(config);
  try {
    if (!(await hazelcast.waitConnected(cluster.deadlineMs)))
      return notCompared("it does not answer");
    const store = createScanStore(hazelcast);
    const endMs = monotonicMs() + withinMs;
    for (;;) {
      const lastSeq = journal.lastSeq();
      const values = await store.readRingTail(RING_CAPACITY);
      // Seqs that another host pushed can't be published again from this journal.
      const provedSeq = Math.max(1, Number(journal.meta(PROVED_SEQ_KEY) ?? 1));
      const lacking = lackingInRing(
        values.map((value) => parseScanHead(value)?.seq ?? null),
        lastSeq,
      ).filter((seq) => provedSeq <= seq);
      if (0 < lacking.length && monotonicMs() < endMs) {
        await sleep(POLL_MS);
        continue;
      }
      const lacks = lacking.filter((seq) => hasFile(journal, config.archive, seq));
      return {
        compared: Math.min(RING_CAPACITY, lastSeq - provedSeq + 1),
        lacking: lacks.slice(0, NAMED_MAX),
        lacks: lacks.length,
        ranges: rangesOf(lacks).slice(0, NAMED_MAX),
        without_file: lacking.length - lacks.length,
        detail: null,
      };
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "HazelcastUnavailable") throw error;
    return notCompared(messageOf(error));
  } finally {
    journal.close();
    await hazelcast.shutdown();
  }
}

function notCompared(detail: string): RingAudit {
  return { compared: 0, lacking: [], lacks: 0, ranges: [], without_file: 0, detail };
}

/** Under its original name, or another one under which its bytes were seen. */
function hasFile(journal: ScanJournal, archive: string, seq: number): boolean {
  const row = journal.scan(seq);
  if (row === null) return false;
  const names = [row.file, ...journal.duplicatesOf(seq).map(({ file }) => file)];
  return names.some((file) => holds(pathOf(archive, file), row));
}

function holds(path: string, row: JournalScan): boolean {
  const read = readScanFile(path);
  return read.kind === "read" && hashOf(read.bytes).equals(row.hash);
}
