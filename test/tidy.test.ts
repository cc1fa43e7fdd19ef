import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import {
  banViolations,
  importsOf,
  importViolations,
  layoutViolations,
  type SourceFile,
} from "./helpers/house-rules.ts";

const root = resolve(import.meta.dirname, "..");
const TEXT = "**/*.{ts,mjs,js,sh,md,json,yaml,yml,xml,css,html,py,toml}";
const paths = [
  ...globSync(`{src,test,bench,scripts,docs,deploy,examples,.github}/${TEXT}`, { cwd: root }),
  ...globSync("*.{ts,md,json,yaml,yml}", { cwd: root }),
  "bin/dolphin",
].filter((path) => path !== "package-lock.json" && !path.startsWith("test/replay/histories/"));
const files: readonly SourceFile[] = paths.map((path) => ({
  path,
  text: readFileSync(resolve(root, path), "utf8"),
}));

describe("the house", () => {
  test("is found", () => {
    expect(paths).toContain("src/domain/time.ts");
  });
  test("keeps its import directions", () => {
    expect(importViolations(files)).toEqual([]);
  });
  test("holds nothing that is banned", () => {
    // This file plants what it looks for.
    expect(banViolations(files.filter((file) => file.path !== "test/tidy.test.ts"))).toEqual([]);
  });
  test("keeps names, sizes and folders", () => {
    expect(layoutViolations(files)).toEqual([]);
  });
});

describe("the rules see", () => {
  test.each([
    ["src/domain/a.ts", `import { x } from "../adapters/clock.ts";`, 1],
    ["src/domain/a.ts", `import { readFile } from "node:fs";`, 1],
    ["src/domain/a.ts", `import { x } from "./assert.ts";`, 0],
    ["src/wire/a.ts", `export { x } from "../adapters/clock.ts";`, 1],
    ["src/workflows/a.ts", `import { scan } from "../activities/scan.ts";`, 1],
    ["src/workflows/a.ts", `import type { scan } from "../activities/scan.ts";`, 0],
    ["src/workflows/a.ts", `import {\n  type A,\n  type B,\n} from "../activities/scan.ts";`, 0],
    ["src/workflows/a.ts", `import { type A, b } from "../activities/scan.ts";`, 1],
    ["src/workflows/a.ts", `import { z } from "zod";`, 1],
    ["src/services/x/loop.ts", `import { openHazelcast } from "../../adapters/hazelcast/a.ts";`, 1],
    ["src/services/x/main.ts", `import { openHazelcast } from "../../adapters/hazelcast/a.ts";`, 0],
    ["src/services/x/main.ts", `import { run } from "../y/loop.ts";`, 1],
    ["src/adapters/a.ts", `const b = await import("../cli/main.ts");`, 1],
    ["src/dashboard/a.ts", `import "../cli/main.ts";`, 1],
    ["src/dashboard/a.ts", `/**\n * import { x } from "../cli/main.ts";\n */`, 0],
  ])("%s with %j: %i wrong imports", (path, text, count) => {
    expect(importViolations([{ path, text }])).toHaveLength(count);
  });

  test("every import of a file", () => {
    const text = `import a from "./a.ts";\nexport * from "./b.ts";\nimport "./c.ts";\nimport type { D } from "./d.ts";\n`;
    expect(importsOf(text)).toEqual([
      { from: "./a.ts", typesOnly: false },
      { from: "./b.ts", typesOnly: false },
      { from: "./c.ts", typesOnly: false },
      { from: "./d.ts", typesOnly: true },
    ]);
  });

  test.each([
    ["src/domain/a.ts", `// FIXME later`, 1],
    ["test/a.test.ts", `test.only("x", () => {});`, 1],
    ["src/adapters/a.ts", `const b = c as any;`, 1],
    ["src/adapters/a.ts", `console.log(1);`, 1],
    ["src/cli/a.ts", `console.log(1);`, 0],
    ["docs/a.md", `see /work/main/src`, 1],
    ["src/cli/a.ts", `const home = "/root/.dolphin";`, 1],
    ["src/cli/a.ts", `// TODO: think`, 1],
    ["src/cli/a.ts", `// TODO(#12): think`, 0],
  ])("%s with %j: %i banned things", (path, text, count) => {
    expect(banViolations([{ path, text }])).toHaveLength(count);
  });

  test.each([
    ["src/domain/badName.ts", "", 1],
    ["src/domain/utils.ts", "", 1],
    ["src/adapters/connection-manager.ts", "", 1],
    ["src/wire/types.ts", "", 1],
    ["test/helpers/servers.ts", "", 0],
    ["src/domain/long.ts", "x\n".repeat(401), 1],
    ["src/domain/fine.ts", "x\n".repeat(400), 0],
  ])("%s: %i faults of layout", (path, text, count) => {
    expect(layoutViolations([{ path, text }])).toHaveLength(count);
  });

  test("a crowded folder", () => {
    const crowd = Array.from({ length: 13 }, (_, i) => ({ path: `src/domain/f${i}.ts`, text: "" }));
    expect(layoutViolations(crowd)).toHaveLength(1);
    expect(layoutViolations(crowd.slice(1))).toEqual([]);
  });
});
