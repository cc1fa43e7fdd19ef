/** The messages between the bridge's main thread and its pump thread. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { wallMicros } from "../../adapters/clock.ts";
import type { Config } from "../../config.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import {
  EXIT_CONFIGURATION,
  EXIT_DONE,
  EXIT_FAILED,
  EXIT_FENCED,
} from "../../domain/supervision/exit-codes.ts";
import type { Configuration } from "../../wire/configuration.ts";
import type { BridgeFacts } from "../../wire/facts/bridge-facts.ts";
import type { ThreadMessage } from "../shell/thread-service.ts";
import {
  BeyondLimitError,
  FencedError,
  JournalGoneError,
  StoppedError,
} from "./commit/cluster-state.ts";
import { scanJournalFile } from "../../wire/scan-journal/scan-journal-file.ts";

export type PumpSettings = {
  readonly archive: string;
  readonly journalFile: string;
  readonly instance: string;
  readonly startedUs: number;
  readonly hazelcast: Configuration["hazelcast"];
  readonly bridge: Configuration["scan_bridge"];
};

export type PumpMessage = ThreadMessage<BridgeFacts>;

export type MainMessage =
  | { readonly kind: "start"; readonly settings: PumpSettings }
  /** An audit found holes: examine every file again. */
  | { readonly kind: "relist" }
  | { readonly kind: "stop" };

/** The settings for a pump of this process. */
export function pumpSettings(config: Config): PumpSettings {
  return {
    archive: config.archive,
    journalFile: scanJournalFile(config.data_dir),
    instance: `${hostname()}:${process.pid}:${randomBytes(4).toString("hex")}`,
    startedUs: wallMicros(),
    hazelcast: config.hazelcast,
    bridge: config.scan_bridge,
  };
}

/** The facts until the pump has reported its own. */
export const NO_FACTS: BridgeFacts = {
  archive: "ok",
  hazelcast: "ok",
  newestDataAgeS: null,
  oldestUnpushedAgeS: null,
  settledAgeS: null,
  listedAgeS: null,
  backlog: 0,
};

/** The dependency without which the pump can do nothing; null while all are available. */
export function waitedFor(of: {
  /** The journal's problem at the start. */
  readonly trouble: string | null;
  readonly isUp: boolean;
  readonly archive: BridgeFacts["archive"];
}): string | null {
  if (of.trouble !== null) return `journal (${of.trouble})`;
  if (!of.isUp) return "hazelcast";
  return of.archive === "missing" ? "archive" : null;
}

/** The message with which a failed pump ends the process. */
export function endMessage(error: unknown): PumpMessage {
  const code = codeOf(error);
  const line = messageOf(error);
  const isFenced = error instanceof FencedError || code === "JOURNAL_FENCED";
  if (isFenced) return { kind: "end", exitCode: EXIT_FENCED, line };
  if (error instanceof StoppedError) return { kind: "end", exitCode: EXIT_DONE, line };
  const isForSomebody = code === "JOURNAL_VERSION" || error instanceof BeyondLimitError;
  if (isForSomebody) return { kind: "end", exitCode: EXIT_CONFIGURATION, line };
  if (error instanceof JournalGoneError) return { kind: "end", exitCode: EXIT_FAILED, line };
  const stack = error instanceof Error ? error.stack : undefined;
  return { kind: "end", exitCode: EXIT_FAILED, line: stack ?? line };
}
