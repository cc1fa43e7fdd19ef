/** Strategies by name or by file, and the version of the code that a run follows from. */
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { messageOf } from "../../domain/failure.ts";
import { builtInStrategy } from "../../domain/trading/strategies/built-in.ts";
import { velocityDivergence } from "../../domain/trading/strategies/velocity-divergence.ts";
import type { StrategyChoice } from "../../domain/trading/strategy.ts";
import { isStrategyFile } from "../../wire/configuration.ts";

export type LoadedStrategy = {
  readonly choice: StrategyChoice;
  /** Name of a built-in one, or the absolute path of its file: what another thread loads it by. */
  readonly source: string;
};

const SOURCES = fileURLToPath(new URL("../../", import.meta.url));
const VERSION_DIGITS = 16;

export const DEFAULT_STRATEGY = velocityDivergence.name;

/**
 * Runs what the file has now, also when an earlier state of it was loaded before.
 * @throws {Error} that says what to write instead.
 */
export async function loadStrategy(named: string): Promise<LoadedStrategy> {
  const path = resolve(named);
  if (!isStrategyFile(named) || !existsSync(path)) {
    return { choice: builtInStrategy(named), source: named };
  }
  const { module, fileHash } = await runFile(path);
  const found = Object.values(Object(module)).find(isChoice);
  if (found === undefined) {
    throw new Error(`${path} exports no strategy: write 'export default defineStrategy({...})'`);
  }
  return { choice: { ...found, fileHash }, source: path };
}

async function runFile(path: string) {
  try {
    const fileHash = createHash("sha256").update(readFileSync(path)).digest("hex");
    const module: unknown = await import(`${pathToFileURL(path).href}?${fileHash}`);
    return { module, fileHash };
  } catch (error) {
    throw new Error(`the strategy's file ${path} could not be run: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Of the core's sources and the strategy's file: the same on every machine that has the same code. */
export function codeVersionOf({ source }: LoadedStrategy): string {
  const hash = createHash("sha256");
  for (const file of globSync("domain/**/*.ts", { cwd: SOURCES }).toSorted()) {
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(SOURCES, file)))
      .update("\0");
  }
  if (existsSync(source)) hash.update(readFileSync(source));
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
