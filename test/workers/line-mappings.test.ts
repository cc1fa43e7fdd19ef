import { SourceMap } from "node:module";
import { array, assert, constantFrom, property } from "fast-check";
import { expect, test } from "vitest";
import { lineMappings } from "../../src/workers/line-mappings.ts";

const payload = (mappings: string) => ({
  version: 3,
  file: "bundle.js",
  sources: ["a.ts", "b.ts", "c.ts"],
  sourcesContent: [],
  names: [],
  mappings,
  sourceRoot: "",
});

/** By Node's own reader: source and line there of a place here, both from 0 on. */
function placeIn(mappings: string, line: number, column: number) {
  const found = new SourceMap(payload(mappings)).findEntry(line, column);
  return "originalSource" in found ? [found.originalSource, found.originalLine] : null;
}

test("each line keeps its first place, whatever stood between", () => {
  // b.ts follows a.ts, goes back to its first line, and the third line has no place at all.
  const whole = "AAAA,IAAI;ACAA,SAAS,GAAG;;AADCA,IAAI;AEiEnB";
  expect(
    lineMappings(whole)
      .split(";")
      .map((line) => line.split(",").length),
  ).toEqual([1, 1, 1, 1, 1]);
  expect(lineMappings(whole).split(";")[2]).toBe("");
  for (const line of [0, 1, 3, 4]) {
    expect(placeIn(lineMappings(whole), line, 0)).toEqual(placeIn(whole, line, 0));
  }
});

test("what is by lines already stays as it is", () => {
  const digit = constantFrom("A", "C", "E", "G", "I", "K", "M", "O", "Q", "S", "U", "W", "Y");
  const place = array(digit, { minLength: 4, maxLength: 4 }).map((letters) => letters.join(""));
  const line = array(place, { maxLength: 5 }).map((places) => places.join(","));
  const lines = array(line, { maxLength: 30 }).map((all) => all.join(";"));
  assert(
    property(lines, (mappings) => {
      const slim = lineMappings(mappings);
      expect(lineMappings(slim)).toBe(slim);
      expect(slim.split(";").map((each) => each !== "")).toEqual(
        mappings.split(";").map((each) => each !== ""),
      );
    }),
  );
});
