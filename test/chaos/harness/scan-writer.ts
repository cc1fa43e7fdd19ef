/**
 * An upstream engine at its worst, from a seed: half of its files grow slowly under their final name; others are
 * renamed or copied afterwards, have times other than the present, or arrive late.
 */
import { copyFileSync, mkdirSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { seededRandom, type Random } from "../../../src/domain/simulator/random.ts";
import { MS_PER_DAY } from "../../../src/domain/time.ts";
import { createScanEncoder } from "../../../src/wire/arrow-writer.ts";
import { hashOf } from "../../../src/wire/scan-hash.ts";

export type ScanWriter = {
  /** SHA-256 in hex of every content that was written -> its number, counting from 1. */
  readonly written: ReadonlyMap<string, number>;
  /** How many files were written in each manner, and renamed or copied afterwards. */
  readonly manners: Readonly<Record<string, number>>;
  /** Resolves when the plan is carried out and nothing is under way. */
  readonly done: Promise<void>;
  /** Continues with scans that are complete at once, until it is stopped. */
  trickle(everyMs: number): { stop(): Promise<void> };
};

export type WriterPlan = {
  readonly archive: string;
  readonly seed: number;
  readonly scans: number;
  readonly perSecond: number;
  /** How far the writer's clock is ahead of ours. */
  readonly aheadMs: number;
};

type Manner = "slow" | "rename" | "in place" | "older" | "ahead" | "late" | "days ahead";

/** Where the price of a content says which one it is. */
export const CONTENT_ASSET = "BTCUSDT";
const ASSETS = [CONTENT_ASSET, "ETHUSDT", "SOLUSDT", "XRPUSDT", "ADAUSDT"];
const BURST_EVERY = 60;
const BURST_SCANS = 20;
/** As if the upstream engine had been started again. */
const NUMBERS_RESTART_AT = 0.55;
const SLOW_MS_MAX = 1_200;
/** Longer than a file may stand still before it is called truncated. */
const STUCK_MS = 3_000;
const AFTERWARDS_MS_MAX = 3_000;

export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function startScanWriter(plan: WriterPlan): ScanWriter {
  const writer = new Writer(plan);
  return {
    written: writer.written,
    manners: writer.manners,
    done: writer.run(),
    trickle: (everyMs) => writer.trickle(everyMs),
  };
}

class Writer {
  readonly written = new Map<string, number>();
  readonly manners: Record<string, number> = {};
  readonly #plan: WriterPlan;
  readonly #random: Random;
  readonly #encode = createScanEncoder(ASSETS);
  #content = 0;

  constructor(plan: WriterPlan) {
    this.#plan = plan;
    this.#random = seededRandom(plan.seed);
  }

  async run(): Promise<void> {
    const underWay: Promise<void>[] = [];
    const { scans, perSecond } = this.#plan;
    // A burst is caught up by the pauses after it.
    const pauseMs = (1_000 / perSecond) * (1 + BURST_SCANS / (BURST_EVERY - BURST_SCANS));
    for (let n = 1; n <= scans; n += 1) {
      underWay.push(this.#writeOne(this.#mannerOf(this.#random.uniform())));
      if (BURST_SCANS <= n % BURST_EVERY) await delay(pauseMs);
    }
    await Promise.all(underWay);
  }

  trickle(everyMs: number): { stop(): Promise<void> } {
    const over = new AbortController();
    const go = async (): Promise<void> => {
      const underWay: Promise<void>[] = [];
      while (!over.signal.aborted) {
        underWay.push(this.#writeOne("rename"));
        await delay(everyMs, undefined, { signal: over.signal }).catch(() => undefined);
      }
      await Promise.all(underWay);
    };
    const gone = go();
    return {
      stop: async () => {
        over.abort();
        await gone;
      },
    };
  }

  #mannerOf(u: number): Manner {
    // Else the kernel's clock is the one that stamps, which is ours.
    if (0 < this.#plan.aheadMs && u < 0.84) return "rename";
    if (u < 0.5) return "slow";
    if (u < 0.75) return "rename";
    if (u < 0.84) return "in place";
    if (u < 0.91) return "older";
    if (u < 0.93) return "ahead";
    return u < 0.99 ? "late" : "days ahead";
  }

  async #writeOne(manner: Manner): Promise<void> {
    const content = ++this.#content;
    const u = this.#random.uniform;
    // Everything random is drawn before the first wait, so that the seed alone decides.
    const draws = { slow: u(), shift: u(), rename: u() < 0.06, copy: u() < 0.08, afterwards: u() };
    const nowMs = Date.now();
    const bytes = this.#bytesOf(content, manner, nowMs);
    this.written.set(hashOf(bytes).toString("hex"), content);
    this.#count(manner);
    const folder = join(this.#plan.archive, dayOf(nowMs + daysOff(manner, draws.shift)));
    mkdirSync(folder, { recursive: true });
    const name = `scan_${String(content).padStart(6, "0")}.arrow`;
    const path = join(folder, name);
    if (manner === "slow") await writeSlowly(path, bytes, slowMs(draws.slow));
    else if (manner === "in place") writeFileSync(path, bytes);
    else renameInto(path, bytes, nowMs + this.#plan.aheadMs + shiftMs(manner, draws.shift));
    if (!draws.rename && !draws.copy) return;
    await delay(draws.afterwards * AFTERWARDS_MS_MAX);
    if (draws.copy) copyFileSync(path, join(folder, `copy_${name}`));
    if (draws.rename) renameSync(path, join(folder, `moved_${name}`));
    if (draws.copy) this.#count("copied");
    if (draws.rename) this.#count("moved");
  }

  #bytesOf(content: number, manner: Manner, nowMs: number): Uint8Array {
    const restart = Math.floor(this.#plan.scans * NUMBERS_RESTART_AT);
    const number = content <= restart ? content : content - restart;
    return this.#encode({
      scanNumber: manner === "late" ? Math.ceil(number / 2) : number,
      timestampMicros: nowMs * 1_000,
      prices: Float64Array.from(ASSETS, (_, i) => content + i / 10),
      eigenvalues: Float64Array.of(3, 1, 0.5, 0.4, 0.1),
    });
  }

  #count(what: string): void {
    this.manners[what] = (this.manners[what] ?? 0) + 1;
  }
}

/** One in twenty-five stands still for so long that it is quarantined, and taken when it goes on. */
function slowMs(u: number): number {
  return u < 0.04 ? STUCK_MS : 20 + u * SLOW_MS_MAX;
}

/** Into a folder of another day: late scans of yesterday, and a stray one of the day after tomorrow. */
function daysOff(manner: Manner, u: number): number {
  if (manner === "days ahead") return 2 * MS_PER_DAY;
  return manner === "late" && u < 0.5 ? -MS_PER_DAY : 0;
}

function shiftMs(manner: Manner, u: number): number {
  if (manner === "older") return -u * 20_000;
  if (manner === "ahead") return 600_000;
  return manner === "late" ? -60_000 - u * 600_000 : 0;
}

async function writeSlowly(path: string, bytes: Uint8Array, pauseMs: number): Promise<void> {
  const half = bytes.length >> 1;
  const file = await open(path, "wx");
  try {
    await file.writeFile(bytes.subarray(0, half));
    await delay(pauseMs);
    await file.writeFile(bytes.subarray(half));
  } finally {
    await file.close();
  }
}

function renameInto(path: string, bytes: Uint8Array, mtimeMs: number): void {
  const hidden = `${path}.tmp`;
  writeFileSync(hidden, bytes);
  utimesSync(hidden, mtimeMs / 1_000, mtimeMs / 1_000);
  renameSync(hidden, path);
}
