import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rotateRawLog } from "../../../src/embedded/state/rotate-raw-log.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

let file = "";
beforeEach(() => {
  file = join(makeTemporaryDirectory("rotate"), "server.log");
});
afterEach(() => {
  removeTemporaryDirectory(join(file, ".."));
});

test("keeps so many files of about so many bytes, the newest first", () => {
  for (const round of ["one", "two", "three", "four"]) {
    appendFileSync(file, round.padEnd(11, "."));
    rotateRawLog(file, { bytesMax: 10, filesMax: 3 });
  }
  appendFileSync(file, "five");
  rotateRawLog(file, { bytesMax: 10, filesMax: 3 });
  expect(readFileSync(file, "utf8")).toBe("five");
  expect(readFileSync(`${file}.1`, "utf8")).toBe("four.......");
  expect(readFileSync(`${file}.2`, "utf8")).toBe("three......");
  expect(existsSync(`${file}.3`)).toBe(false);
});

test("a file that is not there is no failure", () => {
  rotateRawLog(file, { bytesMax: 10, filesMax: 3 });
  expect(existsSync(file)).toBe(false);
});
