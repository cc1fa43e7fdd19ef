import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectTemporal, type TemporalClient } from "../../../src/adapters/temporal-client.ts";
import { loadConfig } from "../../../src/config.ts";
import { owedFile, restoreDeclared } from "../../../src/operations/declared/restore-declared.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

let dir = "";
let temporal: TemporalClient;
beforeEach(() => {
  dir = makeTemporaryDirectory("restore-declared");
  // Nobody listens there.
  temporal = connectTemporal("127.0.0.1:9", { answerMs: 200, waitMs: 200 });
});
afterEach(async () => {
  await temporal.close();
  removeTemporaryDirectory(dir);
});

test("schedules that an earlier process owed are owed by the next one", async () => {
  const { config } = loadConfig({ env: {}, cwd: dir, flags: { data_dir: dir } });
  const told: string[] = [];
  const restoring = restoreDeclared({
    temporal: { reads: temporal.reads, sdk: async () => temporal },
    config,
    specs: [],
    mustHaveBeen: () => false,
    tell: (line) => told.push(line),
  });
  await restoring.restore();
  expect(told).toEqual([]);
  mkdirSync(dirname(owedFile(dir)), { recursive: true });
  writeFileSync(owedFile(dir), "");
  await restoring.restore();
  expect(told).toEqual([
    expect.stringMatching(/^schedules could not be created again: .*; trying again$/),
  ]);
  expect(existsSync(owedFile(dir))).toBe(true);
});
