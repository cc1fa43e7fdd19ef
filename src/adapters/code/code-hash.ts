/** A hash of all code that decides: other code may decide differently on the same events. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the core. */
export const CORE = fileURLToPath(new URL("../../domain", import.meta.url));

/** File texts by their names in the folder. */
export type CoreFiles = ReadonlyMap<string, string>;

/**
 * `fileHash`: of the user's own strategy; appended after a '+', so that a reader can tell which of the two differs.
 */
export function codeHash(fileHash: string | undefined): string {
  const core = coreHash(coreFiles());
  return fileHash === undefined ? core : `${core}+${fileHash}`;
}

export function partsOfCodeHash(hash: string): {
  readonly core: string;
  readonly file: string | undefined;
} {
  const [core = "", file] = hash.split("+");
  return { core, file };
}

export function coreFiles(): CoreFiles {
  const names = readdirSync(CORE, { recursive: true, encoding: "utf8" });
  const sources = names.filter((name) => name.endsWith(".ts")).toSorted();
  return new Map(sources.map((name) => [name, readFileSync(join(CORE, name), "utf8")]));
}

export function coreHash(files: CoreFiles): string {
  const hash = createHash("sha256");
  for (const [name, text] of files) hash.update(name).update(text);
  return hash.digest("hex");
}
