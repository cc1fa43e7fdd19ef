import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { createSupervisors } from "../../../src/cli/up/create.ts";
import { failedOf } from "../../../src/cli/rendering/created-text.ts";
import { loadConfig } from "../../../src/config.ts";

test("creates nothing where the start has failed", async () => {
  const events: string[] = [];
  const { config } = loadConfig({ env: {}, cwd: "/" });
  const world = {
    dataDir: "/",
    temporal: "127.0.0.1:1",
    namespace: "default",
    env: {},
    secrets: {},
  };
  const options = { config, world, onEvent: (_level: string, text: string) => events.push(text) };
  const supervisors = createSupervisors(options, Promise.reject(new Error("no room")));
  await nextTurn();
  await supervisors.giveUp();
  expect(events).toEqual([]);
  expect(supervisors.failures()).toEqual(["the supervisors were not created yet"]);
});

test("a report that metaHealth did not receive is not over either", () => {
  const brought = { workflow_id: "w", created: false, changes: [], problem: null };
  const supervisors = [{ ...brought, service: "scan-bridge" }];
  expect(failedOf({ supervisors, meta_health: brought })).toBeUndefined();
  const failed = { ...brought, workflow_id: "metaHealth", problem: "nobody serves it" };
  expect(failedOf({ supervisors, meta_health: failed })).toBe(failed);
});
