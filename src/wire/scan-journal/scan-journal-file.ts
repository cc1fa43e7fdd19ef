/** The file of the bridge's journal. Only the bridge writes it; all others open it read-only. */
import { join } from "node:path";

export function scanJournalFile(dataDir: string): string {
  return join(dataDir, "journal", "scan-bridge.db");
}
