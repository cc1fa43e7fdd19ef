import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { spawnSync } from "../../helpers/run-program.ts";

const dolphin = resolve(import.meta.dirname, "../../../bin/dolphin");
const cwd = mkdtempSync(join(tmpdir(), "dolphin-replay-"));
afterAll(() => rmSync(cwd, { recursive: true }));

test.each([["replay"], ["backtest drift"]])("%s of GREEN says that it has no log", (verb) => {
  const args = [...verb.split(" "), "2026-03-25", "--book", "GREEN", "--json"];
  const env = { PATH: process.env["PATH"], HOME: cwd };
  const { status, stdout, stderr } = spawnSync(dolphin, args, { cwd, encoding: "utf8", env });
  expect({ status, stderr }).toEqual({ status: 3, stderr: "" });
  expect(JSON.parse(stdout).reason).toContain("book GREEN has no log of its own");
});
