/**
 * Disk use and growth of the data directory and the archive, measured in the background, one look at a time, so that
 * a share that hangs only affects this page.
 */
import { readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { monotonicMs } from "../../adapters/clock.ts";
import { isDayFolder } from "../../domain/scan/archive-names.ts";
import { isoFromMs, MS_PER_MINUTE, MS_PER_SECOND } from "../../domain/time.ts";
import type { DashboardWorld, Topic } from "../world.ts";

type Folder = { readonly name: string; readonly bytes: number; readonly files: number };
type Day = { readonly day: string; readonly files: number; readonly bytes: number };
type DiskUse = {
  readonly checked_at: string;
  readonly free_bytes: number;
  readonly total_bytes: number;
  readonly folders: readonly Folder[];
  readonly archive: { readonly path: string; readonly days: readonly Day[] };
};

/** Files of a folder whose size is read; the rest is estimated by their mean. */
const SIZES_MAX = 2_000;
/** A day has one file per scan: the mean of this many represents all. */
const SIZES_A_DAY = 50;
const DAYS_MAX = 14;
const DEPTH_MAX = 6;
const USE_FRESH_MS = 30 * MS_PER_SECOND;
const SAMPLE_EVERY_MS = 5 * MS_PER_MINUTE;
/** One day of samples. */
const SAMPLES_MAX = 288;

export const addDisk: Topic = (app, world) => {
  const disk = keepDiskUse(world);
  app.get("/api/disk", async (c) => c.json({ ...(await disk.diskUse()), samples: disk.samples() }));
};

function keepDiskUse({ dataDir, surroundings, nowMs, atEnd }: DashboardWorld) {
  const past = new Map<string, Day>();
  const samples: { readonly at: string; readonly bytes: number }[] = [];
  let looking: Promise<DiskUse> | null = null;
  let lookedMs = Number.NEGATIVE_INFINITY;
  let isLooking = false;

  const measureNow = async (): Promise<DiskUse> => {
    const { archive } = surroundings().config;
    const [room, folders] = await Promise.all([statfs(dataDir), foldersIn(dataDir, archive)]);
    const days = await daysIn(archive, past);
    const { bavail, blocks, bsize } = room;
    const checked_at = isoFromMs(nowMs());
    return {
      checked_at,
      free_bytes: bavail * bsize,
      total_bytes: blocks * bsize,
      folders,
      archive: { path: archive, days },
    };
  };
  const diskUse = (): Promise<DiskUse> => {
    if (looking !== null && (isLooking || monotonicMs() - lookedMs < USE_FRESH_MS)) return looking;
    isLooking = true;
    looking = measureNow().finally(() => {
      isLooking = false;
      lookedMs = monotonicMs();
    });
    return looking;
  };
  // By the clock, not by requests: this many are a day.
  const sample = async (): Promise<void> => {
    const { checked_at: at, folders, archive: of } = await diskUse();
    const bytes = [...folders, ...of.days].reduce((sum, one) => sum + one.bytes, 0);
    samples.push({ at, bytes });
    if (SAMPLES_MAX < samples.length) samples.shift();
  };
  const timer = setInterval(() => void sample().catch(() => undefined), SAMPLE_EVERY_MS);
  timer.unref();
  atEnd(() => clearInterval(timer));
  return { diskUse, samples: () => samples };
}

/** Folders of the data directory, without the archive, which is reported by day. */
async function foldersIn(dataDir: string, archive: string): Promise<readonly Folder[]> {
  const entries = await readdir(dataDir, { withFileTypes: true });
  const compacted = await sizeBelow(join(archive, ".compacted"), 0);
  const folders: Folder[] = [{ name: "compacted days", ...compacted }];
  for (const entry of entries) {
    const path = join(dataDir, entry.name);
    if (!entry.isDirectory() || path === archive) continue;
    const { bytes, files } = await sizeBelow(path, DEPTH_MAX);
    folders.push({ name: entry.name, bytes, files });
  }
  return folders.toSorted((a, b) => b.bytes - a.bytes);
}

async function sizeBelow(folder: string, depth: number): Promise<Omit<Folder, "name">> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  let sum = { bytes: await bytesOf(folder, names, SIZES_MAX), files: names.length };
  for (const entry of entries) {
    if (!entry.isDirectory() || depth === 0) continue;
    const below = await sizeBelow(join(folder, entry.name), depth - 1);
    sum = { bytes: sum.bytes + below.bytes, files: sum.files + below.files };
  }
  return sum;
}

/** Newest last. A past day only changes when it is compacted, which changes its number of files. */
async function daysIn(archive: string, past: Map<string, Day>): Promise<readonly Day[]> {
  const names = (await readdir(archive).catch(() => [])).filter(isDayFolder).toSorted();
  const days: Day[] = [];
  for (const day of names.slice(-DAYS_MAX)) {
    const files = await readdir(join(archive, day)).catch(() => []);
    const known = past.get(day);
    const isKnown = known?.files === files.length;
    const bytes = isKnown ? known.bytes : await bytesOf(join(archive, day), files, SIZES_A_DAY);
    past.set(day, { day, files: files.length, bytes });
    days.push({ day, files: files.length, bytes });
  }
  for (const day of past.keys()) if (!names.includes(day)) past.delete(day);
  return days;
}

/** Estimated by the mean of at most `asked` of them, evenly spaced. */
async function bytesOf(folder: string, names: readonly string[], asked: number): Promise<number> {
  const step = Math.max(1, Math.ceil(names.length / asked));
  const some = names.filter((_name, at) => at % step === 0);
  let sum = 0;
  // One after the other, because the archive belongs to the bridge.
  for (const name of some)
    sum += await stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    );
  return some.length === 0 ? 0 : Math.round((sum / some.length) * names.length);
}
