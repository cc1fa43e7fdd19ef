import { spawn } from "node:child_process";
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterEach, assert, describe, expect, test, vi } from "vitest";
import {
  createGeneralReader,
  type GeneralReader,
} from "../../../../src/wire/arrow/any-layout/any-layout-reader.ts";
import { checkReading, makeScan, scanFixture, scanFixtures } from "../../../helpers/arrow-scans.ts";

const FILE = "feather.lz4";
const expected = new Map(scanFixtures()).get(FILE)!;

/** A sound scan whose metadata costs apache-arrow about four seconds and a lot of memory. */
const costly = makeScan({
  form: "stream",
  metadata: new Map(Array.from({ length: 1_000_000 }, (_, at) => [`key ${at}`, ""])),
});

let reader: GeneralReader | undefined;
afterEach(async () => {
  vi.useRealTimers();
  await reader?.close();
});

describe("the general reader", () => {
  test("reads in its worker, one file after the other", async () => {
    const running = (reader = createGeneralReader({ timeoutMs: 10_000, heapMb: 64 }));
    const reads = await Promise.all(
      [FILE, FILE, FILE].map((name) => running.read(scanFixture(name))),
    );
    for (const read of reads) checkReading(read, expected);
  });

  test("leaves the caller's bytes as they were", async () => {
    reader = createGeneralReader({ timeoutMs: 10_000, heapMb: 64 });
    const bytes = scanFixture(FILE);
    await reader.read(bytes);
    expect(bytes).toEqual(scanFixture(FILE));
  });

  test("ends a reading at the deadline, and reads the next file", async () => {
    reader = createGeneralReader({ timeoutMs: 1_500, heapMb: 1_024 });
    expect(await reader.read(costly)).toMatchObject({ kind: "invalid", reason: "parse_timeout" });
    // The new worker has all its deadline for a small file, once it has started.
    checkReading(await reader.read(scanFixture(FILE)), expected);
  });

  test("does not end one because its machine was busy or paused: the time of the worker counts", async () => {
    const running = (reader = createGeneralReader({ timeoutMs: 500, heapMb: 64 }));
    await running.read(scanFixture(FILE));
    const reading = running.read(scanFixture(FILE));
    await nextTurn();
    // Timers come before answers.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 800);
    checkReading(await reading, expected);
  });

  test("ends a reading that needs too much memory, and reads the next file", async () => {
    reader = createGeneralReader({ timeoutMs: 30_000, heapMb: 24 });
    expect(await reader.read(costly)).toMatchObject({ kind: "invalid", reason: "parse_memory" });
    checkReading(await reader.read(scanFixture(FILE)), expected);
  });

  test("may be closed before and after it was used, and used again", async () => {
    reader = createGeneralReader({ timeoutMs: 10_000, heapMb: 64 });
    await reader.close();
    checkReading(await reader.read(scanFixture(FILE)), expected);
    await reader.close();
    checkReading(await reader.read(scanFixture(FILE)), expected);
  });

  test("ends its worker after a minute without work, and starts another", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    reader = createGeneralReader({ timeoutMs: 10_000, heapMb: 64 });
    const started = once(process, "worker");
    await reader.read(scanFixture(FILE));
    const [worker]: unknown[] = await started;
    assert(worker instanceof Worker);
    const ended = once(worker, "exit");
    vi.advanceTimersByTime(59_999);
    expect(worker.threadId).toBeGreaterThan(0);
    vi.advanceTimersByTime(1);
    await ended;
    checkReading(await reader.read(scanFixture(FILE)), expected);
  });

  test("keeps no process alive, and works in a small heap", async () => {
    const module = new URL("../../../../src/wire/arrow/read-scan.ts", import.meta.url).href;
    const path = fileURLToPath(
      new URL("../../../fixtures/scans/feather.lz4.arrow", import.meta.url),
    );
    const script = `
      import { readFileSync } from "node:fs";
      import { createGeneralReader } from ${JSON.stringify(module)};
      const reader = createGeneralReader({ timeoutMs: 10000, heapMb: 64 });
      const read = await reader.read(readFileSync(${JSON.stringify(path)}));
      process.stdout.write(read.kind);`;
    const limits = ["--max-old-space-size=64", "--max-semi-space-size=4"];
    const child = spawn(process.execPath, [...limits, "--input-type=module", "-e", script]);
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const [code]: unknown[] = await once(child, "close");
    expect({ code, told: output }).toEqual({ code: 0, told: "scan" });
  });
});
