/** Stored code, by its hash: it runs again unchanged, and a modified copy counts as missing. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadStrategy } from "../../../src/adapters/strategy-file/load-strategy.ts";
import { codeHash } from "../../../src/adapters/code/code-hash.ts";
import { keepCode, keptCore } from "../../../src/adapters/code/kept-code.ts";
import { runnableCode } from "../../../src/operations/replay/run-kept-code.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const BREAKOUT = resolve(import.meta.dirname, "../../../examples/strategies/breakout.ts");
const SRC = resolve(import.meta.dirname, "../../../src");

let root = "";
beforeAll(() => {
  root = makeTemporaryDirectory("kept-code");
});
afterAll(() => removeTemporaryDirectory(root));

const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

test("a strategy's file runs again as it was, with what it imports of the core of then", async () => {
  const dir = join(root, "strategy");
  const path = join(dir, "strategies/mine.ts");
  mkdirSync(dirname(path), { recursive: true });
  // Relative, as one in the checkout writes it.
  const domain = relative(dirname(path), join(SRC, "domain"));
  const text = readFileSync(BREAKOUT, "utf8").replaceAll("../../src/domain", domain);
  writeFileSync(path, text);
  const hash = codeHash(hashOf(text));
  expect(keepCode(dir, hash, [path])).toBe(true);
  writeFileSync(path, text.replace('name: "breakout"', 'name: "another"'));
  expect(keepCode(dir, hash, [path])).toBe(false);
  const code = await runnableCode(dir, hash, path);
  if (typeof code === "string") throw new Error(code);
  const choice = code.strategyOf(path);
  expect([choice.name, choice.fileHash]).toEqual(["breakout", hashOf(text)]);
  expect(choice.start({}).parameters).toMatchObject({ rangeScans: expect.any(Number) });

  const gone = await runnableCode(dir, codeHash(hashOf("gone")), path);
  expect(gone).toMatch(/^the strategy's file that ran then \([0-9a-f]{12}\) is not stored/);
});

test("a strategy of several files runs again with all of them as they were", async () => {
  const dir = join(root, "files");
  const path = join(dir, "strategies/mine.ts");
  mkdirSync(join(dir, "strategies/parts"), { recursive: true });
  const domain = relative(dirname(path), join(SRC, "domain"));
  const text = readFileSync(BREAKOUT, "utf8")
    .replaceAll("../../src/domain", domain)
    .replace('name: "breakout"', "name: NAME");
  writeFileSync(
    path,
    `import { NAME } from "./parts/name.ts";\n${text.replace(domain, join(SRC, "domain"))}`,
  );
  const part = join(dir, "strategies/parts/name.ts");
  writeFileSync(part, 'export const NAME = "first";\n');
  const { choice } = await loadStrategy(path);
  expect(choice.files).toEqual([path, part]);
  const hash = codeHash(choice.fileHash);
  expect(keepCode(dir, hash, choice.files ?? [])).toBe(true);
  writeFileSync(part, 'export const NAME = "second";\n');
  expect(keepCode(dir, hash, choice.files ?? [])).toBe(false);
  const code = await runnableCode(dir, hash, path);
  if (typeof code === "string") throw new Error(code);
  expect(code.strategyOf(path)).toMatchObject({ name: "first", fileHash: choice.fileHash });
});

test("the oldest go, and what is not what was kept is not there", () => {
  const dir = join(root, "bounded");
  const folder = join(dir, "code");
  const core = codeHash(undefined);
  expect(keepCode(dir, core, [])).toBe(true);
  const kept = join(folder, `core-${core}.br`);
  const bytes = readFileSync(kept);
  // With 512 of them kept, less than 160 MB.
  expect(bytes.length).toBeLessThan(300_000);
  expect(keptCore(dir, core)?.size).toBeGreaterThan(50);
  for (let at = 0; at < 520; at += 1) {
    const path = join(folder, `core-${String(at).padStart(64, "0")}.br`);
    writeFileSync(path, "x");
    utimesSync(path, at, at);
  }
  expect(keepCode(dir, core, [])).toBe(true);
  expect(readdirSync(folder)).toHaveLength(512);
  expect(existsSync(kept)).toBe(true);
  expect(existsSync(join(folder, `core-${"0".padStart(64, "0")}.br`))).toBe(false);

  const other = join(folder, `core-${"1".repeat(64)}.br`);
  writeFileSync(other, bytes);
  expect(keptCore(dir, "1".repeat(64))).toBeNull();
  writeFileSync(kept, bytes.subarray(0, bytes.length / 2));
  expect(keptCore(dir, core)).toBeNull();
});
