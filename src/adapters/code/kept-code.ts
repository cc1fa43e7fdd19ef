/**
 * Stores the code that decided, by its hash, below the data directory: the core's sources in one file, a user's own
 * strategy in another. A recorded day is folded with the code that ran it, whatever runs now. Invariant: what is read
 * back has the requested hash, or is treated as missing.
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
  /** The original paths of the strategy and of the core that it imports. */
  readonly path: string;
  readonly core: string;
  /** File texts by their names in the strategy's folder, the strategy itself first. */
  readonly files: Readonly<Record<string, string>>;
};

const Texts = z.record(z.string(), z.string());
const StrategyFiles = z.object({ path: z.string(), core: z.string(), files: Texts });

/** Enough for years of releases, and for a strategy that changes every day. */
const FILES_MAX = 512;
const BYTES_MAX = 64 * 1_048_576;
const UNPACKED_MAX = 16 * 1_048_576;
const NAME = /^(core|strategy)-[0-9a-f]{64}\.br$/;

/**
 * Called at a trader's start; beyond the limit the files that have not been used for longest are deleted. `files`:
 * the strategy's, itself first. False if they could not be stored, or one changed meanwhile: that does not prevent
 * trading.
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

/** Null where it is not stored, or does not match its hash. */
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
  // A start waits for the compression: half a megabyte takes 10 ms at this quality, seven times that at the best.
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
