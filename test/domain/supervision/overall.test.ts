import { expect, test } from "vitest";
import { exitOf, overall } from "../../../src/domain/supervision/overall.ts";
import { WORDS, type Word } from "../../../src/domain/supervision/verdict.ts";

test.each([
  [[], true, "Healthy", 0],
  [["Healthy", "Healthy"], true, "Healthy", 0],
  [["Healthy", "Warning"], true, "Warning", 1],
  [["Stale (upstream)", "Warning"], true, "Stale (upstream)", 1],
  [["Stopped", "Healthy"], true, "Stopped", 1],
  [["Waiting"], true, "Waiting", 1],
  [["Stale"], true, "Stale", 2],
  [["Down", "FATAL", "Warning"], true, "FATAL", 2],
  [["Error", "Healthy"], true, "Error", 2],
  [["Healthy"], false, "Server silent", 3],
  [["FATAL"], false, "Server silent", 3],
] as const)("services %j, every server answered %s: %s, exit %i", (words, answered, word, exit) => {
  expect(overall(words, answered)).toEqual({ word, exit });
});

test("every word has an exit code of its own accord, and only Healthy is 0", () => {
  const zero = WORDS.filter((word: Word) => exitOf(word) === 0);
  expect(zero).toEqual(["Healthy"]);
});
