import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

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
