import { describe, expect, test } from "vitest";
import {
  expectNoArgument,
  integerFrom,
  oneOf,
  openInput,
  readDeclaration,
  readMode,
  serviceFrom,
  text,
  times,
} from "../../src/workflows/input.ts";

const FIELDS = ["name", "count", "mode", "at"];

function read(raw: unknown) {
  const field = openInput(raw, FIELDS);
  return {
    name: field("name", text),
    count: field("count", integerFrom(2)),
    mode: field("mode", oneOf("a", "b")),
    at: field("at", times),
  };
}

describe("an input", () => {
  test.each([undefined, null, {}, { name: null, count: undefined }])(
    "%j is all defaults",
    (raw) => {
      expect(read(raw)).toEqual({});
    },
  );

  test("is read field by field", () => {
    const raw = { name: "x", count: 2, mode: "b", at: ["2026-03-25T10:00:00.000000+00:00"] };
    expect(read(raw)).toEqual(raw);
  });

  test.each<[unknown, string]>([
    [[], "input must be one JSON object, was []"],
    ["x", 'input must be one JSON object, was "x"'],
    [7, "input must be one JSON object, was 7"],
    [{ nme: "x" }, "unknown field 'nme'; the fields are: name, count, mode, at"],
    [{ __proto__x: 1 }, "unknown field '__proto__x'"],
    [JSON.parse('{"__proto__": {"name": "x"}}'), "unknown field '__proto__'"],
    [{ name: "" }, "field 'name' must be a text that is not empty, was \"\""],
    [{ count: 1 }, "field 'count' must be a whole number of at least 2, was 1"],
    [{ count: 2.5 }, "must be a whole number of at least 2, was 2.5"],
    [{ mode: "c" }, "field 'mode' must be 'a' or 'b', was \"c\""],
    [{ at: ["yesterday"] }, "field 'at' must be a list of ISO-8601 times"],
    [{ name: { deep: "x".repeat(99) } }, "..."],
  ])("%j is refused: %s", (raw, reason) => {
    expect(() => read(raw)).toThrow(reason);
    expect(() => read(raw)).toThrow(
      expect.objectContaining({ type: "InvalidInput", nonRetryable: true }),
    );
  });

  test("names its service by the workflow id", () => {
    expect(serviceFrom("supervise-scan-bridge", "supervise-")).toBe("scan-bridge");
    expect(() => serviceFrom("other", "supervise-")).toThrow("it would be 'supervise-<service>'");
    expect(() => serviceFrom("supervise-", "supervise-")).toThrow("field 'service' is missing");
  });

  test("of setMode is a word or an object", () => {
    expect(readMode("auto")).toBe("auto");
    expect(readMode({ mode: "monitor-only" })).toBe("monitor-only");
    for (const raw of [undefined, null, {}, "off", 1, { mod: "auto" }]) {
      expect(() => readMode(raw)).toThrow(/mode|input/);
    }
  });

  test("of start, stop and restart is nothing", () => {
    for (const raw of [undefined, null, {}]) expect(() => expectNoArgument(raw)).not.toThrow();
    expect(() => expectNoArgument({ now: true })).toThrow("unknown field 'now'; it takes none");
  });
});

describe("a declaration", () => {
  const declared = {
    enabled: true,
    autostart: false,
    restarts_max: 3,
    memory_max_mb: 0.5,
    cpu_max_percent: 150,
    tasks_max: 64,
  };

  test("is taken as it is", () => {
    expect(readDeclaration(declared)).toBe(declared);
  });

  test.each([
    [{ ...declared, restarts_max: "3" }],
    [{ ...declared, restarts_max: 2.5 }],
    [{ ...declared, tasks_max: 0 }],
    [{ ...declared, memory_max_mb: true }],
    [{ ...declared, enabled: "yes" }],
    [{ enabled: true }],
    [null],
  ])("%j is refused, as no status could tell it", (raw) => {
    expect(() => readDeclaration(raw)).toThrow("must be an object with enabled, autostart, ");
  });
});
