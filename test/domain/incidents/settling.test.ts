import { expect, test } from "vitest";
import { settling } from "../../../src/domain/incidents/settling.ts";

const AWAY = { "hazelcast.up": false, "health.silent_s": 20, posture: "APEX" };

test("what has not come up yet is unknown, for a while", () => {
  const settle = settling();
  expect(settle(AWAY, 20)).toEqual({ "health.silent_s": null, posture: "APEX" });
  expect(settle(AWAY, 45)).toEqual({ "health.silent_s": null, posture: "APEX" });
  expect(settle({ ...AWAY, "health.silent_s": 46 }, 46)).toEqual({
    ...AWAY,
    "health.silent_s": 46,
  });
});

test("what has come up once is reported as it is", () => {
  const settle = settling();
  expect(settle({ ...AWAY, "hazelcast.up": true }, 3)).toMatchObject({ "hazelcast.up": true });
  expect(settle(AWAY, 4)).toMatchObject({ "hazelcast.up": false });
  expect(settle({ ...AWAY, "health.silent_s": 2 }, 12)).toMatchObject({ "health.silent_s": 2 });
  expect(settle(AWAY, 30)).toMatchObject({ "health.silent_s": 20 });
});
