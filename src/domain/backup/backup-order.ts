/**
 * In which order a data directory is copied while everything runs. What is derived from another, or says how far it was
 * told, is copied before it: the copy is then one that a crash at some instant could have left, and each part finds the
 * rest where it needs it.
 *
 * How far trades were told <= what Temporal knows of them <= the book's log <= the bridge's journal.
 */

/** `temporal`: after this step Temporal's database is dumped. */
export const BACKUP_STEPS = ["told", "temporal", "books", "logs", "ahead", "rest"] as const;
export type BackupStep = (typeof BACKUP_STEPS)[number];

const BOOKS = "journal/trading/";

/** Of a path within the data directory; null: it belongs to a running process, or can be made anew. */
export function backupStepOf(path: string): BackupStep | null {
  const [top = ""] = path.split("/");
  if (["control", "run", "logs", "hazelcast"].includes(top) || path === "up.json") return null;
  if (/(^|\/)lock\.db(-journal)?$|-(wal|shm|journal)$|\.tmp$/.test(path)) return null;
  if (top === "temporal") return "temporal";
  if (path.startsWith(BOOKS)) {
    if (path.endsWith("/told.json")) return "told";
    return path.endsWith(".seg") ? "logs" : "books";
  }
  // The journal's newest row stands beside it until the next comes.
  return path.startsWith("journal/scan-bridge.db.ahead-") ? "ahead" : "rest";
}
