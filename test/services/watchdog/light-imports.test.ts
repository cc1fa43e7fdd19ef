/** What the watchdog and its delivery load: no package but SQLite, and no schemas; zod alone takes 17 MB. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { expect, test } from "vitest";

const SERVICES = resolve(import.meta.dirname, "../../../src/services/watchdog");
/** Of values; types are gone when it runs. */
const IMPORT = /^\s*(?:import|export)\s+(?!type\b)[^;]*?from\s+"([^"]+)"|^\s*import\s+"([^"]+)"/gm;

/** All modules that loading a file loads, each with its importer. */
function loadedBy(entry: string): ReadonlyMap<string, string> {
  const loaded = new Map<string, string>();
  const waiting: (readonly [string, string])[] = [[entry, "the entry"]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [file, by] = next;
    if (loaded.has(file)) continue;
    loaded.set(file, by);
    if (!file.startsWith("/")) continue;
    for (const [, from, bare] of readFileSync(file, "utf8").matchAll(IMPORT)) {
      const name = from ?? bare ?? "";
      waiting.push([name.startsWith(".") ? resolve(dirname(file), name) : name, file]);
    }
  }
  return loaded;
}

test.each(["main.ts", "delivery-thread.ts"])("%s", (entry) => {
  const loaded = loadedBy(resolve(SERVICES, entry));
  expect(loaded.size).toBeGreaterThan(30);
  const packages = [...loaded].filter(
    ([name]) => !name.startsWith("/") && !name.startsWith("node:"),
  );
  const others = packages.filter(([name]) => name !== "better-sqlite3");
  expect(others).toEqual([]);
});
