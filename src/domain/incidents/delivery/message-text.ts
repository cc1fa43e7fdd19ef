/**
 * A notification as plain text for people, without characters that a terminal or a chat would interpret, cut to the
 * channel's limit.
 */
import { isoFromMs } from "../../time.ts";
import type { Notification } from "../notification.ts";

export type MessageText = { readonly title: string; readonly lines: readonly string[] };

const CUT = " … [cut]";
const LABELS_MAX = 12;
const SECONDS_OF_ISO = 19;

export function notificationText(notification: Notification): MessageText {
  const { state, severity, rule, subject, summary, cause, startedAtMs, labels } = notification;
  const again = { renotify: " (still)", escalate: " (not acknowledged)" };
  const kind = notification.kind;
  const mark = kind === "renotify" || kind === "escalate" ? again[kind] : "";
  const lines = [
    summary,
    ...(cause === null ? [] : [`cause: ${cause}`]),
    `since ${utc(startedAtMs)}${state === "firing" ? "" : `, ${state} ${utc(notification.atMs)}`}`,
    ...Object.entries(labels)
      .slice(0, LABELS_MAX)
      .map(([name, value]) => `${name}: ${value}`),
    `incident ${notification.incident}`,
  ];
  return {
    title: oneLine(`${state.toUpperCase()} ${severity}: ${rule} ${subject}${mark}`),
    lines: lines.map(oneLine),
  };
}

/** At most this many UTF-16 units, with a mark where it was cut. */
export function cutTo(text: string, unitsMax: number): string {
  if (text.length <= unitsMax) return text;
  return `${wholeCharacters(text.slice(0, Math.max(0, unitsMax - CUT.length)))}${CUT}`;
}

/** At most this many bytes of UTF-8. */
export function cutToBytes(text: string, bytesMax: number): string {
  if (utf8Bytes(text) <= bytesMax) return text;
  let units = Math.min(text.length, bytesMax);
  while (0 < units && bytesMax < utf8Bytes(text.slice(0, units)) + utf8Bytes(CUT)) {
    units = Math.floor(units * 0.9);
  }
  return `${wholeCharacters(text.slice(0, units))}${CUT}`;
}

/** Removes half of a surrogate pair at the end. */
function wholeCharacters(text: string): string {
  return /[\uD800-\uDBFF]$/.test(text) ? text.slice(0, -1) : text;
}

function utf8Bytes(text: string): number {
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x8_00 ? 2 : code < 0x1_00_00 ? 3 : 4;
  }
  return bytes;
}

/** Replaces control characters, and those that change the direction of the text. */
function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\u2028\u2029\u200E\u200F\u202A-\u202E\u2066-\u2069]+/gu, " ")
    .trim();
}

function utc(ms: number): string {
  return Number.isFinite(ms)
    ? `${isoFromMs(ms).slice(0, SECONDS_OF_ISO).replace("T", " ")} UTC`
    : "?";
}
