/** Runs stored code: restores it into a folder of its own with its original layout, and loads it from there. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf } from "../../domain/failure.ts";
import {
  REPLAY_CORE_FORM,
  replayCore,
  type ReplayCore,
} from "../../domain/trading/replay/replay-core.ts";
import type { StrategyOf } from "../../wire/trading/book-configuration.ts";
import { loadStrategy } from "../../adapters/strategy-file/load-strategy.ts";
import { loadStrategies } from "../books/configured-strategies.ts";
import { codeHash, partsOfCodeHash } from "../../adapters/code/code-hash.ts";
import { keptCore, keptStrategy, type KeptStrategy } from "../../adapters/code/kept-code.ts";

export type RunnableCode = {
  readonly core: ReplayCore;
  /** `named`: as in the configuration; a name that is not a file is built into the core. */
  readonly strategyOf: StrategyOf;
};

const ENTRY = "trading/replay/replay-core.ts";

/**
 * A sentence where it is not available. `named`: the strategy, as the recorded settings name it; if its file is
 * unchanged, the file itself is used.
 */
export async function runnableCode(
  dataDir: string,
  hash: string,
  named: string,
): Promise<RunnableCode | string> {
  const { core, file } = partsOfCodeHash(hash);
  const present = await loadStrategies([named]);
  const isCorePresent = core === codeHash(undefined);
  if (isCorePresent && isSame(present, named, file)) {
    return { core: replayCore, strategyOf: present };
  }
  const files = keptCore(dataDir, core);
  if (files === null) return notKept("code", core, "check out the version that ran");
  const strategy = file === undefined ? null : keptStrategy(dataDir, file);
  if (file !== undefined && strategy === null) {
    return notKept("strategy's file", file, "restore the former file");
  }
  const root = mkdtempSync(join(tmpdir(), "dolphin-code-"));
  try {
    return await loaded(root, { files, strategy });
  } catch (error) {
    return `the code that ran then, ${hash.slice(0, 12)}, can no longer be run: ${messageOf(error)}`;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function isSame(present: StrategyOf, named: string, file: string | undefined): boolean {
  try {
    return present(named).fileHash === file;
  } catch {
    return false;
  }
}

type Kept = { readonly files: ReadonlyMap<string, string>; readonly strategy: KeptStrategy | null };

async function loaded(root: string, { files, strategy }: Kept): Promise<RunnableCode> {
  // Keeps their relative position, so that the strategy's imports of the core resolve.
  const base = strategy === null ? "/core" : commonFolder(strategy.path, strategy.core);
  const placeOf = (path: string) => join(root, relative(base, path));
  const folder = strategy === null ? join(root, "domain") : placeOf(strategy.core);
  put(join(root, "package.json"), '{ "type": "module" }\n');
  for (const [name, text] of files) put(inside(folder, name), text);
  const module: unknown = await import(pathToFileURL(join(folder, ENTRY)).href);
  const core: unknown = Reflect.get(Object(module), "replayCore");
  if (!isCore(core)) throw new Error(`it has no ${ENTRY} of form ${REPLAY_CORE_FORM}`);
  if (strategy === null) return { core, strategyOf: core.builtInStrategy };
  const path = placeOf(strategy.path);
  for (const [name, text] of Object.entries(strategy.files)) put(inside(dirname(path), name), text);
  const { choice } = await loadStrategy(path, folder);
  return { core, strategyOf: () => choice };
}

/** The hash proves that we wrote them; a name that leads outside the folder is refused all the same. */
function inside(folder: string, name: string): string {
  const path = resolve(folder, name);
  if (!path.startsWith(`${folder}/`)) throw new Error(`${name} leads out of the core`);
  return path;
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, text, { mode: 0o600 });
}

function commonFolder(one: string, other: string): string {
  let folder = dirname(one);
  while (relative(folder, other).startsWith("..")) folder = dirname(folder);
  return folder;
}

function isCore(value: unknown): value is ReplayCore {
  return (
    typeof value === "object" && value !== null && Reflect.get(value, "form") === REPLAY_CORE_FORM
  );
}

function notKept(what: string, hash: string, remedy: string): string {
  return `the ${what} that ran then (${hash.slice(0, 12)}) is not stored: ${remedy}`;
}
