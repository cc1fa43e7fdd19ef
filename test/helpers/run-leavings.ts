/** What a run of `dolphin up` leaves in its data directory, and a backup of it. */
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { spawnSync } from "./run-program.ts";
import { DOLPHIN } from "./up.ts";

const OTHERS_OR_GROUP_WRITE = 0o027;

/** No file that a run left below `dir` is readable for others or writable for the group, and none contains `secret`. */
export function checkRunLeavings(dir: string, secret: string): void {
  const left = globSync("**", { cwd: dir });
  const stats = new Map(left.map((path) => [path, statSync(join(dir, path))]));
  expect(left.length).toBeGreaterThan(50);
  const open = left.filter((path) => (stats.get(path)!.mode & OTHERS_OR_GROUP_WRITE) !== 0);
  expect(open).toEqual([]);
  const files = left.filter((path) => stats.get(path)!.isFile());
  expect(files.filter((path) => readFileSync(join(dir, path)).includes(secret))).toEqual([]);
}

/** A backup while it runs, with the database of its Temporal server. */
export function checkBackup(dataDir: string, out: string): void {
  const args = ["--data-dir", dataDir, "backup", "--out", out];
  const run = spawnSync(DOLPHIN, args, { encoding: "utf8" });
  expect([run.status, run.stderr]).toEqual([0, ""]);
  expect(existsSync(join(out, "data", "temporal", "temporal.db"))).toBe(true);
}
