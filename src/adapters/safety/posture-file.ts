/**
 * The watchdog's state and audit: `<data-dir>/safety`, accessible to its owner only. Invariant: the state is durable
 * when `save` returns; a crash during it leaves the old state or the new one. A stop holds if either file records it:
 * a resume is written to the audit before it takes effect.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { codeOf } from "../../domain/failure.ts";
import { syncPath } from "../files/sync-path.ts";
import {
  CAUTIOUS,
  type KeptPosture,
  type Latch,
  stricter,
} from "../../domain/safety/step-posture.ts";
import type { Posture } from "../../domain/trading/posture.ts";
import {
  encodeKeptPosture,
  fieldsOf,
  isKeptByNewer,
  parseKeptPosture,
  postureOf,
} from "../../wire/safety/kept-posture.ts";
import { jsonOrNull } from "../../domain/json-record.ts";

export type PostureAuditLine = {
  /** ISO-8601. */
  readonly at: string;
  readonly by: string;
  readonly action: "halt" | "resume" | "stop";
  readonly reason: string;
  readonly posture: Posture;
};

export type RestoredPosture = {
  readonly kept: KeptPosture;
  /** A sentence for the log. */
  readonly how: string;
};

const STATE = "posture.json";
const AUDIT = "audit.log";

export function safetyFolder(dataDir: string): string {
  return join(dataDir, "safety");
}

/**
 * `isUsed`: something was traded on this data directory before. Then a lost state leads to the cautious one, with the
 * last stop from the audit.
 */
export function openPostureFile(
  folder: string,
  about: { readonly initial: Posture; readonly isUsed: boolean },
) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const state = join(folder, STATE);
  const audit = join(folder, AUDIT);
  return {
    read(): RestoredPosture {
      const isFresh = !about.isUsed && !existsSync(state) && !existsSync(audit);
      if (isFresh) {
        return {
          kept: { ...CAUTIOUS, posture: about.initial },
          how: "there was no trading here yet",
        };
      }
      const text = textOf(state);
      const kept = text === null ? null : parseKeptPosture(text);
      const audited = lastStop(textOf(audit) ?? "");
      if (kept !== null) {
        const how = `restored: ${kept.posture}`;
        const isMissed = audited !== null && kept.latch === null;
        return {
          kept: { ...kept, latch: tighterLatch(kept.latch, audited) },
          how: isMissed ? `${how}, and stopped according to the audit log` : how,
        };
      }
      const isNewer = text !== null && isKeptByNewer(text);
      if (text !== null) renameSync(state, `${state}.${isNewer ? "newer" : "damaged"}`);
      const what = isNewer ? "of a newer release" : "damaged";
      const lost = text === null ? "its state is lost" : `its state is ${what}, and moved aside`;
      return {
        kept: { ...CAUTIOUS, latch: audited },
        how: `${lost}: it starts with a cautious posture`,
      };
    },
    save(kept: KeptPosture, at: string): void {
      const staging = `${state}.tmp`;
      writeDurably(staging, "w", encodeKeptPosture(kept, at));
      renameSync(staging, state);
      syncPath(folder);
    },
    audit(line: PostureAuditLine): void {
      const begin = endsInLine(audit) ? "" : "\n";
      writeDurably(audit, "a", `${begin}${JSON.stringify(line)}\n`);
    },
  };
}

function writeDurably(path: string, flags: "w" | "a", text: string): void {
  const file = openSync(path, flags, 0o600);
  try {
    // A single write may be a short one.
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** A truncated line must not absorb the next one. */
function endsInLine(path: string): boolean {
  if (!existsSync(path)) return true;
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const last = Buffer.alloc(1);
    return size === 0 || (readSync(file, last, 0, 1, size - 1) === 1 && last.toString() === "\n");
  } finally {
    closeSync(file);
  }
}

/** Null: there is none. */
function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    return "";
  }
}

/** From the audit: a stop that was not resumed. An unreadable line does not count as a resume. */
export function lastStop(audit: string): Latch | null {
  let latch: Latch | null = null;
  for (const line of audit.split("\n").filter(Boolean)) {
    const { at, by, action, reason, posture } = fieldsOf(jsonOrNull(line));
    if (action === "resume") latch = null;
    if (action !== "halt" && action !== "stop") continue;
    const step = stricter(postureOf(posture) ?? "HIBERNATE", latch?.posture ?? "APEX");
    latch = { why: String(reason), by: String(by), at: String(at), posture: step };
  }
  return latch;
}

function tighterLatch(kept: Latch | null, audited: Latch | null): Latch | null {
  if (kept === null || audited === null) return kept ?? audited;
  return { ...kept, posture: stricter(kept.posture, audited.posture) };
}
