/** Requests to the watchdog over its local socket, and its answers, one JSON line each. */
import type { Latch } from "../../domain/safety/step-posture.ts";
import type { Posture } from "../../domain/trading/posture.ts";
import { fieldsOf } from "./kept-posture.ts";
import type { WatchdogFigures } from "./watchdog-figures.ts";
import { jsonOrNull } from "../../domain/json-record.ts";

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
      /** What happens to open positions: closed at the next fresh scan, or left to their own exits. */
      readonly positions: "close" | "keep";
    }
  | {
      readonly command: "resume";
      readonly id: string;
      readonly by: string;
      readonly reason: string;
      /** The time of the stop that was looked at: a later one is not resumed. Absent: whatever stands. */
      readonly stop?: string;
    };

export type SafetyView = {
  readonly posture: Posture;
  readonly entries: "go" | "stop";
  readonly reasons: readonly string[];
  readonly latch: Latch | null;
  /** Time of the last evaluation, ISO-8601. */
  readonly at: string;
  readonly pid: number;
  readonly started_at: string;
  /**
   * Whether the trader and Hazelcast took the last posture. `older`: the trader's release does not know this
   * request.
   */
  readonly trader: "ok" | "silent" | "unwanted" | "older";
  readonly hazelcast: "ok" | "silent";
  /** Why its state cannot be saved; null while it can. */
  readonly trouble: string | null;
  /** Absent from an older release. */
  readonly figures?: WatchdogFigures;
  /** Its other duties, by name, each with a phrase on its state. */
  readonly duties: Readonly<Record<string, string>>;
};

export type SafetyAnswer = {
  readonly id: string;
  readonly ok: boolean;
  /** A sentence; the reason where `ok` is false. */
  readonly detail: string;
  readonly safety: SafetyView | null;
  /** The result of a request to another duty. */
  readonly data?: unknown;
};

/** A sentence where it is not a request of the watchdog's own. */
export function readSafetyRequest(
  fields: Readonly<Record<string, unknown>>,
): SafetyRequest | string {
  const { command, id, by, reason, positions, stop } = fields;
  if (!isText(id)) return "id: must be a short text";
  if (command === "show") return { command, id };
  if (command !== "halt" && command !== "resume") return "command: show, halt or resume";
  if (!isText(by)) return "by: must be a short text";
  if (!isText(reason)) return "reason: must be a short text";
  if (command === "resume") {
    if (stop === undefined) return { command, id, by, reason };
    return isText(stop) ? { command, id, by, reason, stop } : "stop: must be a time";
  }
  if (positions !== "close" && positions !== "keep") return "positions: close or keep";
  return { command, id, by, reason, positions };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= TEXT_CHARS_MAX;
}

/** As the watchdog of the same program answers it; null where it is no answer. */
export function parseSafetyAnswer(line: string): SafetyAnswer | null {
  const { id, ok, detail, safety, data } = fieldsOf(jsonOrNull(line));
  if (typeof id !== "string" || typeof ok !== "boolean" || typeof detail !== "string") return null;
  return { id, ok, detail, safety: isView(safety) ? safety : null, data };
}

/** It is written beside this file, by the same release. */
function isView(value: unknown): value is SafetyView {
  const { posture, reasons, pid, duties } = fieldsOf(value);
  return (
    typeof posture === "string" &&
    Array.isArray(reasons) &&
    typeof pid === "number" &&
    typeof duties === "object"
  );
}
