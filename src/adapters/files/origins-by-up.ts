/** Reads `<data-dir>/run/origins.json`, which a running `up` writes beside the configuration of its children. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ORIGINS_FILE, originsByUp } from "../../wire/declared/origins-file.ts";

/** Configuration key -> origin; empty where there is no readable file. */
export function readOriginsByUp(dataDir: string): Readonly<Record<string, string>> {
  try {
    return originsByUp(readFileSync(join(dataDir, "run", ORIGINS_FILE), "utf8"));
  } catch {
    return {};
  }
}
