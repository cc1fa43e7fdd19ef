/**
 * The code that decided, kept by its hash below the data directory: the core's sources in one file, a
 * user's own strategy in another. A recorded day is folded with what ran it, whatever runs now.
 *
 * Invariant: what is read back has the hash that it is asked for by, or is not there.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { z } from "zod";
import { hashOfFiles } from "../strategy-file/load-strategy.ts";
import { writeWhole } from "../event-log/segments/segment-files.ts";
import { CORE, coreFiles, coreHash, type CoreFiles, partsOfCodeHash } from "./code-hash.ts";

export type KeptStrategy = {
  /** Where it stood, and where the core stood then: it imports the one from the other. */
  readonly path: string;
  readonly core: string;
  /** The texts of its files by their names in its folder, its own first. */
  readonly files: Readonly<Record<string, string>>;
};

const Texts = z.record(z.string(), z.string());
const StrategyFiles = z.object({ path: z.string(), core: z.string(), files: Texts });

/** Years of releases, and of a strategy that is changed each day. */
const FILES_MAX = 512;
const BYTES_MAX = 64 * 1_048_576;
const UNPACKED_MAX = 16 * 1_048_576;
const NAME = /^(core|strategy)-[0-9a-f]{64}\.br$/;

/**
 * At a trader's start; the oldest that were not started for longest go. `files`: the strategy's, its own
 * first. False where the disk did not take it, or one was changed meanwhile: no reason not to trade.
 */
export function keepCode(dataDir: string, hash: string, files: readonly string[]): boolean {
  const folder = codeFolder(dataDir);
  const { core, file } = partsOfCodeHash(hash);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    keep(folder, `core-${core}.br`, () => Object.fromEntries(coreFiles()));
    const strategy = file === undefined ? null : strategyIn(files);
    const isWhole = strategy === null || hashOfKept(strategy) === file;
    if (strategy !== null && isWhole) keep(folder, `strategy-${file}.br`, () => strategy);
    prune(folder);
    return isWhole;
  } catch {
    return false;
  }
}

/** Null where it is not kept, or not what it was. */
export function keptCore(dataDir: string, hash: string): CoreFiles | null {
  const found = Texts.safeParse(unpacked(dataDir, `core-${hash}.br`));
  if (!found.success) return null;
  const files = new Map(Object.entries(found.data));
  return coreHash(files) === hash ? files : null;
}

/** Null as above. */
export function keptStrategy(dataDir: string, hash: string): KeptStrategy | null {
  const found = StrategyFiles.safeParse(unpacked(dataDir, `strategy-${hash}.br`));
  return found.success && hashOfKept(found.data) === hash ? found.data : null;
}

function strategyIn(files: readonly string[]): KeptStrategy {
  const [path = ""] = files;
  const texts = files.map((file) => [relative(dirname(path), file), readFileSync(file, "utf8")]);
  return { path, core: CORE, files: Object.fromEntries(texts) };
}

function keep(folder: string, name: string, content: () => object): void {
  const path = join(folder, name);
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) {
    const now = new Date();
    utimesSync(path, now, now);
    return;
  }
  // A start waits for it: half a megabyte takes 10 ms so, and seven times that at the best.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
  writeWhole(path, [brotliCompressSync(JSON.stringify(content()), { params })]);
}

function unpacked(dataDir: string, name: string): unknown {
  if (!NAME.test(name)) return null;
  try {
    const bytes = readFileSync(join(codeFolder(dataDir), name));
    const options = { maxOutputLength: UNPACKED_MAX };
    return JSON.parse(brotliDecompressSync(bytes, options).toString("utf8"));
  } catch {
    return null;
  }
}

function prune(folder: string): void {
  let bytes = 0;
  const found = readdirSync(folder)
    .filter((name) => NAME.test(name))
    .map((name) => ({ path: join(folder, name), ...factsOf(join(folder, name)) }))
    .toSorted((one, other) => other.mtimeMs - one.mtimeMs);
  for (const [at, { path, size }] of found.entries()) {
    bytes += size;
    if (FILES_MAX <= at || BYTES_MAX < bytes) rmSync(path, { force: true });
  }
}

function factsOf(path: string): { readonly size: number; readonly mtimeMs: number } {
  const { size, mtimeMs } = statSync(path);
  return { size, mtimeMs };
}

function hashOfKept({ path, files }: KeptStrategy): string {
  const folder = dirname(path);
  const hashes = Object.entries(files).map(([name, text]) => {
    return [join(folder, name), createHash("sha256").update(text).digest("hex")] as const;
  });
  return hashOfFiles(folder, new Map(hashes));
}

function codeFolder(dataDir: string): string {
  return join(dataDir, "code");
}
