import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { followFile, lastLines } from "../../../src/adapters/files/log-files.ts";
import { createLogger } from "../../../src/adapters/logger.ts";
import { LogLine } from "../../../src/wire/log-line.ts";

let folder = "";
let file = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dolphin-logs-"));
  file = join(folder, "a.log");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `line ${from + index} ${"é".repeat(40)}`);
const write = (path: string, lines: readonly string[]) =>
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));

describe("lastLines", () => {
  test.each([0, 1, 10, 999, 1_000, 5_000, 10_000])("of 10,000 lines: %i", (count) => {
    write(file, numbered(0, 10_000));
    expect(lastLines(file, count)).toEqual(numbered(10_000 - count, 10_000));
  });

  test("goes on in the rotated files, newest first", () => {
    write(`${file}.2`, numbered(0, 10));
    write(`${file}.1`, numbered(10, 20));
    write(file, numbered(20, 25));
    expect(lastLines(file, 12)).toEqual(numbered(13, 25));
    expect(lastLines(file, 100)).toEqual(numbered(0, 25));
  });

  test("of a missing file: none; a last line without line feed counts", () => {
    expect(lastLines(file, 5)).toEqual([]);
    writeFileSync(file, "one\ntwo");
    expect(lastLines(file, 5)).toEqual(["one", "two"]);
  });
});

describe("followFile", () => {
  test("gives what is added after the end, whole lines only", () => {
    write(file, ["old"]);
    const follower = followFile(file, "end");
    expect(follower.poll()).toEqual([]);
    const bytes = Buffer.from("é new\n");
    appendFileSync(file, bytes.subarray(0, 1));
    expect(follower.poll()).toEqual([]);
    appendFileSync(file, bytes.subarray(1));
    expect(follower.poll()).toEqual(["é new"]);
    follower.close();
  });

  test("loses nothing through a rotation", () => {
    write(file, ["old"]);
    const follower = followFile(file, "end");
    appendFileSync(file, "before\n");
    renameSync(file, `${file}.1`);
    appendFileSync(`${file}.1`, "late\n");
    write(file, ["after"]);
    expect(follower.poll()).toEqual(["before", "late", "after"]);
    follower.close();
  });

  test("follows our own logger over many rotations", () => {
    const logger = createLogger({ file, name: "a", rotateMb: 0.01, rotateFiles: 3 });
    const follower = followFile(file, "end");
    const seen: string[] = [];
    for (let number = 0; number < 500; number += 1) {
      logger.info({ number }, "line");
      seen.push(...follower.poll());
    }
    expect(seen.map((line) => LogLine.parse(JSON.parse(line))["number"])).toEqual(
      Array.from({ length: 500 }, (_, number) => number),
    );
    follower.close();
  });

  test("starts again after a truncation and waits for a file that is not there yet", () => {
    const follower = followFile(file, "end");
    expect(follower.poll()).toEqual([]);
    write(file, ["first", "second"]);
    expect(follower.poll()).toEqual(["first", "second"]);
    truncateSync(file, 0);
    appendFileSync(file, "x\n");
    expect(follower.poll()).toEqual(["x"]);
    follower.close();
  });
});
