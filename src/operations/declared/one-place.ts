/**
 * The services of a book read each other's files, so all of them must run where those lie: a layer that keeps a book is
 * served from one data directory at a time. Workers tell theirs in their identity, by which others see it in Temporal.
 * Invariant: of two places that serve it, the one with the greater name yields.
 */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs } from "../../adapters/clock.ts";
import { type Layer, SERVICES } from "../../domain/supervision/services.ts";
import type { Poll } from "../../adapters/temporal/temporal-reads.ts";
import { POLLED_MS_MAX } from "./task-queues.ts";

export type PlaceWorld = {
  readonly layers: readonly Layer[];
  /** Of this worker. */
  readonly place: string;
  /** Whether the book follows to another host: else a worker elsewhere would begin a new one. */
  readonly doBooksMove: boolean;
  /** After this time another one that is still seen is there, and no poll that Temporal remembers. */
  readonly patienceMs: number;
  /** Who polls the layer's task queue; rejects while Temporal does not answer. */
  readonly pollsOn: (layer: Layer) => Promise<readonly Poll[]>;
  /** Of all looks of this worker. */
  readonly memory: PollMemory;
  readonly tell: (line: string) => void;
  readonly stop: AbortSignal;
};

const LOOK_EVERY_MS = 10_000;
const NAME_CHARACTERS = 12;
const HERE = /^[a-z]+\/([0-9a-f]+)@/;

/** Layers with services that keep a book, or what is told of it. */
const BOUND: ReadonlySet<Layer> = new Set(
  Object.values(SERVICES)
    .filter(({ group, book }) => group === "trading" || book !== null)
    .map(({ layer }) => layer),
);

/** The same from every container on one volume, and another one for a copy: what names a directory, not its path. */
export function placeOf(dataDir: string): string {
  const { ino, birthtimeMs } = statSync(dataDir);
  const named = createHash("sha256").update(`${ino} ${birthtimeMs}`).digest("hex");
  return named.slice(0, NAME_CHARACTERS);
}

/** `trader/3f9a04c1b2d7@host#123` */
export function workerIdentity(layer: Layer, place: string, process: string): string {
  return `${layer}/${place}${process}`;
}

/** Of these, those that serve from elsewhere; who tells no place is an older worker, or none of ours. */
function elsewhere(identities: readonly string[], place: string): readonly string[] {
  return identities.filter((identity) => (HERE.exec(identity)?.[1] ?? place) !== place);
}

/** Of two that began at once, both would yield if the order were not the same for both; null: this one stays. */
export function whoStays(others: readonly string[], place: string): string | null {
  return others.find((identity) => (HERE.exec(identity)?.[1] ?? place) < place) ?? null;
}

export type PollMemory = {
  /** Who of these still polls. */
  living(polls: readonly Poll[], nowMs: number): readonly string[];
};

/**
 * Tells who has ended by polls that are not renewed: this host's clock may differ from the server's, and one that is behind
 * would take a poll that is only remembered for a new one, and refuse a worker for good.
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

/** Null where this worker may serve; else why not, while books stay where they are. */
export async function whyNotHere(world: PlaceWorld): Promise<string | null> {
  const { stop, tell, doBooksMove, patienceMs } = world;
  const beganMs = monotonicMs();
  let isTold = false;
  while (!stop.aborted) {
    const [other] = await othersOn(world);
    if (other === undefined) return null;
    if (!doBooksMove && patienceMs <= monotonicMs() - beganMs) return refusal(other);
    if (!isTold) {
      tell(`${other} serves these books from another data directory: waits until it is gone`);
    }
    isTold = true;
    await pause(stop);
  }
  return null;
}

/** Resolves with why this worker has to end, which began when another one did; never where all is well. */
export async function yieldToOther(world: PlaceWorld): Promise<string> {
  for (;;) {
    await pause(world.stop);
    if (world.stop.aborted) return new Promise<never>(() => undefined);
    const first = whoStays(await othersOn(world), world.place);
    if (first !== null) return `${first} serves these books from another data directory, too`;
  }
}

/** Nobody, where Temporal is away: nothing is served then, and who serves goes on. */
async function othersOn({ layers, place, pollsOn, memory }: PlaceWorld) {
  const bound = layers.filter((layer) => BOUND.has(layer));
  const found = await Promise.all(bound.map((layer) => pollsOn(layer))).catch(() => []);
  return elsewhere(memory.living(found.flat(), monotonicMs()), place);
}

function refusal(other: string): string {
  return (
    `${other} serves these books from another data directory, where their journals lie; a worker here would begin ` +
    "new ones. Stop that one first, or give the books a Postgres that they move with (journal.postgres_secret_url), and " +
    "this worker will wait until that one is gone"
  );
}

function pause(stop: AbortSignal): Promise<void> {
  return delay(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined);
}
