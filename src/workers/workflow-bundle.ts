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
/** Makes the builder print what it builds. */
export const PRINT = "--print";

/** Returns the bundle of the present sources. Says when it has to be built, which takes a busy machine minutes. */
export function loadWorkflowBundle(tell: (line: string) => void): Promise<string> {
  return bundleFrom({ cache: CACHE, builder: BUILDER }, tell);
}

/** `builder` is a script that builds the bundle and prints it. */
export async function bundleFrom(
  { cache, builder }: { readonly cache: string; readonly builder: string },
  tell: (line: string) => void,
): Promise<string> {
  const kept = keptCode(join(cache, `workflows-${sourceHash()}.js`));
  if (kept !== null) return kept;
  tell("building the workflow bundle, which 'node scripts/setup.mjs' did not build for this code");
  return (await printedBy(builder)) ?? (await buildWorkflowBundle());
}

/**
 * In a child process, because the compiler takes 190 MB that a long-running process would never return. The code comes back
 * by its output, because a unit's child can keep it nowhere. Null: it failed.
 */
function printedBy(script: string): Promise<string | null> {
  const child = spawn(process.execPath, [...NODE_FLAGS, script, PRINT], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let code = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    code += text;
  });
  return new Promise((settle) => {
    child.once("close", (status) => settle(status === 0 && code !== "" ? code : null));
    child.once("error", () => settle(null));
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

function keptCode(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
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
