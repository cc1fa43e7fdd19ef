/**
 * An independent reader of scans: an entry listener on `latest_eigen_scan`, and the ringbuffer for missed events. It
 * measures whether scans flow end to end, and how fast.
 */
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs, wallMicros } from "../adapters/clock.ts";
import {
  createThinClient,
  type ThinClient,
  type ThinRing,
} from "../adapters/hazelcast/thin-client.ts";
import { createSeenSeqs, noteSeq } from "../domain/scan/seen-seqs.ts";
import type { SeenSeqs } from "../domain/scan/seen-seqs.ts";
import { jsonRecord } from "../domain/json-record.ts";
import { microsFromIso } from "../domain/scan/timestamp.ts";
import { US_PER_MS } from "../domain/time.ts";
import { FEATURES_MAP, LATEST_KEY, SCANS_RING } from "../wire/scan-value.ts";

export type LagPercentiles = { readonly p50: number | null; readonly p99: number | null };
export type ScanWatch = {
  /** Its connection, for other calls of this process. */
  readonly hazelcast: Pick<ThinClient, "get">;
  readonly seqs: SeenSeqs;
  /** Monotonic; null before the first. */
  lastSeenMs(): number | null;
  /** From the file's mtime to the event, for the newest live scans. */
  lagMs(): LagPercentiles;
  /** Rejects while the member does not answer. */
  probe(): Promise<void>;
  /** Reads missed events once more, so that the counts are final. */
  settle(): Promise<void>;
  close(): Promise<void>;
};
export type ScanWatchOptions = {
  readonly address: string;
  readonly cluster: string;
  readonly prefix?: string | null;
  readonly deadlineMs: number;
  /** The last seq before the start. */
  readonly baseSeq: number;
  /** Called once per problem, until a scan is received again. */
  readonly onTrouble: (line: string) => void;
};

const DRAIN_INTERVAL_MS = 1_000;
/** While no seq is missing: what is not heard at all is found then. */
const DRAIN_ANYWAY_TURNS = 5;
const RING_READ_MAX = 200;
const LAGS_KEPT = 10_000;
const PROBED_KEY = "probed";
const CONNECT_WITHIN_MS = 20_000;
const CONNECT_EVERY_MS = 100;

type ScanEvent = {
  readonly seq: number;
  readonly file_mtime: string;
  readonly replayed: boolean;
  readonly late: boolean;
};

export async function watchScans(options: ScanWatchOptions): Promise<ScanWatch> {
  const position: RingPosition = { next: 0, last: null };
  const seqs = createSeenSeqs(options.baseSeq);
  const lags = createLags();
  let lastSeenMs: number | null = null;
  /** Scans found only in the ringbuffer since the last event. */
  let unheard = 0;

  const note = (text: unknown, isEvent: boolean) => {
    const scan = parseScanEvent(text);
    if (scan === null || !noteSeq(seqs, scan.seq)) return;
    lastSeenMs = monotonicMs();
    unheard = isEvent ? 0 : unheard + 1;
    if (!isEvent || scan.replayed || scan.late) return;
    lags.note(scan.file_mtime);
  };
  const hear = hearing((value) => note(value, true), options.onTrouble);
  const hazelcast = createThinClient({
    ...options,
    name: "dolphin-up",
    heard: {
      map: FEATURES_MAP,
      key: LATEST_KEY,
      onValue: hear,
      // It may be another member: one that came back empty numbers its ringbuffer anew.
      onListening: () => (position.next = 0),
    },
  });
  const probe = async () => {
    // A key that nobody writes: what counts is that there is an answer.
    await hazelcast.get(FEATURES_MAP, PROBED_KEY);
  };
  await firstAnswer(probe, options.address);
  const ring = hazelcast.ring(SCANS_RING);

  let isClosed = false;
  const read = async () => {
    if (isClosed) return;
    const unheardBefore = unheard;
    await readRing(ring, position, (text) => note(text, false));
    // A destroyed map loses its listeners: scans come, but no events.
    if (unheardBefore === 0 || unheard <= unheardBefore) return;
    hazelcast.close();
    unheard = 0;
  };
  let draining = Promise.resolve();
  const drain = () => {
    draining = draining.then(read).catch(() => undefined);
    return draining;
  };
  const timer = drainOften(drain, () => 0 < seqs.holes.size || 0 < unheard);
  return {
    hazelcast,
    seqs,
    lastSeenMs: () => lastSeenMs,
    lagMs: lags.percentiles,
    probe,
    settle: drain,
    async close() {
      clearInterval(timer);
      isClosed = true;
      hazelcast.close();
      await draining;
    },
  };
}

/** The member has just started: its first answer may take longer than those that follow. */
async function firstAnswer(probe: () => Promise<void>, address: string): Promise<void> {
  const endMs = monotonicMs() + CONNECT_WITHIN_MS;
  for (;;) {
    try {
      await probe();
      return;
    } catch (error) {
      if (endMs <= monotonicMs()) {
        throw new Error(`no Hazelcast member answered at ${address}`, { cause: error });
      }
    }
    await delay(CONNECT_EVERY_MS);
  }
}

type RingPosition = {
  next: number;
  /** The value before `next` when it was read; null where there was none. */
  last: unknown;
};

/** Reads from the previous position to the newest. */
async function readRing(
  ring: ThinRing,
  position: RingPosition,
  take: (text: unknown) => void,
): Promise<void> {
  const tail = await ring.tail();
  const head = await ring.head();
  if (!(await isSameRing(ring, position, { head, tail }))) position.next = 0;
  // Overwritten values are gone.
  position.next = Math.max(position.next, head);
  while (position.next <= tail) {
    const items = await ring.readMany(position.next, RING_READ_MAX);
    for (const item of items) {
      take(item);
      position.last = item;
    }
    position.next += items.length;
  }
}

/** A ringbuffer that was destroyed and filled again is numbered anew, and may have reached the same position. */
async function isSameRing(
  ring: ThinRing,
  { next, last }: RingPosition,
  { head, tail }: { readonly head: number; readonly tail: number },
): Promise<boolean> {
  if (tail < next - 1) return false;
  // The value to compare is overwritten, or there is nothing new.
  if (next <= head || tail < next || last === null) return true;
  return (await ring.readOne(next - 1)) === last;
}

/** Null: it is not a scan. */
function parseScanEvent(text: unknown): ScanEvent | null {
  const scan = typeof text === "string" ? jsonRecord(text) : null;
  const { seq, file_mtime, replayed, late }: Partial<Record<keyof ScanEvent, unknown>> = scan ?? {};
  if (!Number.isSafeInteger(seq) || typeof seq !== "number") return null;
  if (typeof file_mtime !== "string") return null;
  if (typeof replayed !== "boolean" || typeof late !== "boolean") return null;
  return { seq, file_mtime, replayed, late };
}

/** Reports what is not a scan once, until there is one again. */
function hearing(take: (text: unknown) => void, onTrouble: (line: string) => void) {
  let isReadable = true;
  return (value: unknown): void => {
    const wasReadable = isReadable;
    isReadable = parseScanEvent(value) !== null;
    if (isReadable) take(value);
    else if (wasReadable) {
      onTrouble(
        `${FEATURES_MAP} ${LATEST_KEY} has a value that is not a scan: another program writes there`,
      );
    }
  };
}

function drainOften(drain: () => Promise<void>, isMissing: () => boolean): NodeJS.Timeout {
  let turn = 0;
  return setInterval(() => {
    turn += 1;
    if (isMissing() || turn % DRAIN_ANYWAY_TURNS === 0) void drain();
  }, DRAIN_INTERVAL_MS);
}

function createLags() {
  const lags: number[] = [];
  let count = 0;
  return {
    note(writtenAt: string): void {
      const writtenUs = microsFromIso(writtenAt);
      if (writtenUs === null) return;
      lags[count % LAGS_KEPT] = (wallMicros() - writtenUs) / US_PER_MS;
      count += 1;
    },
    percentiles: () => percentilesOf(lags),
  };
}

function percentilesOf(values: readonly number[]): LagPercentiles {
  if (values.length === 0) return { p50: null, p99: null };
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const index = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1);
    return Math.round((sorted[Math.max(0, index)] ?? 0) * 100) / 100;
  };
  return { p50: at(0.5), p99: at(0.99) };
}
