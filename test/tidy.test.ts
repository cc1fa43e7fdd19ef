import { globSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { LAYERS, SERVICE_NAMES } from "../src/domain/supervision/services.ts";
import { BOOKS } from "../src/domain/trading/books.ts";
import {
  banViolations,
  folderCircles,
  importCircles,
  importsOf,
  importViolations,
  layoutViolations,
  missingNames,
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

const DECLARATIONS = [
  "src/domain/supervision/services.ts",
  "src/domain/supervision/ties.ts",
  "src/domain/trading/books.ts",
  "src/wire/scan-journal/scan-journal-file.ts",
  // Its words are those of the contract; one of them is a book's name, too.
  "src/domain/health/health-word.ts",
];
// Layers and roles are called so, too.
const UNMISTAKABLE = SERVICE_NAMES.filter((name) => !LAYERS.some((layer) => layer === name));
const NAMES = [...BOOKS, ...UNMISTAKABLE].join("|");
/** As a value or a file's name; in a command of a message, which help texts and the page's own files may write out. */
const DECLARED = new RegExp(`"(?:${NAMES})(?:\\.[a-z]+)?"|'dolphin [a-z ]+(?:${NAMES})\\b`, "g");
const WRITTEN_OUT = /^src\/(?:cli|dashboard\/public)\//;

describe("the house", () => {
  test("is found", () => {
    expect(paths).toContain("src/domain/time.ts");
  });
  test("keeps its import directions", () => {
    expect(importViolations(files)).toEqual([]);
  });
  test("has no circle of imports, not even of types", () => {
    expect(importCircles(files)).toEqual([]);
  });
  test("has no folders on a floor that import each other, not even types", () => {
    expect(folderCircles(files)).toEqual([]);
  });
  test("holds nothing that is banned", () => {
    // This file plants what it looks for.
    expect(banViolations(files.filter((file) => file.path !== "test/tidy.test.ts"))).toEqual([]);
  });
  test("opens the scan journal to write in the bridge only", () => {
    const opened = files
      .filter(
        ({ path }) => path.startsWith("src/") && !path.startsWith("src/services/scan-bridge/"),
      )
      .flatMap(({ text }) => [...text.matchAll(/new ScanJournal\([^)]*\)/g)].map(String));
    expect(opened).not.toEqual([]);
    expect(opened.filter((call) => !call.includes("{ readonly: true }"))).toEqual([]);
  });
  test("names no book and no service in code that is about all of them", () => {
    const named = files
      .filter(({ path }) => path.startsWith("src/") && !DECLARATIONS.includes(path))
      .flatMap(({ path, text }) => {
        // A service may say its own name.
        const own = /^src\/services\/([^/]+)\//.exec(path)?.[1];
        return [...text.matchAll(DECLARED)]
          .filter(([found]) => found !== `"${own}"`)
          .filter(([found]) => !(found.startsWith("'dolphin ") && WRITTEN_OUT.test(path)))
          .map(([found]) => `${path}: ${found}`);
      });
    expect(named).toEqual([]);
  });
  test("names no source file in a document that does not exist", () => {
    expect(missingNames(files)).toEqual([]);
  });
  test("keeps names, sizes and folders", () => {
    expect(layoutViolations(files)).toEqual([]);
  });
});

function importing(from: string, to: string): SourceFile {
  return { path: from, text: `import type { X } from "${relative(dirname(from), to)}";` };
}

function domainFile(name: string, text: string): SourceFile {
  return { path: `src/domain/${name}.ts`, text };
}

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
    ["src/adapters/a.ts", `import type { Config } from "../config.ts";`, 1],
    ["src/dashboard/a.ts", `import "../cli/main.ts";`, 1],
    ["src/dashboard/a.ts", `/**\n * import { x } from "../cli/main.ts";\n */`, 0],
  ])("%s with %j: %i wrong imports", (path, text, count) => {
    expect(importViolations([{ path, text }])).toHaveLength(count);
  });

  test("a circle, of values and of types", () => {
    const [a, b] = [
      domainFile("a", `import { b } from "./b.ts";`),
      domainFile("b", `export type { C } from "./c.ts";`),
    ];
    const c = domainFile("c", `import type { A } from "./a.ts";`);
    expect(importCircles([a, b, c])).toEqual([
      "src/domain/a.ts -> src/domain/b.ts -> src/domain/c.ts -> src/domain/a.ts",
    ]);
    expect(importCircles([a, b])).toEqual([]);
  });

  test.each([
    ["src/domain/b/d.ts", "src/domain/a/c.ts", ["src/domain/a -> src/domain/b -> src/domain/a"]],
    [
      "src/domain/b/deep/d.ts",
      "src/domain/a/c.ts",
      ["src/domain/a -> src/domain/b -> src/domain/a"],
    ],
    ["src/domain/b/d.ts", "src/domain/c.ts", []],
    ["src/domain/a/d.ts", "src/domain/a/c.ts", []],
    ["src/wire/b/d.ts", "src/domain/a/c.ts", []],
  ])("the circle of folders where %s imports a type of %s", (from, to, circles) => {
    const there = importing("src/domain/a/e.ts", from);
    expect(folderCircles([there, importing(from, to), { path: to, text: "" }])).toEqual(circles);
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
    ["test/a.test.ts", `expect(performance.now() - startedMs).toBeLessThan(2_000);`, 1],
    ["test/a.test.ts", `expect(Date.now() - startedMs).toBeGreaterThan(2_000);`, 0],
    ["test/a.test.ts", `process.kill(pid ?? 0, "SIGKILL");`, 1],
    ["test/a.test.ts", `process.kill(-(await guard()), "SIGSTOP");`, 1],
    ["test/a.test.ts", `const text = "process.kill(process.pid, 9)";`, 0],
    ["test/a.test.ts", `import { spawn, spawnSync } from "node:child_process";`, 1],
    ["test/a.test.ts", `import { spawn } from "node:child_process";`, 0],
    ["test/a.test.ts", `server.listen(8_080);`, 1],
    ["test/a.test.ts", `server.listen(0, "127.0.0.1");`, 0],
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

  test("a document that names a file that is gone", () => {
    const text = "`here.ts`, `domain/here.ts`, `gone.ts`, `mine.ts`, `see src/domain/gone.ts`";
    const found = missingNames([domainFile("here", ""), { path: "docs/a.md", text }]);
    expect(found.map((one) => one.split(" ")[2])).toEqual(["gone.ts,", "src/domain/gone.ts,"]);
  });

  test("a crowded folder", () => {
    const crowd = Array.from({ length: 13 }, (_, i) => ({ path: `src/domain/f${i}.ts`, text: "" }));
    expect(layoutViolations(crowd)).toHaveLength(1);
    expect(layoutViolations(crowd.slice(1))).toEqual([]);
  });
});
