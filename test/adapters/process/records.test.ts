import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  capOutput,
  errorFile,
  outputSince,
  outputSize,
} from "../../../src/adapters/process/output-file.ts";
import {
  readRunFile,
  removeRunFile,
  writeRunFile,
} from "../../../src/adapters/process/run-file.ts";
import { createUsageWindow } from "../../../src/adapters/process/usage-window.ts";

const dir = mkdtempSync(join(tmpdir(), "dolphin-records-"));
afterAll(() => rmSync(dir, { recursive: true }));

describe("the run file", () => {
  const run = { service: "a", pid: 7, started_ticks: 99, life: 3, started_at: "2026-03-25" };

  test("is read as it was written, and removed only for its own process", () => {
    writeRunFile(join(dir, "run"), run);
    expect(readRunFile(join(dir, "run"), "a")).toEqual(run);
    removeRunFile(join(dir, "run"), "a", 8);
    expect(existsSync(join(dir, "run", "a.json"))).toBe(true);
    removeRunFile(join(dir, "run"), "a", 7);
    expect(readRunFile(join(dir, "run"), "a")).toBeNull();
  });

  test.each(["", "{", '{"pid":"x"}', "null"])("that holds %j names nobody", (text) => {
    writeFileSync(join(dir, "b.json"), text);
    expect(readRunFile(dir, "b")).toBeNull();
  });
});

describe("the output file", () => {
  const file = join(dir, "service.out");

  test("gives the lines written since a life began, the last ones when there are many", () => {
    writeFileSync(file, "old\n");
    const from = outputSize(file);
    appendFileSync(file, "first\r\n\nsecond");
    expect(outputSince(file, from)).toEqual(["first", "second"]);
    appendFileSync(file, `${"x".repeat(99)}\n`.repeat(1_000));
    expect(outputSince(file, from).length).toBeLessThan(83);
    expect(outputSince(join(dir, "none"), 0)).toEqual([]);
  });

  test.each([
    ["/logs/trader-blue.out", "/logs/trader-blue.err"],
    ["/logs/trader", "/logs/trader.err"],
  ])("%s has stderr beside it: %s", (out, err) => {
    expect(errorFile(out)).toBe(err);
  });

  test("is cut when it grows over its cap", () => {
    capOutput(file);
    expect(statSync(file).size).toBeGreaterThan(0);
    appendFileSync(file, Buffer.alloc(10_000_001, 120));
    capOutput(file);
    expect(statSync(file).size).toBe(0);
  });
});

describe("the usage window", () => {
  const MS = 1_000;
  /** One sample a second; `cpu` is the share of a core. */
  function fill(seconds: number, cpu: number, hasBacklog: (second: number) => boolean) {
    const window = createUsageWindow();
    for (let second = 0; second <= seconds; second += 1) {
      const usage = { rssBytes: 5, cpuMs: second * cpu * MS };
      window.add(usage, second * MS, hasBacklog(second));
    }
    return window;
  }

  test("judges CPU over a minute outside a backlog only", () => {
    expect(fill(59, 0.9, () => false).judgedCpuPercent()).toBeNull();
    expect(fill(60, 0.9, () => false).judgedCpuPercent()).toBeCloseTo(90);
    expect(fill(300, 0.9, (second) => second === 250).judgedCpuPercent()).toBeNull();
    expect(fill(311, 0.9, (second) => second === 250).judgedCpuPercent()).toBeCloseTo(90);
  });

  test("shows CPU over five seconds and memory at once", () => {
    expect(fill(4, 0.5, () => true).cpuPercent()).toBeNull();
    expect(fill(5, 0.5, () => true).cpuPercent()).toBeCloseTo(50);
    expect(fill(0, 0, () => true).rssBytes()).toBe(5);
    const gone = fill(9, 0.5, () => true);
    gone.add(null, 10 * MS, false);
    expect(gone.rssBytes()).toBeNull();
  });
});
