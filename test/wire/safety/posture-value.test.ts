import { expect, test } from "vitest";
import { encodePosture, parsePosture } from "../../../src/wire/safety/posture-value.ts";

const UNKNOWN = { posture: "UNKNOWN", asOfMs: -Infinity, source: "unreadable" };

test("a published posture is read as it was reported", () => {
  const text = encodePosture({ posture: "TURTLE", reasons: ["x"], source: "static", atUs: 1_500 });
  expect(parsePosture(text)).toEqual({ posture: "TURTLE", asOfMs: 1.5, source: "static" });
});

test.each([[null], [7], [""], ["{"], ["null"], ["[]"], ['{"posture":"APEX"}']])(
  "%j is no posture: unknown, and infinitely old",
  (text) => {
    expect(parsePosture(text)).toEqual(UNKNOWN);
  },
);

test("a step that is not on the ladder is unknown", () => {
  const text = '{"posture":"MOON","ts":"1970-01-01T00:00:01Z","source":7}';
  expect(parsePosture(text)).toEqual({ posture: "UNKNOWN", asOfMs: 1_000, source: "unnamed" });
});
