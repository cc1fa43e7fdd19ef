/** Opens the archive's folders and files, and the events that announce new ones. */
import {
  findDays,
  markFolder,
  namesIn,
  pathOf,
  remoteFileSystemOf,
} from "../../adapters/archive/list-archive.ts";
import {
  type JudgeEnds,
  readScanFile,
  statScanFile,
} from "../../adapters/archive/read-scan-file.ts";
import { type ArchiveWatch, watchArchive } from "../../adapters/archive/watch-archive.ts";
import { judgeEnds } from "../../wire/arrow/completeness.ts";
import type { ArchiveReader } from "./archive/archive-reader.ts";
import type { Link, ThreadDeps } from "./thread-link.ts";

export function archiveReader(archive: string): ArchiveReader {
  return {
    read: (file) => readScanFile(pathOf(archive, file), faultOfEnds),
    stat: (file) => statScanFile(pathOf(archive, file)),
    days: () => findDays(archive),
    mark: (day) => markFolder(pathOf(archive, day)),
    names: (day) => namesIn(pathOf(archive, day)),
  };
}

/** A large, growing file must not be read again after each write: scans would wait. */
function faultOfEnds(head: Uint8Array, tail: Uint8Array): ReturnType<JudgeEnds> {
  const judged = judgeEnds(head, tail);
  if (judged === null) return null;
  const { detail } = judged;
  return { reason: judged.kind === "incomplete" ? "truncated" : judged.reason, detail };
}

/** Null where the archive is polled instead. */
export function openWatch(thread: ThreadDeps, link: Link): ArchiveWatch | null {
  const { archive, bridge } = thread.settings;
  const remote = remoteFileSystemOf(archive);
  if (bridge.watch === "poll" || remote !== null) {
    const why = remote === null ? "as configured" : `${remote} provides no events`;
    thread.log(`listing ${archive} every ${bridge.reconcile_s} s (${why})`);
    return null;
  }
  thread.log(`watching ${archive}`);
  return watchArchive(archive, {
    onName: (day, name) => link.pump?.hint(`${day}/${name}`),
    onRoot: () => {
      link.rounds?.listRootNext();
      link.pump?.wakeRound();
    },
  });
}
