import { globSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, test } from "vitest";
import { importsOf } from "../helpers/house-rules.ts";

const SRC = resolve(import.meta.dirname, "../../src");

/** What is loaded as soon as the entry is: imports of a function's own come when it is called. */
function packagesOf(entry: string): ReadonlySet<string> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const waiting = [join(SRC, entry)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const text = readFileSync(path, "utf8").replaceAll("import(", "");
    for (const { from, typesOnly } of importsOf(text)) {
      if (typesOnly) continue;
      if (from.startsWith(".")) waiting.push(join(dirname(path), from));
      else packages.add(from);
    }
  }
  return packages;
}

/** Each is 4 to 30 MB in a process that stays, for something that it does seldom or never. */
const NOT_LOADED = [
  [
    "cli/up/session.ts",
    [
      "@grpc/grpc-js",
      "@temporalio/client",
      "apache-arrow",
      "hazelcast-client",
      "hono",
      "pg",
      "protobufjs",
      "yaml",
    ],
  ],
  ["dashboard/run-dashboard.ts", ["apache-arrow", "pg", "yaml"]],
  ["cli/simulate.ts", ["apache-arrow", "hazelcast-client", "yaml", "zod"]],
  ["workers/run-workers.ts", ["apache-arrow", "hazelcast-client", "pg", "yaml"]],
  ["services/scan-bridge/bridge-process.ts", ["apache-arrow", "hazelcast-client", "yaml"]],
  ["services/scan-bridge/pump-thread.ts", ["apache-arrow", "@temporalio/client", "yaml"]],
  ["services/trader/main.ts", ["apache-arrow", "@temporalio/client", "pg", "yaml"]],
  ["services/trader-green/main.ts", ["apache-arrow", "@temporalio/client", "pg", "yaml"]],
  ["services/bookkeeper/bookkeeper-process.ts", ["apache-arrow", "hazelcast-client", "pg", "yaml"]],
  [
    "services/health/health-process.ts",
    [
      "@grpc/grpc-js",
      "@temporalio/client",
      "apache-arrow",
      "hazelcast-client",
      "pg",
      "protobufjs",
      "yaml",
    ],
  ],
] as const;

test.each(NOT_LOADED)("%s does not load what it seldom needs", (entry, packages) => {
  const loaded = packagesOf(entry);
  expect(loaded).toContain("node:path");
  expect(packages.filter((name) => loaded.has(name))).toEqual([]);
});

test("nothing imports `node:http`, which loads all that Node has of the web", () => {
  const importers = globSync("**/*.ts", { cwd: SRC }).filter((path) => {
    const imports = importsOf(readFileSync(join(SRC, path), "utf8"));
    return imports.some(({ from, typesOnly }) => from === "node:http" && !typesOnly);
  });
  expect(importers).toEqual([]);
});
