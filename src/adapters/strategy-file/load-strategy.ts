/** Loads strategies by name or by file, and computes the version of the code that a run depends on. */
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../domain/failure.ts";
import { builtInStrategy } from "../../domain/trading/strategies/built-in.ts";
import type { StrategyChoice } from "../../domain/trading/strategy.ts";
import { isStrategyFile } from "../../wire/configuration.ts";
import { importGuarded, type GuardedModule } from "./guard-imports.ts";

export type LoadedStrategy = {
  readonly choice: StrategyChoice;
  /** The name of a built-in one, or the absolute path of its file: another thread loads it by this. */
  readonly source: string;
};

const SOURCES = fileURLToPath(new URL("../../", import.meta.url));
const VERSION_DIGITS = 16;

/**
 * Runs what the file has now, also when an earlier state of it was loaded before, and with nothing
 * around it but the language and the core's own modules.
 * `core`: the folder of the core that its files import, where that is not the one that runs.
 * @throws {Error} that says what to write instead.
 */
export async function loadStrategy(named: string, core?: string): Promise<LoadedStrategy> {
  const path = resolve(named);
  // A path that cannot be examined is not a built-in one: that throws.
  if (!isStrategyFile(named) || statSync(path, { throwIfNoEntry: false }) === undefined) {
    return { choice: builtInStrategy(named), source: named };
  }
  const { module, files } = await runFile(path, core);
  const found = Object.values(Object(module)).find(isChoice);
  if (found === undefined) {
    throw new Error(`${path} exports no strategy: write 'export default defineStrategy({...})'`);
  }
  const start: StrategyChoice["start"] = (overrides) => found.start(overrides, path);
  const fileHash = hashOfFiles(dirname(realpathSync(path)), files);
  return { choice: { ...found, fileHash, files: [...files.keys()], start }, source: path };
}

async function runFile(path: string, core: string | undefined): Promise<GuardedModule> {
  try {
    return await importGuarded(path, core);
  } catch (error) {
    throw new Error(`the strategy's file ${path} could not be run: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** For a single file the hash of its bytes; else one over all files, by their paths in its folder. */
export function hashOfFiles(folder: string, files: GuardedModule["files"]): string {
  const [own, ...others] = files.values();
  if (others.length === 0) return own ?? "";
  const lines = [...files].map(([file, hash]) => `${relative(folder, file)}\0${hash}\n`);
  return createHash("sha256").update(lines.toSorted().join("")).digest("hex");
}

/** A hash over the core's sources and the strategy's files: the same on every machine with the same code. */
export function codeVersionOf({ source, choice }: LoadedStrategy): string {
  const hash = createHash("sha256");
  for (const file of globSync("domain/**/*.ts", { cwd: SOURCES }).toSorted()) {
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(SOURCES, file)))
      .update("\0");
  }
  if (existsSync(source)) hash.update(readFileSync(source));
  for (const file of choice.files?.slice(1).toSorted() ?? []) hash.update(readFileSync(file));
  return hash.digest("hex").slice(0, VERSION_DIGITS);
}

function isChoice(value: unknown): value is StrategyChoice {
  return (
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    "start" in value &&
    typeof value.start === "function"
  );
}
