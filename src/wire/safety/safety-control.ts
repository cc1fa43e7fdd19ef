/** What is asked of the watchdog over its local socket, and what it answers: a JSON line each. */
import type { Latch } from "../../domain/safety/step-posture.ts";
import type { Posture } from "../../domain/trading/posture.ts";
import { fieldsOf, parsed } from "./kept-posture.ts";
import type { WatchdogFigures } from "./watchdog-figures.ts";

/** The name of its process, its socket and its log. */
export const WATCHDOG = "watchdog";
export const SAFETY_REQUEST_CHARS_MAX = 16_384;
export const SAFETY_ANSWER_CHARS_MAX = 1_048_576;
const TEXT_CHARS_MAX = 500;

export type SafetyRequest =
  | { readonly command: "show"; readonly id: string }
  | {
      readonly command: "halt";
      readonly id: string;
      readonly by: string;
      readonly reason: string;
      /** What is open: closed at the next fresh scan, or left its own exits. */
      readonly positions: "close" | "keep";
    }
  | {
      readonly command: "resume";
      readonly id: string;
      readonly by: string;
      readonly reason: string;
    };

export type SafetyView = {
  readonly posture: Posture;
  readonly entries: "go" | "stop";
  readonly reasons: readonly string[];
  readonly latch: Latch | null;
  /** Of the last look, ISO-8601. */
  readonly at: string;
  readonly pid: number;
  readonly started_at: string;
  /** Whether the trader took the last posture, and Hazelcast. `older`: its program knows no such call. */
  readonly trader: "ok" | "silent" | "unwanted" | "older";
  readonly hazelcast: "ok" | "silent";
  /** What its state cannot be saved for; null while it can. */
  readonly trouble: string | null;
  /** Left out by an older program. */
  readonly figures?: WatchdogFigures;
  /** What else it does, by name: how that stands, in a phrase. */
  readonly duties: Readonly<Record<string, string>>;
};

export type SafetyAnswer = {
  readonly id: string;
  readonly ok: boolean;
  /** A sentence; why not, where it is not ok. */
  readonly detail: string;
  readonly safety: SafetyView | null;
  /** What another duty's request came to. */
  readonly data?: unknown;
};

/** A sentence where it is no request of the watchdog's own. */
export function readSafetyRequest(
  fields: Readonly<Record<string, unknown>>,
): SafetyRequest | string {
  const { command, id, by, reason, positions } = fields;
  if (!isText(id)) return "id: must be a short text";
  if (command === "show") return { command, id };
  if (command !== "halt" && command !== "resume") return "command: show, halt or resume";
  if (!isText(by)) return "by: must be a short text";
  if (!isText(reason)) return "reason: must be a short text";
  if (command === "resume") return { command, id, by, reason };
  if (positions !== "close" && positions !== "keep") return "positions: close or keep";
  return { command, id, by, reason, positions };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= TEXT_CHARS_MAX;
}

/** As the watchdog of the same program answers it; null where it is no answer. */
export function parseSafetyAnswer(line: string): SafetyAnswer | null {
  const { id, ok, detail, safety, data } = fieldsOf(parsed(line));
  if (typeof id !== "string" || typeof ok !== "boolean" || typeof detail !== "string") return null;
  return { id, ok, detail, safety: isView(safety) ? safety : null, data };
}

/** It is written beside this file, by the same program. */
function isView(value: unknown): value is SafetyView {
  const { posture, reasons, pid, duties } = fieldsOf(value);
  return (
    typeof posture === "string" &&
    Array.isArray(reasons) &&
    typeof pid === "number" &&
    typeof duties === "object"
  );
}
