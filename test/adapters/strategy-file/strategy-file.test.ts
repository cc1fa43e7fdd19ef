import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { importGuarded } from "../../../src/adapters/strategy-file/guard-imports.ts";
import { afterAll, expect, test } from "vitest";
import { codeVersionOf, loadStrategy } from "../../../src/adapters/strategy-file/load-strategy.ts";

const root = resolve(import.meta.dirname, "../../..");
const definition = join(root, "src/domain/trading/strategy.ts");
const dir = mkdtempSync(join(tmpdir(), "dolphin-strategy-file-"));
let files = 0;
writeFileSync(join(dir, "apart.ts"), "export const x = 1;");

afterAll(() => rmSync(dir, { recursive: true }));

/** A file whose first act is what `expression` says. */
function put(expression: string, imports = ""): string {
  files += 1;
  const file = join(dir, `mine-${files}`, "mine.ts");
  mkdirSync(dirname(file));
  writeFileSync(join(dirname(file), "x.json"), "[1]");
  writeFileSync(
    file,
    `import { defineStrategy } from ${JSON.stringify(definition)};
     ${imports}
     const all: any = defineStrategy;
     const seen = (): unknown => ${expression};
     const told = seen();
     export default defineStrategy({
       name: "mine", version: 1, inputs: ["scan"], carried: [], defaults: { told: String(told) },
       presets: {}, lookBackScans: () => 1, positionsMax: () => 1, remember: () => ({}),
       observe: () => {}, isWarm: () => true, decide: () => null, readings: () => ({}),
     });`,
  );
  return file;
}

test.each([
  ["reads node:fs", "readFileSync('x.csv')", "import { readFileSync } from 'node:fs';"],
  ["reads fs/promises", "await fs.readFile('x.csv')", "import * as fs from 'fs/promises';"],
  ["reads ./x.json", "x", "import x from './x.json' with { type: 'json' };"],
  ["reads zod", "zod", "import zod from 'zod';"],
  ["reads ../apart.ts, outside of its folder", "x", "import { x } from '../apart.ts';"],
  ["reads node:net", "net", "const net = await import('node:net');"],
  ["uses process", "process.env.HOME"],
  ["uses process", "process.getBuiltinModule('fs')"],
  ["uses globalThis.process", "globalThis.process"],
  ["uses globalThis.process", "Reflect.get(globalThis, 'pro' + 'cess')"],
  ["uses fetch", "fetch('http://127.0.0.1:9')"],
  ["uses Date.now", "Date.now()"],
  ["uses Date.now", "Reflect.get(new Date(5), 'constructor').now()"],
  ["uses new Date()", "new Date()"],
  ["uses performance", "performance.now()"],
  ["uses Intl", "new Intl.DateTimeFormat().format()"],
  ["uses Math.random", "Math.random()"],
  ["uses Math.random", "(({ random }) => random())(Math)"],
  ["uses crypto", "crypto.randomUUID()"],
  ["uses setTimeout", "setTimeout(() => {}, 1)"],
  ["uses queueMicrotask", "queueMicrotask(() => {})"],
  ["uses Buffer", "Buffer.from('x')"],
  ["uses WebAssembly", "WebAssembly.validate(new Uint8Array())"],
  ["uses eval", "eval('process')"],
  ["uses eval", "[...eval('process')]"],
  ["uses import.meta", "import.meta.url"],
  ["uses Function", "new Function('return process')()"],
  ["code cannot be generated from text", "Reflect.get(seen, 'constructor')('return process')()"],
  ["code cannot be generated from text", "all.constructor.constructor('return process')()"],
  ["code cannot be generated from text", "(async () => {}).constructor('return process')()"],
])("a strategy that %s is refused: %s", async (what, expression, imports = "") => {
  const file = put(expression.replace("await ", ""), imports);
  const failure: unknown = await loadStrategy(file).catch((error: unknown) => error);
  expect(String(failure)).toContain(what.startsWith("code") ? what : `strategy ${file} ${what}`);
  expect(String(failure)).toContain("a strategy sees only its arguments");
});

test.each([
  ["86400000", "new Date(86_400_000).getTime()"],
  ["1970-01-02T00:00:00.000Z", "new Date(Date.UTC(1970, 0, 2)).toISOString()"],
  ["true", "new Date(5) instanceof Date"],
  ["3", "Math.max(1, Math.hypot(...[3]))"],
  ["1,2", "[...new Set([1, 2, 2])]"],
  // A local name does not shadow another file's.
  ["7", "process.env + performance() + fetch"],
])("the language is there: %s", async (text, expression) => {
  const own = "const process = { env: 1 }; function performance() { return 2; } const fetch = 4;";
  const { choice } = await loadStrategy(put(expression, expression.includes("fetch") ? own : ""));
  expect(choice.start({}).parameters).toEqual({ told: text });
});

test("what is only named so makes no code, and is let through", async () => {
  const own = "// the eval window\nconst size = 1; // eval\n/* eval */";
  const { choice } = await loadStrategy(put("all.eval ?? 8", own));
  expect(choice.start({}).parameters).toEqual({ told: "8" });
});

test("no file comes in by an address with a mark, or when the hash is taken already", async () => {
  const marked = put("y", 'import { y } from "./near.ts#x";');
  writeFileSync(join(dirname(marked), "near.ts"), "export const y = Date.now();");
  await expect(loadStrategy(marked)).rejects.toThrow("near.ts uses Date.now");

  const file = put("1", 'export const later = () => import("./late.ts");');
  writeFileSync(join(dirname(file), "late.ts"), "export const y = 1;");
  const { module } = await importGuarded(file);
  await expect(Reflect.get(Object(module), "later")()).rejects.toThrow("when it is loaded already");
});

test("what fails is named by its line in the file", async () => {
  const file = put("null!.x", "const at = Date;");
  await expect(loadStrategy(file)).rejects.toMatchObject({
    cause: { stack: expect.stringMatching(/mine\.ts\?strategy=\d+:4:/) },
  });
});

test("the hash is of all files that a strategy is made of, and of one alone as it ever was", async () => {
  const alone = put("1");
  const { choice: one } = await loadStrategy(alone);
  expect(one.fileHash).toBe(createHash("sha256").update(readFileSync(alone)).digest("hex"));

  const file = put("level()", 'import { level } from "./deep/level.ts";');
  const near = join(dirname(file), "deep/level.ts");
  mkdirSync(dirname(near));
  const before = await loadAnew(file, near, "export const level = () => 1;");
  const after = await loadAnew(file, near, "export const level = () => 2;");
  expect([before.told, after.told]).toEqual(["1", "2"]);
  expect(after.fileHash).not.toBe(before.fileHash);
  expect(after.codeVersion).not.toBe(before.codeVersion);
  // Files beside it are held to the same rules.
  await expect(loadAnew(file, near, "export const level = () => Date.now();")).rejects.toThrow(
    `strategy ${near} uses Date.now`,
  );
});

async function loadAnew(file: string, near: string, text: string) {
  writeFileSync(near, text);
  const strategy = await loadStrategy(file);
  const { fileHash } = strategy.choice;
  const { told } = strategy.choice.start({}).parameters;
  return { told, fileHash, codeVersion: codeVersionOf(strategy) };
}
