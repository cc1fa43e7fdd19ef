/** Opens the journal and starts the bridge with it; both wait until it can be written. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { wallMicros } from "../../adapters/clock.ts";
import { ScanJournal, setJournalAside } from "../../adapters/scan-journal/scan-journal.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { type StartDeps, type Started, startBridge } from "./commit/recover.ts";
import { NO_FACTS } from "./pump-messages.ts";
import type { ThreadDeps } from "./thread-link.ts";

const JOURNAL_RETRY_MS = 1_000;

/** Waits for a full disk or a lock; a damaged journal is set aside and rebuilt from Hazelcast. */
export async function openJournal(thread: ThreadDeps): Promise<ScanJournal> {
  const path = thread.settings.journalFile;
  for (;;) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      const journal = new ScanJournal(path);
      thread.link.trouble = null;
      return journal;
    } catch (error) {
      const code = codeOf(error);
      if (code === "JOURNAL_CORRUPT") {
        const aside = setJournalAside(path, String(wallMicros()));
        thread.log(`${messageOf(error)}: moved aside as ${aside}, rebuilding from Hazelcast`);
        continue;
      }
      if (code === "JOURNAL_VERSION" || thread.stopping()) throw error;
      waitForJournal(thread, messageOf(error));
      await sleep(JOURNAL_RETRY_MS);
    }
  }
}

/** A start changes nothing in Hazelcast before the journal has its epoch, so it can be repeated. */
export async function startWhenWritable(thread: ThreadDeps, deps: StartDeps): Promise<Started> {
  for (;;) {
    try {
      const started = await startBridge(deps);
      thread.link.trouble = null;
      return started;
    } catch (error) {
      if (codeOf(error) !== "JOURNAL_UNAVAILABLE" || thread.stopping()) throw error;
      waitForJournal(thread, messageOf(error));
      await sleep(JOURNAL_RETRY_MS);
    }
  }
}

/** Reports only the journal: before it is open nothing is known about Hazelcast and the archive. */
function waitForJournal({ link, log, post, settings }: ThreadDeps, trouble: string): void {
  if (link.trouble === null) log(`waiting for the journal: ${trouble}`);
  link.trouble = trouble;
  const counters = { epoch: link.epoch, instance: settings.instance };
  const facts = { ...NO_FACTS, hazelcast: link.isUp ? "ok" : "down" } as const;
  post({ kind: "report", state: `waiting: journal (${trouble})`, facts, counters });
  // A service that never reports ready would be killed and restarted, which frees no disk space.
  post({ kind: "ready" });
}
