/** Examines one waiting file: a new scan, a file to settle without a seq, or one that is not finished yet. */
import type { FileStat } from "../../../adapters/archive/read-scan-file.ts";
import type { JournalFile, ScanJournal } from "../../../adapters/scan-journal/scan-journal.ts";
import { isWholeName } from "../../../domain/scan/archive-names.ts";
import type { ScanRead } from "../../../wire/arrow/read-scan.ts";
import type { Candidate } from "./intake.ts";
import { hashOf } from "../../../wire/scan-hash.ts";
import { type ScanFiles, decodeScan } from "../archive/reload.ts";

export type NewScan = {
  readonly candidate: Candidate;
  readonly stat: FileStat;
  readonly hash: Buffer;
  readonly scanNumber: number;
  readonly assetCount: number;
  readonly assetsInvalid: number;
  readonly members: string;
  readonly decodedUs: number;
};

export type Examined =
  | { readonly kind: "scan"; readonly scan: NewScan }
  | { readonly kind: "settled"; readonly file: JournalFile }
  /** It may still be growing; `reason` is reported if it does not change any more. */
  | {
      readonly kind: "unfinished";
      readonly reason: string;
      readonly detail: string;
      readonly stat: FileStat | null;
    }
  | { readonly kind: "gone" };

export type ExamineDeps = {
  readonly files: ScanFiles;
  readonly journal: ScanJournal;
  /** The seq and file that the current batch already has for these bytes. */
  readonly inBatch: (hash: Buffer) => { readonly seq: number; readonly file: string } | null;
  readonly nowUs: () => number;
};

export function examine(deps: ExamineDeps, candidate: Candidate): Examined | Promise<Examined> {
  const read = deps.files.read(candidate.name);
  switch (read.kind) {
    case "gone":
      return isWholeName(candidate.name) ? { kind: "gone" } : badName(candidate, deps.nowUs());
    case "changing":
      return unfinished("changing", "its size or time changes while it is read", read.stat);
    case "failed":
      return unfinished("unreadable", read.detail, null);
    case "refused":
      return unfinished(read.reason, read.detail, read.stat);
    case "read":
      break;
  }
  const { stat } = read;
  const hash = hashOf(read.bytes);
  const inBatch = deps.inBatch(hash);
  const seq = inBatch?.seq ?? deps.journal.seqOfHash(hash);
  if (seq !== null) {
    // Its own bytes under its own name: the file's time was changed, or another event named it.
    const { name } = candidate;
    const own = inBatch === null ? isOwn(deps.journal, name, seq) : inBatch.file === name;
    const verdict = { kind: own ? "pushed" : "duplicate", seq } as const;
    const file = { ...stat, file: candidate.name, verdict, atUs: deps.nowUs() };
    return { kind: "settled", file };
  }
  const decoded = decodeScan(deps.files, read.bytes);
  const conclude = (result: ScanRead): Examined =>
    concludeFrom(result, { candidate, stat, hash, decodedUs: deps.nowUs() });
  return decoded instanceof Promise ? decoded.then(conclude) : conclude(decoded);
}

/** The verdict may still exist although the scan was pruned. */
function isOwn(journal: ScanJournal, file: string, seq: number): boolean {
  const scan = journal.scan(seq);
  if (scan !== null) return scan.file === file;
  const verdict = journal.file(file)?.verdict;
  return verdict?.kind === "pushed" && verdict.seq === seq;
}

function concludeFrom(
  decoded: ScanRead,
  of: Pick<NewScan, "candidate" | "stat" | "hash" | "decodedUs">,
): Examined {
  switch (decoded.kind) {
    case "incomplete":
      return unfinished("truncated", decoded.detail, of.stat);
    case "invalid":
      return unfinished(decoded.reason, decoded.detail, of.stat);
    case "scan": {
      const { scanNumber, assetCount, assetsInvalid, json } = decoded.scan;
      return {
        kind: "scan",
        scan: {
          ...of,
          scanNumber,
          assetCount,
          assetsInvalid: assetsInvalid.length,
          members: json,
        },
      };
    }
  }
}

function badName({ name }: Candidate, atUs: number): Examined {
  const detail = "the name is not UTF-8 (U+FFFD stands for its other bytes); rename the file";
  const verdict = { kind: "quarantined", reason: "bad_name", detail } as const;
  return { kind: "settled", file: { file: name, size: 0, mtimeUs: 0, verdict, atUs } };
}

function unfinished(reason: string, detail: string, stat: FileStat | null): Examined {
  return { kind: "unfinished", reason, detail, stat };
}
