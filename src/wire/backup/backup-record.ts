/** `backup.json` of a backup, written when everything else is there: a backup without it was not finished. */
import { z } from "zod";

export const BACKUP_FILE = "backup.json";

export const BackupRecord = z.object({
  /** ISO-8601 UTC, of the begin. */
  taken_at: z.string(),
  host: z.string(),
  data_dir: z.string(),
  /** Of the folder `data` beside it. */
  files: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
});
export type BackupRecord = Readonly<z.infer<typeof BackupRecord>>;
