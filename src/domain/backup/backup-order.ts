/**
 * The order in which a data directory is copied while everything runs. State that is derived from other state, or
 * that records how far it was sent, is copied before its source. The copy is then one that a crash at some instant
 * could have left, and each part finds the rest where it needs it: outbox cursors <= what Temporal knows of the
 * trades <= the book's log <= the bridge's journal.
 */

/** `temporal`: Temporal's database is dumped after this step. */
export const BACKUP_STEPS = ["told", "temporal", "books", "logs", "ahead", "rest"] as const;
export type BackupStep = (typeof BACKUP_STEPS)[number];

/** `supervisord` has logs and a process id, `.restoring` a restore that was not finished. */
const LEFT_OUT = ["control", "run", "logs", "hazelcast", "supervisord", ".restoring", "up.json"];
const BOOKS = "journal/trading/";

/**
 * The step that copies a path of the data directory; null: the path belongs to a running process, or can be rebuilt.
 */
export function backupStepOf(path: string): BackupStep | null {
  const [top = ""] = path.split("/");
  if (LEFT_OUT.includes(top)) return null;
  if (/(^|\/)lock\.db(-journal)?$|-(wal|shm|journal)$|\.tmp$|^\.doctor-\d+$/.test(path))
    return null;
  if (top === "temporal") return "temporal";
  if (path.startsWith(BOOKS)) {
    if (path.endsWith("/told.json")) return "told";
    return path.endsWith(".seg") ? "logs" : "books";
  }
  // The journal's newest row is in this file until the next row comes.
  return path.startsWith("journal/scan-bridge.db.ahead-") ? "ahead" : "rest";
}
