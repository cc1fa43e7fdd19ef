/** The bridge's interface to the archive; file names are `YYYY-MM-DD/name`. */
import type { ArchiveDays } from "../../../adapters/archive/list-archive.ts";
import type { FileRead, FileStat } from "../../../adapters/archive/read-scan-file.ts";

export type ArchiveReader = {
  read(file: string): FileRead;
  /** Null when it is gone. */
  stat(file: string): (FileStat & { readonly regular: boolean }) | null;
  /** Yields between slices of the listing. */
  days(): Generator<void, ArchiveDays>;
  /** Changes with the folder's entries; null when it is gone. @throws when it cannot be read. */
  mark(day: string): string | null;
  names(day: string): Iterable<string>;
};
