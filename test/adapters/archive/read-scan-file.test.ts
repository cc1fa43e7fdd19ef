import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readScanFile, statScanFile } from "../../../src/adapters/archive/read-scan-file.ts";
import { SCAN_FILE_BYTES_MAX } from "../../../src/domain/scan/scan.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { spawnSync } from "../../helpers/run-program.ts";

let dir = "";
beforeEach(() => {
  dir = makeTemporaryDirectory("read");
});
afterEach(() => removeTemporaryDirectory(dir));
const at = (name: string) => join(dir, name);

// The pool that small files share holds 256 KiB.
test.each([0, 1, 4_096, 262_143, 262_144, 262_145, 1_000_000])(
  "%i bytes are read whole",
  (size) => {
    const bytes = Buffer.alloc(size, "abcdefg");
    writeFileSync(at("a"), bytes);
    const read = readScanFile(at("a"));
    expect(read).toMatchObject({ kind: "read", stat: { size } });
    expect(read.kind === "read" && bytes.equals(read.bytes)).toBe(true);
  },
);

function refuse(head: Uint8Array, tail: Uint8Array) {
  const detail = `${Buffer.from(head).toString()} ... ${Buffer.from(tail).toString()}`;
  return { reason: "no_scan", detail };
}

test("a large file whose ends are refused is not read, a small one is", () => {
  const bytes = Buffer.from(`begin${"-".repeat(50_000_000)}end`);
  writeFileSync(at("large"), bytes);
  writeFileSync(at("small"), bytes.subarray(0, 1_000));
  const before = bytesRead();
  const detail = "begin----------- ... -------------end";
  expect(readScanFile(at("large"), refuse)).toMatchObject({ kind: "refused", detail });
  expect(bytesRead() - before).toBeLessThan(1_000_000);
  expect(readScanFile(at("small"), refuse).kind).toBe("read");
  expect(readScanFile(at("large"), () => null).kind).toBe("read");
});

/** By this thread. */
function bytesRead(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync("/proc/thread-self/io", "utf8"))?.[1]);
}

test("mtimes are truncated to microseconds, whatever the year", () => {
  writeFileSync(at("a"), "a");
  for (const seconds of [-86_400.5, 0, 1_774_434_030.123456, 10_413_792_000]) {
    // As a date: Node takes a negative number for now.
    const time = seconds < 0 ? new Date(seconds * 1_000) : seconds;
    utimesSync(at("a"), time, time);
    const read = readScanFile(at("a"));
    const stat = statScanFile(at("a"));
    expect(read).toMatchObject({ kind: "read" });
    if (read.kind !== "read") return;
    expect(read.stat).toEqual({ size: stat?.size, mtimeUs: stat?.mtimeUs });
    expect(Math.abs(read.stat.mtimeUs - seconds * 1e6)).toBeLessThan(10);
    expect(Number.isInteger(read.stat.mtimeUs)).toBe(true);
  }
});

test("what is no regular file is refused, and nothing blocks", () => {
  mkdirSync(at("folder"));
  symlinkSync("/dev/zero", at("device"));
  symlinkSync(at("loop"), at("loop"));
  symlinkSync(at("nothing"), at("dangling"));
  const made = spawnSync("mkfifo", [at("fifo")]).status === 0;
  for (const name of ["folder", "device", "loop", "dangling", ...(made ? ["fifo"] : [])]) {
    expect([name, readScanFile(at(name))]).toMatchObject([
      name,
      { kind: "refused", reason: "not_regular" },
    ]);
    expect(statScanFile(at(name))?.regular).toBe(false);
  }
});

test("what does not exist is gone; what cannot be read has failed", () => {
  writeFileSync(at("file"), "");
  expect(readScanFile(at("nothing"))).toEqual({ kind: "gone" });
  expect(statScanFile(at("nothing"))).toBeNull();
  expect(readScanFile(at("file/below"))).toMatchObject({ kind: "failed" });
  expect(() => statScanFile(at("file/below"))).toThrow("ENOTDIR");
  expect(readScanFile(at("n".repeat(300)))).toMatchObject({ kind: "failed" });
});

test("a file over the limit is refused unread", () => {
  writeFileSync(at("a"), "");
  truncateSync(at("a"), SCAN_FILE_BYTES_MAX + 1);
  expect(readScanFile(at("a"))).toMatchObject({ kind: "refused", reason: "too_large" });
  truncateSync(at("a"), SCAN_FILE_BYTES_MAX);
  expect(readScanFile(at("a"))).toMatchObject({ kind: "read" });
});

test("bytes of one reading are not those of the next", () => {
  writeFileSync(at("a"), "first");
  const first = readScanFile(at("a"));
  appendFileSync(at("a"), " second");
  const second = readScanFile(at("a"));
  expect(first.kind === "read" && first.stat.size).toBe(5);
  expect(second.kind === "read" && Buffer.from(second.bytes).toString()).toBe("first second");
});
