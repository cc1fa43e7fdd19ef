import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findToolchain } from "../../src/embedded/toolchain.ts";
import {
  createGeneralReader,
  readScanFast,
  type FastRead,
} from "../../src/wire/arrow/read-scan.ts";
import { checkReading, readExpected, type Expected } from "../helpers/arrow-scans.ts";
import { execFileSync } from "../helpers/run-program.ts";

const SCRIPT = fileURLToPath(new URL("write_variants.py", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "dolphin-arrow-"));
let variants: readonly (readonly [string, Expected])[] = [];

beforeAll(() => {
  const { python } = findToolchain();
  if (python === undefined) throw new Error("there is no Python with pyarrow; run 'npm test'");
  execFileSync(python, [SCRIPT, folder]);
  variants = readExpected(join(folder, "expected.json"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** One sentence per wrong reading, so that a failure names the file. */
function faultOf(name: string, read: FastRead, expected: Expected): string[] {
  try {
    checkReading(read, expected);
    return [];
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : "unlike what was written"}`];
  }
}

test("every file that pyarrow can write under the contract is read, and every other refused", async () => {
  const general = createGeneralReader({ timeoutMs: 10_000, heapMb: 64 });
  const faults: string[] = [];
  let fastCount = 0;
  for (const [name, expected] of variants) {
    const bytes = readFileSync(join(folder, `${name}.arrow`));
    const fast = readScanFast(bytes);
    if (fast.kind !== "needs_general") {
      fastCount += 1;
      faults.push(...faultOf(`${name}, fast`, fast, expected));
    }
    faults.push(...faultOf(name, await general.read(bytes), expected));
  }
  await general.close();
  expect(faults).toEqual([]);
  expect(variants.length).toBeGreaterThan(1_100);
  expect(fastCount).toBeGreaterThan(200);
});
