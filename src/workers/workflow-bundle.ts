/** The workflows as one JavaScript file: built at setup, reused while its sources are unchanged, else rebuilt. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorkflowCode, DefaultLogger } from "@temporalio/worker";
import { NODE_FLAGS } from "../adapters/process/node-flags.ts";
import { lineMappings } from "./line-mappings.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const CACHE = join(ROOT, ".cache");
const BUILDER = join(ROOT, "scripts/bundle-workflows.ts");
const SOURCES = ["src/workflows", "src/domain"];
const NAME = /^workflows-[0-9a-f]+\.js$/;
const HASH_DIGITS = 16;

export type WorkflowBundle = { readonly code: string; readonly isFresh: boolean };

/** Returns the bundle of the present sources; `isFresh` when it had to be built. */
export async function loadWorkflowBundle(): Promise<WorkflowBundle> {
  const name = `workflows-${sourceHash()}.js`;
  const kept = keptCode(name);
  if (kept !== null) return { code: kept, isFresh: false };
  await buildInChild();
  return { code: keptCode(name) ?? (await buildWorkflowBundle()), isFresh: true };
}

/** In a child process, because the compiler takes 190 MB that a long-running process would never return. */
function buildInChild(): Promise<void> {
  const child = spawn(process.execPath, [...NODE_FLAGS, BUILDER], { stdio: "ignore" });
  return new Promise((settle) => {
    child.once("exit", () => settle());
    child.once("error", () => settle());
  });
}

/** Builds it here, and stores it for the next process. */
export async function buildWorkflowBundle(): Promise<string> {
  const workflowsPath = join(ROOT, "src/workflows/index.ts");
  const logger = new DefaultLogger("WARN");
  const hash = sourceHash();
  const { code } = await bundleWorkflowCode({ workflowsPath, logger });
  const slim = withSlimMap(code);
  // If sources changed during the build it may be inconsistent, and is not stored.
  if (sourceHash() === hash) keep(`workflows-${hash}.js`, slim);
  return slim;
}

const SOURCE_MAP = "\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,";

/** Its source map only has files and lines for stack traces; the text of the files is available anyway. */
function withSlimMap(code: string): string {
  const at = code.lastIndexOf(SOURCE_MAP);
  if (at === -1) return code;
  const map: { readonly mappings: string } = JSON.parse(
    Buffer.from(code.slice(at + SOURCE_MAP.length), "base64").toString("utf8"),
  );
  const mappings = lineMappings(map.mappings);
  const slim = JSON.stringify({ ...map, mappings, names: [], sourcesContent: undefined });
  return `${code.slice(0, at)}${SOURCE_MAP}${Buffer.from(slim).toString("base64")}`;
}

function keptCode(name: string): string | null {
  try {
    return readFileSync(join(CACHE, name), "utf8");
  } catch {
    return null;
  }
}

/** A read-only checkout builds at every start instead. */
function keep(name: string, code: string): void {
  try {
    mkdirSync(CACHE, { recursive: true });
    const staging = join(CACHE, `${name}.${process.pid}.tmp`);
    writeFileSync(staging, code);
    renameSync(staging, join(CACHE, name));
    const others = readdirSync(CACHE).filter((other) => NAME.test(other) && other !== name);
    for (const other of others) rmSync(join(CACHE, other), { force: true });
  } catch {
    // The worker logs that the bundle was built at its start.
  }
}

/** A hash over every file that may be in the bundle, the bundler's own code, and the packages' versions. */
function sourceHash(): string {
  const hash = createHash("sha256");
  const here = ["./workflow-bundle.ts", "./line-mappings.ts"];
  const own = here.map((name) => fileURLToPath(new URL(name, import.meta.url)));
  own.push(join(ROOT, "package-lock.json"));
  for (const path of [...own, ...SOURCES.flatMap(filesBelow)]) {
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
