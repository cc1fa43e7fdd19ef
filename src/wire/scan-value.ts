/** The JSON texts of the scan bridge in Hazelcast: `latest_eigen_scan`, `checkpoint`, DOLPHIN_SCANS_DONE. */
import { z } from "zod";
import { isoFromMicros } from "../domain/time.ts";

export const FEATURES_MAP = "DOLPHIN_FEATURES";
export const LATEST_KEY = "latest_eigen_scan";
export const CHECKPOINT_KEY = "checkpoint";
export const DONE_MAP = "DOLPHIN_SCANS_DONE";
export const SCANS_RING = "DOLPHIN_SCANS";
export const HEARTBEAT_MAP = "DOLPHIN_HEARTBEAT";
export const BRIDGE_SOURCE = "scan_bridge_temporal";

/** Longest text that is parsed; 10,000 assets make about 700 KB. */
export const SCAN_TEXT_CHARS_MAX = 8 * 1_048_576;

export type ScanEnvelope = {
  readonly bridgeUs: number;
  readonly seq: number;
  readonly epoch: number;
  readonly instance: string;
  /** `YYYY-MM-DD/name`. */
  readonly file: string;
  readonly mtimeUs: number;
  readonly replayed: boolean;
  readonly late: boolean;
};

/** `members` are the scan's own JSON members, without braces, as the scan reader wrote them. */
export function encodeScanValue(members: string, envelope: ScanEnvelope): string {
  return (
    `{${members},"bridge_ts":"${isoFromMicros(envelope.bridgeUs)}"` +
    `,"bridge_source":"${BRIDGE_SOURCE}","seq":${envelope.seq},"epoch":${envelope.epoch}` +
    `,"instance":${JSON.stringify(envelope.instance)},"file":${JSON.stringify(envelope.file)}` +
    `,"file_mtime":"${isoFromMicros(envelope.mtimeUs)}","replayed":${envelope.replayed}` +
    `,"late":${envelope.late}}`
  );
}

const count = z.number().int().nonnegative();

const ScanHead = z.object({
  scan_number: z.number().int(),
  seq: count,
  epoch: count,
  instance: z.string(),
  file: z.string(),
  file_mtime: z.string(),
  late: z.boolean(),
});
export type ScanHead = Readonly<z.infer<typeof ScanHead>>;

/** What the bridge needs of a scan value; null when the text is not one (somebody else wrote there). */
export function parseScanHead(text: unknown): ScanHead | null {
  return parseText(text, ScanHead);
}

/** The same scan under a new epoch: what a starting bridge writes to fence older ones off. */
export function restampScanValue(text: string, stamp: { epoch: number; instance: string }): string {
  const value: object = JSON.parse(text);
  return JSON.stringify({ ...value, ...stamp, replayed: true });
}

const Checkpoint = z.object({
  epoch: count,
  instance: z.string(),
  /** The batch under way holds seqs `from` to `seq`, in the order of `files`. */
  from: count,
  seq: count,
  files: z.array(z.string()).max(1_000),
  /** Seqs of the batch that are late. */
  late: z.array(count).max(1_000).default([]),
});
export type Checkpoint = Readonly<z.infer<typeof Checkpoint>>;

export function encodeCheckpoint(checkpoint: Checkpoint): string {
  return JSON.stringify(checkpoint);
}

export function parseCheckpoint(text: unknown): Checkpoint | null {
  return parseText(text, Checkpoint);
}

const DoneEntry = z.object({ seq: count, hash: z.string().regex(/^[0-9a-f]{64}$/) });
export type DoneEntry = Readonly<z.infer<typeof DoneEntry>>;

export function encodeDone(entry: DoneEntry): string {
  return JSON.stringify(entry);
}

export function parseDone(text: unknown): DoneEntry | null {
  return parseText(text, DoneEntry);
}

/** Microseconds since the epoch of a time that we wrote: six decimals and `+00:00`. */
export function microsFromIso(text: string): number {
  return Date.parse(`${text.slice(0, 23)}Z`) * 1_000 + Number(text.slice(23, 26));
}

function parseText<T>(text: unknown, schema: z.ZodType<T>): T | null {
  if (typeof text !== "string" || SCAN_TEXT_CHARS_MAX < text.length) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
