import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type HoldFile,
  holdsFolder,
  readHolds,
  removeHold,
  writeHold,
} from "../../../src/adapters/process/hold/hold-file.ts";
import { kernelPlace, seenProcess } from "../../../src/adapters/process/hold/kernel-place.ts";
import { startedTicks } from "../../../src/adapters/process/process-facts.ts";

const HOLD: HoldFile = {
  service: "fake",
  run_id: "r-1",
  attempt: 1,
  token: "dG9rZW4=",
  identity: "scan/3f9a04c1b2d7@host#41",
  keeper: { pid: 41, started_ticks: 1_000 },
  place: null,
};
/** Above what a kernel gives out. */
const NOBODY = 2 ** 30;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dolphin-holds-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("a hold is read as it was written, and removed by its own token only", () => {
  expect(readHolds(folder)).toEqual([]);
  writeHold(folder, HOLD);
  expect(readHolds(folder)).toEqual([HOLD]);
  removeHold(folder, "fake", "bmV3ZXI=");
  expect(readHolds(folder)).toEqual([HOLD]);
  removeHold(folder, "fake", HOLD.token);
  expect(readHolds(folder)).toEqual([]);
});

test.each([
  ["half of one", JSON.stringify(HOLD).slice(0, 40)],
  ["no object", "null"],
  ["one without its token", JSON.stringify({ ...HOLD, token: "" })],
  ["one whose pid is no number", JSON.stringify({ ...HOLD, keeper: { pid: "41" } })],
  ["one of another service", JSON.stringify({ ...HOLD, service: "other" })],
])("%s is none", (_, text) => {
  writeHold(folder, HOLD);
  writeFileSync(join(holdsFolder(folder), "fake.json"), text);
  expect(readHolds(folder)).toEqual([]);
});

test.runIf(process.platform === "linux")("a process is seen where it has a place", () => {
  expect(kernelPlace()).toBe(kernelPlace());
  expect(kernelPlace()).toMatch(/^[0-9a-f-]{36} pid:\[\d+\]/);
  expect(seenProcess(process.pid)).toEqual({
    isZombie: false,
    ticks: startedTicks(process.pid),
  });
  expect(seenProcess(NOBODY)).toBe("none");
});
