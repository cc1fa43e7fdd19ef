/**
 * An independent reader of scans: an entry listener on `latest_eigen_scan`, and the ringbuffer for missed events. It
 * measures whether scans flow end to end, and how fast.
 */
import type { IMap, Ringbuffer } from "hazelcast-client";
import { z } from "zod";
import { monotonicMs, wallMicros } from "../adapters/clock.ts";
import { connectHazelcast, type HazelcastHandle } from "../adapters/hazelcast/hazelcast-client.ts";
import { createSeenSeqs, noteSeq } from "../domain/scan/seen-seqs.ts";
import type { SeenSeqs } from "../domain/scan/seen-seqs.ts";
import { microsFromIso } from "../domain/scan/timestamp.ts";
import { US_PER_MS } from "../domain/time.ts";
import { FEATURES_MAP, LATEST_KEY, SCANS_RING } from "../wire/scan-value.ts";

export type LagPercentiles = { readonly p50: number | null; readonly p99: number | null };
export type ScanWatch = {
  /** Its connection, for other calls of this process. */
  readonly hazelcast: HazelcastHandle;
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
const CONNECT_WITHIN_MS = 20_000;

const ScanEvent = z.object({
  seq: z.number().int(),
  file_mtime: z.string(),
  replayed: z.boolean(),
  late: z.boolean(),
});

export async function watchScans(options: ScanWatchOptions): Promise<ScanWatch> {
  const position: RingPosition = { next: 0, last: null };
  const hazelcast = await connect(options, position);
  const features = await hazelcast.client.getMap<string, unknown>(FEATURES_MAP);
  const ring = await hazelcast.client.getRingbuffer<unknown>(SCANS_RING);
  const seqs = createSeenSeqs(options.baseSeq);
  const lags: number[] = [];
  let lagCount = 0;
  let lastSeenMs: number | null = null;
  let isReadable = true;
  /** Scans found only in the ringbuffer since the last event. */
  let unheard = 0;

  const note = (text: unknown, isEvent: boolean) => {
    const scan = parseScanEvent(text);
    if (scan === null || !noteSeq(seqs, scan.seq)) return;
    lastSeenMs = monotonicMs();
    unheard = isEvent ? 0 : unheard + 1;
    if (!isEvent || scan.replayed || scan.late) return;
    const writtenUs = microsFromIso(scan.file_mtime);
    if (writtenUs === null) return;
    lags[lagCount % LAGS_KEPT] = (wallMicros() - writtenUs) / US_PER_MS;
    lagCount += 1;
  };
  const hear = ({ value }: { readonly value: unknown }) => {
    const wasReadable = isReadable;
    isReadable = parseScanEvent(value) !== null;
    if (isReadable) note(value, true);
    else if (wasReadable) {
      options.onTrouble(
        `${FEATURES_MAP} ${LATEST_KEY} has a value that is not a scan: another program writes there`,
      );
    }
  };
  const listenAnew = await listenTo(features, hear);

  const read = async () => {
    const unheardBefore = unheard;
    await readRing(ring, position, (text) => note(text, false));
    // A destroyed map loses its listeners: scans come, but no events.
    if (unheardBefore === 0 || unheard <= unheardBefore) return;
    await listenAnew();
    unheard = 0;
  };
  let draining = Promise.resolve();
  const drain = () => {
    draining = draining.then(read).catch(() => undefined);
    return draining;
  };
  let turn = 0;
  const timer = setInterval(() => {
    turn += 1;
    if (0 < seqs.holes.size || 0 < unheard || turn % DRAIN_ANYWAY_TURNS === 0) void drain();
  }, DRAIN_INTERVAL_MS);
  return {
    hazelcast,
    seqs,
    lastSeenMs: () => lastSeenMs,
    lagMs: () => percentilesOf(lags),
    probe: async () => {
      await hazelcast.call("health", () => features.containsKey(LATEST_KEY));
    },
    settle: drain,
    async close() {
      clearInterval(timer);
      await hazelcast.shutdown();
    },
  };
}

async function connect(options: ScanWatchOptions, position: RingPosition) {
  const hazelcast = await connectHazelcast({
    ...options,
    name: "dolphin-up",
    // It may be another member: one that came back empty numbers its ringbuffer anew.
    onConnected: () => (position.next = 0),
  });
  // A listener that is registered without a connection never receives events.
  if (await hazelcast.waitConnected(CONNECT_WITHIN_MS)) return hazelcast;
  await hazelcast.shutdown();
  throw new Error(`no Hazelcast member answered at ${options.address}`);
}

/** Returns a function that registers the listener in place of the previous one. */
async function listenTo(
  features: IMap<string, unknown>,
  hear: (event: { readonly value: unknown }) => void,
): Promise<() => Promise<void>> {
  const listen = () => features.addEntryListener({ added: hear, updated: hear }, LATEST_KEY, true);
  let registered = await listen();
  return async () => {
    const before = registered;
    registered = await listen();
    await features.removeEntryListener(before);
  };
}

type RingPosition = {
  next: number;
  /** The value before `next` when it was read; null where there was none. */
  last: unknown;
};

/** Reads from the previous position to the newest. */
async function readRing(
  ring: Ringbuffer<unknown>,
  position: RingPosition,
  take: (text: unknown) => void,
): Promise<void> {
  const tail = (await ring.tailSequence()).toNumber();
  const head = (await ring.headSequence()).toNumber();
  if (!(await isSameRing(ring, position, { head, tail }))) position.next = 0;
  // Overwritten values are gone.
  position.next = Math.max(position.next, head);
  while (position.next <= tail) {
    const items = await ring.readMany(position.next, 1, RING_READ_MAX);
    for (const item of items) {
      take(item);
      position.last = item;
    }
    position.next += items.getReadCount();
  }
}

/** A ringbuffer that was destroyed and filled again is numbered anew, and may have reached the same position. */
async function isSameRing(
  ring: Ringbuffer<unknown>,
  { next, last }: RingPosition,
  { head, tail }: { readonly head: number; readonly tail: number },
): Promise<boolean> {
  if (tail < next - 1) return false;
  // The value to compare is overwritten, or there is nothing new.
  if (next <= head || tail < next || last === null) return true;
  return (await ring.readOne(next - 1)) === last;
}

function parseScanEvent(text: unknown): z.infer<typeof ScanEvent> | null {
  if (typeof text !== "string") return null;
  try {
    return ScanEvent.parse(JSON.parse(text));
  } catch {
    return null;
  }
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
