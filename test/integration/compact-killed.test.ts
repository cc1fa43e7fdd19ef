import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from "node:fs";
import { createHash } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { compactedFolder } from "../../src/adapters/archive/days/compacted-days.ts";
import { newArchive, rowsOf } from "../helpers/bulk-archive.ts";
import { putFile, scanBytes, scanName } from "../helpers/scan-files.ts";

const CLI = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const DAY = "2026-03-25";
const START_S = Date.parse(`${DAY}T08:00:00Z`) / 1_000;
const FIRST_SCANS = 1_500;
const KILLS = 8;

/** Names of whole compacted files; each must hold what its name promises. */
function wholeFiles(archive: string): readonly string[] {
  const folder = compactedFolder(archive);
  const names = readdirSync(folder).filter((name) => name.endsWith(".arrow"));
  for (const name of names) {
    const hash = createHash("sha256")
      .update(readFileSync(join(folder, name)))
      .digest("hex");
    expect(name).toBe(`${DAY}.${hash}.arrow`);
  }
  return names;
}

test("killed at any moment, a run leaves the file before or the new one, and all scan files", async () => {
  const archive = newArchive();
  const dataDir = mkdtempSync(join(tmpdir(), "dolphin-compact-"));
  const start = (): ReturnType<typeof spawn> =>
    spawn(
      process.execPath,
      [...NODE_FLAGS, CLI, "--data-dir", dataDir, "archive", "compact", DAY, "--archive", archive],
      { stdio: "ignore" },
    );
  const put = (at: number): void =>
    putFile(archive, `${DAY}/${scanName(at)}`, scanBytes(at), { mtimeS: START_S + at });
  try {
    for (let at = 1; at <= FIRST_SCANS; at += 1) put(at);
    utimesSync(join(archive, DAY), START_S, START_S);
    const startedMs = performance.now();
    const [firstStatus] = await once(start(), "exit");
    const wholeMs = performance.now() - startedMs;
    expect(firstStatus).toBe(0);
    expect(wholeFiles(archive)).toHaveLength(1);
    let scans = FIRST_SCANS;
    for (let kill = 0; kill < KILLS; kill += 1) {
      scans += 1;
      put(scans);
      utimesSync(join(archive, DAY), START_S + scans, START_S + scans);
      const child = start();
      const exited = once(child, "exit");
      // Spread over the whole run, with its end more often: there the names change.
      await delay(wholeMs * (1 - (1 - kill / KILLS) ** 2) * 1.05);
      child.kill("SIGKILL");
      await exited;
      const names = wholeFiles(archive);
      expect(names.length === 1 || names.length === 2).toBe(true);
      const rows = await rowsOf(archive);
      expect(rows.map((row) => row.scanNumber)).toEqual(
        Array.from({ length: scans }, (_, at) => at + 1),
      );
    }
    expect(readdirSync(join(archive, DAY))).toHaveLength(scans);
    const [lastStatus] = await once(start(), "exit");
    expect(lastStatus).toBe(0);
    expect(wholeFiles(archive)).toHaveLength(1);
  } finally {
    rmSync(archive, { recursive: true });
    rmSync(dataDir, { recursive: true });
  }
});
