/**
 * A file that cannot be examined is reported, and never treated as absent. The test uses a link to itself, because root
 * may read anything else.
 */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadStrategy } from "../../src/adapters/strategy-file/load-strategy.ts";
import { openSeqLookup } from "../../src/adapters/scan-journal/seq-lookup.ts";
import { openJournalReader } from "../../src/cli/archive/archive-audit.ts";
import { readUpFile } from "../../src/cli/context.ts";
import { loadConfig } from "../../src/config.ts";
import { spawnSync } from "../helpers/run-program.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN } from "../helpers/up.ts";

const JOURNAL = "journal/scan-bridge.db";
let dir = "";
beforeEach(() => {
  dir = makeTemporaryDirectory("cannot-examine");
});
afterEach(() => removeTemporaryDirectory(dir));

const config = () => loadConfig({ env: { DOLPHIN_DATA_DIR: dir }, cwd: dir }).config;

test.each<[string, () => unknown]>([
  ["up.json", () => readUpFile(dir)],
  [JOURNAL, () => openJournalReader(config())],
  [JOURNAL, () => openSeqLookup(dir)],
  ["dolphin.yaml", () => config()],
  ["own.ts", () => loadStrategy(join(dir, "own.ts"))],
])("%s", async (name, examine) => {
  mkdirSync(dirname(join(dir, name)), { recursive: true });
  symlinkSync(join(dir, name), join(dir, name));
  await expect(async () => examine()).rejects.toThrow("ELOOP");
});

test.each([[["config"]], [["install", "systemd", "--out", "units"]]])(
  "%s needs no look at what runs, and says that there was none",
  (words) => {
    symlinkSync(join(dir, "up.json"), join(dir, "up.json"));
    const run = spawnSync(DOLPHIN, ["--data-dir", dir, ...words], { encoding: "utf8", cwd: dir });
    expect([run.status, run.stderr]).toEqual([0, expect.stringContaining("is ignored")]);
  },
);

test("where nothing is, that is said; a journal that was removed is no bridge that never ran", () => {
  expect(readUpFile(dir)).toBeNull();
  expect(openSeqLookup(dir).seqs("2026-03-25").size).toBe(0);
  expect(() => openJournalReader(config())).toThrow("has not run on this data directory yet");
  mkdirSync(join(dir, "control"));
  writeFileSync(join(dir, "control/scan-bridge.sock"), "");
  expect(() => openJournalReader(config())).toThrow("so the file was removed");
});
