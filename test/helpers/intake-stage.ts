/** The bridge's intake on a real folder and a real journal, with a clock that the test advances. */
import { mkdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findDays, markFolder, namesIn, pathOf } from "../../src/adapters/archive/list-archive.ts";
import { readScanFile, statScanFile } from "../../src/adapters/archive/read-scan-file.ts";
import { type JournalFile, ScanJournal } from "../../src/adapters/scan-journal/scan-journal.ts";
import type { ArchiveReader } from "../../src/services/scan-bridge/archive/archive-reader.ts";
import { Intake } from "../../src/services/scan-bridge/intake/intake.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "./servers.ts";

export type IntakeStage = ReturnType<typeof openIntakeStage>;

/** `around` puts something between the folder and all who read it; it is given the clock, too. */
export function openIntakeStage(
  queueMax = 1_000,
  around: (reader: ArchiveReader, clock: { ms: number }) => ArchiveReader = (reader) => reader,
) {
  const dir = makeTemporaryDirectory("intake");
  const archive = join(dir, "archive");
  const journal = new ScanJournal(join(dir, "journal.db"));
  journal.claimEpoch(1);
  const clock = { ms: 1_000_000 };
  const nowMs = () => clock.ms;
  const nowUs = () => clock.ms * 1_000;
  const folder: ArchiveReader = {
    read: (file) => readScanFile(pathOf(archive, file)),
    stat: (file) => statScanFile(pathOf(archive, file)),
    days: () => findDays(archive),
    mark: (day) => markFolder(pathOf(archive, day)),
    names: (day) => namesIn(pathOf(archive, day)),
  };
  const reader = around(folder, clock);
  const intake = new Intake({ archive: reader, journal, nowUs, nowMs, queueMax });
  return {
    archive,
    journal,
    clock,
    nowMs,
    nowUs,
    reader,
    folder,
    intake,
    /** Its time in milliseconds; now by default. */
    put: (file: string, text = file, timeMs = clock.ms): void => {
      const path = join(archive, file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      utimesSync(path, timeMs / 1_000, timeMs / 1_000);
    },
    remove: (file: string) => rmSync(join(archive, file)),
    /** Takes everything that waits, in its order. */
    takeAll: (): readonly string[] => {
      const taken: string[] = [];
      for (let next = intake.take(); next !== undefined; next = intake.take())
        taken.push(next.name);
      return taken;
    },
    /** Writes a verdict on the file as it is now, as the pump does. */
    settle: (file: string): void => {
      const stat = folder.stat(file);
      const verdict = { kind: "quarantined", reason: "test", detail: "" } as const;
      const row: JournalFile = {
        file,
        size: stat?.size ?? 0,
        mtimeUs: stat?.mtimeUs ?? 0,
        verdict,
        atUs: nowUs(),
      };
      journal.append([], [row]);
      intake.settled(file);
    },
    close: (): void => {
      journal.close();
      removeTemporaryDirectory(dir);
    },
  };
}
