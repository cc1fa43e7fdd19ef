/**
 * The services of a book read each other's files, so all of them must run on one data directory: a layer that keeps a
 * book is served from one data directory at a time. Workers put theirs into their identity, which others see in
 * Temporal. Invariant: of two data directories that serve it, the one with the greater name yields.
 */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs } from "../../adapters/clock.ts";
import { type Layer, SERVICES } from "../../domain/supervision/services.ts";
import type { Poll } from "../../adapters/temporal/temporal-reads.ts";
import { POLLED_MS_MAX } from "../../adapters/temporal/task-queues.ts";

export type PlaceWorld = {
  readonly layers: readonly Layer[];
  /** The data directory of this worker. */
  readonly place: string;
  /** Whether the book can move to another host: else a worker on another data directory would begin a new one. */
  readonly doBooksMove: boolean;
  /** After this time another worker that is still listed is running, and not a poll that Temporal remembers. */
  readonly patienceMs: number;
  /** The pollers of the layer's task queue; rejects while Temporal does not answer. */
  readonly pollsOn: (layer: Layer) => Promise<readonly Poll[]>;
  /** For all checks of this worker. */
  readonly memory: PollMemory;
  readonly tell: (line: string) => void;
  readonly stop: AbortSignal;
};

const POLL_EVERY_MS = 10_000;
const NAME_CHARACTERS = 12;
const HERE = /^[a-z]+\/([0-9a-f]+)@/;

/** Layers with services that keep a book, or data received from one. */
const BOUND: ReadonlySet<Layer> = new Set(
  Object.values(SERVICES)
    .filter(({ group, book }) => group === "trading" || book !== null)
    .map(({ layer }) => layer),
);

/** Identifies the directory itself, not its path: equal in every container on one volume, different for a copy. */
export function directoryIdentity(dataDir: string): string {
  const { ino, birthtimeMs } = statSync(dataDir);
  const named = createHash("sha256").update(`${ino} ${birthtimeMs}`).digest("hex");
  return named.slice(0, NAME_CHARACTERS);
}

/** `trader/3f9a04c1b2d7@host#123` */
export function workerIdentity(layer: Layer, place: string, process: string): string {
  return `${layer}/${place}${process}`;
}

/**
 * Those that serve the layer from another directory; an identity without a directory belongs to an older worker, or is
 * not ours.
 */
function elsewhere(identities: readonly string[], place: string): readonly string[] {
  return identities.filter((identity) => (HERE.exec(identity)?.[1] ?? place) !== place);
}

/** If two started at once, both would yield unless both use the same order; null: this one stays. */
export function whoStays(others: readonly string[], place: string): string | null {
  return others.find((identity) => (HERE.exec(identity)?.[1] ?? place) < place) ?? null;
}

export type PollMemory = {
  /** Those that still poll. */
  living(polls: readonly Poll[], nowMs: number): readonly string[];
};

/**
 * Recognises workers that ended by polls that are not renewed. Comparing times would be wrong: this host's clock may
 * differ from the server's, and a clock that is behind would take a remembered poll for a new one, and refuse a worker
 * for good.
 */
export function rememberPolls(): PollMemory {
  const seen = new Map<string, { readonly atMs: number; readonly sinceMs: number }>();
  return {
    living: (polls, nowMs) =>
      polls.flatMap(({ identity, atMs }) => {
        const before = seen.get(identity);
        const now = before?.atMs === atMs ? before : { atMs, sinceMs: nowMs };
        seen.set(identity, now);
        return nowMs - now.sinceMs <= POLLED_MS_MAX ? [identity] : [];
      }),
  };
}

/** Null: this worker may serve; else why not, while books cannot move. */
export async function whyNotHere(world: PlaceWorld): Promise<string | null> {
  const { stop, tell, doBooksMove, patienceMs } = world;
  const beganMs = monotonicMs();
  let isReported = false;
  while (!stop.aborted) {
    const [other] = await othersOn(world);
    if (other === undefined) return null;
    if (!doBooksMove && patienceMs <= monotonicMs() - beganMs) return refusal(other);
    if (!isReported) {
      tell(
        `${other} serves these books from another data directory: this worker waits until it is gone`,
      );
    }
    isReported = true;
    await pause(stop);
  }
  return null;
}

/**
 * Resolves with the reason why this worker has to end, if it started at the same time as another; never resolves
 * otherwise.
 */
export async function yieldToOther(world: PlaceWorld): Promise<string> {
  for (;;) {
    await pause(world.stop);
    if (world.stop.aborted) return new Promise<never>(() => undefined);
    const first = whoStays(await othersOn(world), world.place);
    if (first !== null) return `${first} serves these books from another data directory, too`;
  }
}

/** Empty while Temporal is away: no work is served then, and running workers continue. */
async function othersOn({ layers, place, pollsOn, memory }: PlaceWorld) {
  const bound = layers.filter((layer) => BOUND.has(layer));
  const found = await Promise.all(bound.map((layer) => pollsOn(layer))).catch(() => []);
  return elsewhere(memory.living(found.flat(), monotonicMs()), place);
}

function refusal(other: string): string {
  return (
    `${other} serves these books from another data directory, which has their journals; a worker here would begin ` +
    "new ones. Stop that one first, or give the books a Postgres that they move with (journal.postgres_secret_url), and " +
    "this worker will wait until that one is gone"
  );
}

function pause(stop: AbortSignal): Promise<void> {
  return delay(POLL_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
}
