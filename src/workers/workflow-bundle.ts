/**
 * The workflows as one file of JavaScript: built at setup, used as it is while its sources have
 * not changed, and built again where they have.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorkflowCode, DefaultLogger } from "@temporalio/worker";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CACHE = join(ROOT, ".cache");
const SOURCES = ["src/workflows", "src/domain"];
const NAME = /^workflows-[0-9a-f]+\.js$/;
const HASH_DIGITS = 16;

export type WorkflowBundle = { readonly code: string; readonly isFresh: boolean };

/** Returns the bundle of the sources as they are now; `isFresh` when it had to be built. */
export async function loadWorkflowBundle(): Promise<WorkflowBundle> {
  const name = `workflows-${sourceHash()}.js`;
  try {
    return { code: readFileSync(join(CACHE, name), "utf8"), isFresh: false };
  } catch {
    const workflowsPath = join(ROOT, "src/workflows/index.ts");
    const logger = new DefaultLogger("WARN");
    const { code } = await bundleWorkflowCode({ workflowsPath, logger });
    keep(name, code);
    return { code, isFresh: true };
  }
}

/** A checkout that may not be written to builds at every start instead. */
function keep(name: string, code: string): void {
  try {
    mkdirSync(CACHE, { recursive: true });
    const staging = join(CACHE, `${name}.${process.pid}.tmp`);
    writeFileSync(staging, code);
    renameSync(staging, join(CACHE, name));
    const others = readdirSync(CACHE).filter((other) => NAME.test(other) && other !== name);
    for (const other of others) rmSync(join(CACHE, other), { force: true });
  } catch {
    // Said by the worker: the bundle was built at its start.
  }
}

/** Of every file that may end up in the bundle, and of the packages' versions. */
function sourceHash(): string {
  const hash = createHash("sha256");
  for (const path of [join(ROOT, "package-lock.json"), ...SOURCES.flatMap(filesBelow)]) {
    hash.update(relative(ROOT, path)).update("\0").update(readFileSync(path)).update("\0");
  }
  return hash.digest("hex").slice(0, HASH_DIGITS);
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}
