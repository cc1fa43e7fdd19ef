/** The JSON text of DOLPHIN_SAFETY `latest`: the posture that a watchdog or a configuration publishes. */
import { microsFromIso } from "../../domain/scan/timestamp.ts";
import { isoFromMicros, US_PER_MS } from "../../domain/time.ts";
import { POSTURES, type Posture } from "../../domain/trading/posture.ts";

export const SAFETY_MAP = "DOLPHIN_SAFETY";
export const SAFETY_KEY = "latest";
const TEXT_CHARS_MAX = 65_536;
const SOURCE_CHARS_MAX = 100;

export type PostureValue = {
  /** UNKNOWN: the text is not a step of the ladder. */
  readonly posture: Posture | "UNKNOWN";
  /** Absent: no sizing factor beside the posture. */
  readonly entries?: "stop";
  readonly asOfMs: number;
  readonly source: string;
};

export function encodePosture(of: {
  readonly posture: Posture;
  readonly entries?: "go" | "stop";
  readonly reasons: readonly string[];
  readonly source: string;
  readonly atUs: number;
}): string {
  const { posture, entries, reasons, source, atUs } = of;
  return JSON.stringify({ posture, entries, reasons, source, ts: isoFromMicros(atUs) });
}

/** A value that is not a posture with a time is treated as unknown and infinitely old. */
export function parsePosture(text: unknown): PostureValue {
  const unknown: PostureValue = { posture: "UNKNOWN", asOfMs: -Infinity, source: "unreadable" };
  if (typeof text !== "string" || TEXT_CHARS_MAX < text.length) return unknown;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unknown;
  }
  if (typeof value !== "object" || value === null) return unknown;
  const { posture, entries, source, ts }: Partial<Record<string, unknown>> = { ...value };
  const asOfUs = typeof ts === "string" ? microsFromIso(ts) : null;
  if (asOfUs === null) return unknown;
  return {
    posture: POSTURES.find((one) => one === posture) ?? "UNKNOWN",
    // Any other value does not permit entries.
    ...(entries === undefined || entries === "go" ? {} : { entries: "stop" }),
    asOfMs: asOfUs / US_PER_MS,
    source: typeof source === "string" ? source.slice(0, SOURCE_CHARS_MAX) : "unnamed",
  };
}

/** The reasons that its publisher gives; empty where none can be read. */
export function postureReasons(text: unknown): readonly string[] {
  if (typeof text !== "string" || TEXT_CHARS_MAX < text.length) return [];
  try {
    const reasons: unknown = Reflect.get(Object(JSON.parse(text)), "reasons");
    return Array.isArray(reasons) ? reasons.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}
