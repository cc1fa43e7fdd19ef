/** State shared by the parts of the pump thread, and its report once a second. */
import { hostname } from "node:os";
import { wallMicros } from "../../adapters/clock.ts";
import type { ScanStore } from "../../adapters/hazelcast/scan-store.ts";
import { isoFromMicros } from "../../domain/time.ts";
import { factsOfBridge } from "../../wire/facts/bridge-facts.ts";
import type { CommitStep } from "./commit/commit.ts";
import type { Rounds } from "./intake/rounds.ts";
import type { WhichDays } from "./intake/which-days.ts";
import type { Pump } from "./pump/pump.ts";
import { NO_FACTS, type PumpMessage, type PumpSettings, waitedFor } from "./pump-messages.ts";
import { flattenFigures, type Telemetry } from "./telemetry.ts";

/** The parts of the bridge that reports are made of, as far as they exist yet. */
export type Link = {
  isUp: boolean;
  /** Why the journal cannot be opened or claimed; null once it is. */
  trouble: string | null;
  pump: Pump | null;
  rounds: Rounds | null;
  whichDays: WhichDays | null;
  readonly telemetry: Telemetry;
  epoch: number;
};

export type ThreadDeps = {
  readonly settings: PumpSettings;
  readonly post: (message: PumpMessage) => void;
  readonly onStep: (step: CommitStep) => void;
  readonly stopping: () => boolean;
  readonly link: Link;
  readonly log: (line: string) => void;
  readonly warn: (line: string) => void;
};

export function report(thread: ThreadDeps, store: ScanStore): void {
  const { settings, link, post } = thread;
  const now = link.pump?.report() ?? null;
  const archive = link.rounds?.state ?? "ok";
  const hazelcast = link.isUp ? "ok" : "down";
  const waitsFor = waitedFor({ ...link, archive });
  const state = waitsFor === null ? (now?.state ?? "starting") : `waiting: ${waitsFor}`;
  const unwatched = link.rounds?.shortOf ?? null;
  const troubles = [link.whichDays?.trouble ?? null, link.telemetry.trouble()].filter(
    (one) => one !== null,
  );
  const trouble = troubles.length === 0 ? {} : { trouble: troubles.join("; ") };
  const facts = { ...(now?.facts ?? NO_FACTS), ...trouble, archive, hazelcast, unwatched } as const;
  const files_before_first_day = link.whichDays?.filesBefore ?? null;
  const own = { epoch: link.epoch, instance: settings.instance, files_before_first_day };
  const figures = { ...own, ...now?.summary };
  post({ kind: "report", state, facts, counters: flattenFigures(figures) });
  const heartbeat = {
    service: "scan-bridge",
    pid: process.pid,
    host: hostname(),
    started_at: isoFromMicros(settings.startedUs),
    updated_at: isoFromMicros(wallMicros()),
    state,
    backlog: facts.backlog,
    /** For readers of the heartbeat while Temporal is away. */
    facts: factsOfBridge(facts),
    ...figures,
  };
  // A failed heartbeat does not matter: the next one follows in a second.
  store.putHeartbeat("scan-bridge", JSON.stringify(heartbeat)).catch(() => {});
}
