import { describe, expect, test } from "vitest";
import { renderLine } from "../../../src/cli/rendering/log-lines.ts";
import { byTime, timed } from "../../../src/wire/log-line.ts";

const at = Date.parse("2026-03-25T10:20:30.123Z");
const ours = JSON.stringify({
  level: "warn",
  time: "2026-03-25T10:20:30.123456+00:00",
  service: "scan-bridge",
  pid: 7,
  seq: 12,
  err: { type: "Error", message: "no member", stack: "Error: no member\n    at x" },
  msg: "[Bridge] waiting",
});

describe("timed", () => {
  test.each([
    ["our own", ours, at],
    [
      "Temporal's",
      `time=2026-03-25T10:20:30.123 level=INFO msg=x`,
      Date.parse("2026-03-25T10:20:30.123"),
    ],
    [
      "Java's",
      "Mar 25, 2026 10:20:30 AM com.hazelcast.x",
      new Date(2026, 2, 25, 10, 20, 30).getTime(),
    ],
    ["a line without time", "    at Module._compile", 5],
  ])("reads the time of %s line", (_what, raw, timeMs) => {
    expect(timed("a", [raw], 5)).toEqual([{ timeMs, source: "a", raw }]);
  });

  test("keeps the lines of a stack with the line before them", () => {
    const stack = timed("a", [ours, "  at x", "  at y"], 0);
    const other = timed("b", [ours.replace("30.123456", "30.124000")], 0);
    expect(byTime([...other, ...stack]).map((line) => line.source)).toEqual(["a", "a", "a", "b"]);
  });
});

describe("renderLine", () => {
  test("shows time, level, source, message and fields in one line", () => {
    expect(renderLine({ timeMs: at, source: "scan-bridge", raw: ours }, true)).toBe(
      "2026-03-25 10:20:30.123 WARN  scan-bridge  [Bridge] waiting seq=12 err=no member",
    );
  });

  test.each([
    ["a raw line", "\u001b[2Jboo\u0007"],
    [
      "a message",
      JSON.stringify({ level: "info", time: "", service: "a", pid: 1, msg: "\u001b[2Jboo\u0007" }),
    ],
    [
      "a field",
      JSON.stringify({ level: "info", time: "", service: "a", pid: 1, x: "\u009b2Jboo", msg: "" }),
    ],
  ])("takes the control characters out of %s", (_what, raw) => {
    const text = renderLine({ timeMs: at, source: "a", raw }, false);
    expect(text).toContain("boo");
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  });
});
