/** The folder that `dolphin install` writes into is somebody's, and may hold an earlier installation. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { folderOf, leftOver, writeFiles } from "../../../src/cli/install/write-files.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const OURS = "# Written by us\n";
const unit = (file: string) => ({ file, text: `${OURS}[Unit]\n` });

function place(): string {
  const dir = makeTemporaryDirectory("write-files");
  onTestFinished(() => removeTemporaryDirectory(dir));
  return dir;
}

test("a folder that was there keeps its mode, a new one can be read by systemd", () => {
  const out = join(place(), "private");
  mkdirSync(out, { mode: 0o700 });
  writeFiles(out, [unit("dolphin-a.service"), unit("dolphin-a.service.d/10-layer.conf")]);
  const modes = ["", "dolphin-a.service", "dolphin-a.service.d"].map(
    (name) => statSync(join(out, name)).mode & 0o777,
  );
  expect(modes).toEqual([0o700, 0o644, 0o755]);
});

test("a file in the place of the folder is said, with what to do", () => {
  const file = join(place(), "file");
  writeFileSync(file, "kept");
  expect(() => writeFiles(file, [unit("a")])).toThrow("which is a file; name a folder");
  expect(() => writeFiles(join(file, "below"), [unit("a")])).toThrow("run it again");
  expect(readFileSync(file, "utf8")).toBe("kept");
});

test("an empty name, such as that of an unset variable, is not the current folder", () => {
  expect(() => folderOf("")).toThrow("--out was empty; name a folder");
  expect(folderOf(".")).toBe(process.cwd());
});

test("left over are units of an earlier installation, never another's", () => {
  const out = place();
  const before = ["dolphin-a.service", "dolphin-b.service", "dolphin-w@b.service.d/10-layer.conf"];
  writeFiles(out, before.map(unit));
  writeFileSync(join(out, "dolphin-theirs.service"), "[Unit]\n");
  expect(leftOver(out, [unit("dolphin-a.service")])).toEqual([
    "dolphin-b.service",
    "dolphin-w@b.service.d",
  ]);
  expect(leftOver(join(out, "missing"), [unit("dolphin-a.service")])).toEqual([]);
});
