import { mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  listDays,
  findDays,
  markFolder,
  namesIn,
  remoteFileSystemOf,
} from "../../../src/adapters/archive/list-archive.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

let dir = "";
beforeEach(() => {
  dir = makeTemporaryDirectory("list");
});
afterEach(() => removeTemporaryDirectory(dir));

test("real days are listed in order; links, files and other folders are not", () => {
  for (const name of ["2026-03-26", "2026-03-25", "2026-02-30", "notes", "2028-02-29"]) {
    mkdirSync(join(dir, name));
  }
  writeFileSync(join(dir, "2026-03-27"), "");
  symlinkSync(join(dir, "notes"), join(dir, "2026-03-28"));
  expect(listDays(dir)).toEqual({
    kind: "listed",
    days: ["2026-03-25", "2026-03-26", "2028-02-29"],
    odd: ["2026-02-30"],
    linked: ["2026-03-28"],
  });
});

test("a root that is full of other files is listed in steps", () => {
  for (let file = 0; file < 1_000; file++) writeFileSync(join(dir, `${file}.arrow`), "");
  mkdirSync(join(dir, "2026-03-25"));
  expect([...findDays(dir)].length).toBe(5);
  expect(listDays(dir)).toMatchObject({ kind: "listed", days: ["2026-03-25"] });
});

test("only what does not exist is gone: any other error is the mount's", () => {
  writeFileSync(join(dir, "file"), "");
  const nothing = join(dir, "nothing");
  expect([listDays(nothing), markFolder(nothing), remoteFileSystemOf(nothing)]).toEqual([
    { kind: "missing" },
    null,
    null,
  ]);
  const loop = join(dir, "loop");
  symlinkSync(loop, loop);
  for (const [path, code] of [
    [join(dir, "file", "archive"), "ENOTDIR"],
    [join(loop, "archive"), "ELOOP"],
    [join(dir, "a".repeat(300)), "ENAMETOOLONG"],
  ] as const) {
    const listed = listDays(path);
    expect(listed.kind === "failed" ? listed.detail : listed.kind).toContain(code);
    expect(() => markFolder(path)).toThrow(code);
    expect(() => [...namesIn(path)]).toThrow(code);
    expect(remoteFileSystemOf(path)).toContain(code);
  }
  expect(listDays(join(dir, "file")).kind).toBe("failed");
});

test("every name of a large folder is reported, and none of a missing one", () => {
  const names = Array.from({ length: 5_000 }, (_, at) => `${at}.arrow`);
  for (const name of names) writeFileSync(join(dir, name), "");
  expect([...namesIn(dir)].toSorted()).toEqual(names.toSorted());
  expect([...namesIn(join(dir, "nothing"))]).toEqual([]);
  expect(() => [...namesIn(join(dir, "1.arrow"))]).toThrow("ENOTDIR");
});

test("a listing that is broken off leaves no descriptor behind", () => {
  writeFileSync(join(dir, "a"), "");
  for (let round = 0; round < 2_000; round++) {
    for (const name of namesIn(dir)) if (name === "a") break;
  }
  expect([...namesIn(dir)]).toEqual(["a"]);
});

test("the mark changes with the entries and when the folder is replaced", () => {
  const day = join(dir, "2026-03-25");
  expect(markFolder(day)).toBeNull();
  mkdirSync(day);
  const marks = [markFolder(day)];
  const mark = () => marks.push(markFolder(day));
  // Time stamps of the kernel may be four milliseconds apart: these are not.
  utimesSync(day, 1, 1);
  mark();
  writeFileSync(join(day, "a"), "");
  mark();
  mkdirSync(join(dir, "other"));
  renameSync(day, join(dir, "old"));
  renameSync(join(dir, "other"), day);
  mark();
  expect(new Set(marks).size).toBe(4);
  expect(markFolder(join(dir, "old", "a"))).toBeNull();
});

test("a local file system is not remote, and one that is missing neither", () => {
  expect(remoteFileSystemOf(dir)).toBeNull();
  expect(remoteFileSystemOf(join(dir, "nothing"))).toBeNull();
});
