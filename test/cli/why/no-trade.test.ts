/** The verb as a user types it, on a book's real files. */
import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LIVELY_BOOK } from "../../helpers/lively.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { recordBook } from "../../helpers/trading/recorded-book.ts";

const BIN = fileURLToPath(new URL("../../../bin/dolphin", import.meta.url));
const START_MS = Date.parse("2026-03-25T06:00:00Z");
let dir = "";

beforeAll(() => {
  dir = makeTemporaryDirectory("why-no-trade");
  recordBook(dir, { startMs: START_MS, scans: 40, scanEveryMs: 5_000, snapshotEvery: 0 });
  const settings = { data_dir: dir, trader: LIVELY_BOOK };
  writeFileSync(join(dir, "dolphin.yaml"), JSON.stringify(settings));
});
afterAll(() => removeTemporaryDirectory(dir));

function dolphin(...args: readonly string[]) {
  return new Promise<{ code: number; out: string }>((resolve) => {
    const all = ["--config", join(dir, "dolphin.yaml"), "why", "no-trade", ...args];
    const child = execFile(BIN, all, { cwd: dir }, (_error, out) => {
      resolve({ code: child.exitCode ?? -1, out });
    });
  });
}

test("a time is typed, and the decision of then is reported with its rule and the trader's own record", async () => {
  const { code, out } = await dolphin("--at", "2026-03-25T06:00:10", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    book: "BLUE",
    decided: { kind: "scan", seq: 2, outcome: "warming", obstacle: "window levels" },
    recorded: "same",
  });
});
