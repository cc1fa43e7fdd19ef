/** The JSON texts of the scan bridge in Hazelcast: `latest_eigen_scan`, `checkpoint`, DOLPHIN_SCANS_DONE. */
import { isScanFile } from "../domain/scan/archive-names.ts";
import { EPOCH_MAX, SEQ_MAX } from "../domain/scan/commit-outcome.ts";
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

const LIST_MAX = 1_000;

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

/** `members`: the scan's own JSON members, without braces, as the scan reader wrote them. */
export function encodeScanValue(members: string, envelope: ScanEnvelope): string {
  return (
    `{${members},"bridge_ts":"${isoFromMicros(envelope.bridgeUs)}"` +
    `,"bridge_source":"${BRIDGE_SOURCE}","seq":${envelope.seq},"epoch":${envelope.epoch}` +
    `,"instance":${JSON.stringify(envelope.instance)},"file":${JSON.stringify(envelope.file)}` +
    `,"file_mtime":"${isoFromMicros(envelope.mtimeUs)}","replayed":${envelope.replayed}` +
    `,"late":${envelope.late}}`
  );
}

export type ScanHead = {
  readonly scan_number: number;
  readonly seq: number;
  readonly epoch: number;
  readonly instance: string;
  readonly file: string;
  readonly file_mtime: string;
  readonly late: boolean;
};

/** The fields of a scan value that the bridge needs; null when another program wrote the text. */
export function parseScanHead(text: unknown): ScanHead | null {
  const value = recordFrom(text);
  if (value === null) return null;
  const { scan_number, seq, epoch, instance, file, file_mtime, late } = value;
  return isCount(scan_number) &&
    isSeq(seq) &&
    isEpoch(epoch) &&
    typeof instance === "string" &&
    isFile(file) &&
    typeof file_mtime === "string" &&
    typeof late === "boolean"
    ? { scan_number, seq, epoch, instance, file, file_mtime, late }
    : null;
}

/** The same scan under a new epoch: a starting bridge writes it to fence older bridges off. */
export function restampScanValue(text: string, stamp: { epoch: number; instance: string }): string {
  const value: object = JSON.parse(text);
  return JSON.stringify({ ...value, ...stamp, replayed: true });
}

export type Checkpoint = {
  readonly epoch: number;
  readonly instance: string;
  /** The current batch holds seqs `from` to `seq`, in the order of `files`. */
  readonly from: number;
  readonly seq: number;
  readonly files: readonly string[];
  /** Seqs of the scans of the batch that are late. */
  readonly late: readonly number[];
};

export function encodeCheckpoint(checkpoint: Checkpoint): string {
  return JSON.stringify(checkpoint);
}

export function parseCheckpoint(text: unknown): Checkpoint | null {
  const value = recordFrom(text);
  if (value === null) return null;
  const { epoch, instance, from, seq, files, late = [] } = value;
  return isEpoch(epoch) &&
    typeof instance === "string" &&
    isCount(from) &&
    isSeq(seq) &&
    isListOf(files, isFile) &&
    isListOf(late, isCount)
    ? { epoch, instance, from, seq, files, late }
    : null;
}

export type DoneEntry = { readonly seq: number; readonly hash: string };

export function encodeDone(entry: DoneEntry): string {
  return JSON.stringify(entry);
}

export function parseDone(text: unknown): DoneEntry | null {
  const value = recordFrom(text);
  if (value === null) return null;
  const { seq, hash } = value;
  const isHash = typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash);
  return isSeq(seq) && isHash ? { seq, hash } : null;
}

/** Microseconds since the epoch of a time that we wrote: six decimals and `+00:00`. */
export function microsFromOurIso(text: string): number {
  return Date.parse(`${text.slice(0, 23)}Z`) * 1_000 + Number(text.slice(23, 26));
}

// Written by hand: the schema package would cost the pump thread eight megabytes.
function recordFrom(text: unknown): Readonly<Record<string, unknown>> | null {
  if (typeof text !== "string" || SCAN_TEXT_CHARS_MAX < text.length) return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && 0 <= value;
}

function isSeq(value: unknown): value is number {
  return isCount(value) && value <= SEQ_MAX;
}

function isEpoch(value: unknown): value is number {
  return isCount(value) && value <= EPOCH_MAX;
}

function isFile(value: unknown): value is string {
  return typeof value === "string" && isScanFile(value);
}

function isListOf<T>(value: unknown, isOne: (item: unknown) => item is T): value is readonly T[] {
  return Array.isArray(value) && value.length <= LIST_MAX && value.every(isOne);
}
