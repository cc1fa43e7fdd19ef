import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLogger, LOG_LINE_BYTES_MAX } from "../../src/adapters/logger.ts";
import { lastLines } from "../../src/adapters/files/log-files.ts";
import { openRotatingFile } from "../../src/adapters/files/rotating-file.ts";
import { LogLine } from "../../src/wire/log-line.ts";
import { execFileSync } from "../helpers/run-program.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "dolphin-log-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function linesOf(file: string): LogLine[] {
  const text = readFileSync(file, "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => LogLine.parse(JSON.parse(line)));
}

describe("createLogger", () => {
  test("writes JSON lines with time, level and service, the last one before any close", () => {
    const file = join(folder, "new", "bridge.log");
    const logger = createLogger({ file, name: "scan-bridge" });
    logger.debug("below the level");
    logger.info({ seq: 7 }, "[Bridge] pushed");
    const [line, ...rest] = linesOf(file);
    expect(rest).toEqual([]);
    expect(line).toMatchObject({
      level: "info",
      service: "scan-bridge",
      pid: process.pid,
      seq: 7,
      msg: "[Bridge] pushed",
    });
    expect(line?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
  });

  test("hides values by the names of their keys, however deep", () => {
    const file = join(folder, "a.log");
    const logger = createLogger({ file, name: "a" });
    logger.info(
      { db: { Password: "hunter2" }, list: [{ api_key: "k1" }], authorization: "Bearer k2" },
      "connected",
    );
    const text = readFileSync(file, "utf8");
    expect(text).not.toMatch(/hunter2|k1|k2/);
    expect(text).toContain("[redacted]");
  });

  test("keeps errors with their cause and stack", () => {
    const file = join(folder, "a.log");
    const cause = new Error("ECONNREFUSED");
    createLogger({ file, name: "a" }).error({ err: new Error("no member", { cause }) }, "failed");
    expect(readFileSync(file, "utf8")).toMatch(/no member.*caused by: Error: ECONNREFUSED/);
  });

  test.each([
    ["control characters", "\u001b[2J\r\n\u0000\u009b31m\u007f\u2028"],
    ["a long message", "x".repeat(100_000)],
    ["a long message of characters that take most bytes", "\u0001".repeat(100_000)],
    ["lone surrogates", "\ud800".repeat(5_000)],
  ])("makes one bounded line without a raw control character of %s", (_name, message) => {
    const file = join(folder, "a.log");
    createLogger({ file, name: "a" }).info({ also: message }, message);
    const bytes = readFileSync(file);
    expect(bytes.length).toBeLessThanOrEqual(LOG_LINE_BYTES_MAX);
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(bytes.toString().slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
    expect(message.startsWith(linesOf(file)[0]?.msg ?? "none")).toBe(true);
  });

  test("rotates by size and never keeps more than its files", () => {
    const file = join(folder, "a.log");
    const logger = createLogger({ file, name: "a", rotateMb: 0.01, rotateFiles: 3 });
    for (let number = 0; number < 1_000; number += 1) logger.info({ number }, "line");
    const kept = readdirSync(folder).toSorted();
    expect(kept).toEqual(["a.log", "a.log.1", "a.log.2"]);
    const numbers = ["a.log.2", "a.log.1", "a.log"].flatMap((name) =>
      linesOf(join(folder, name)).map((line) => line["number"]),
    );
    const first = 1_000 - numbers.length;
    expect(numbers).toEqual(numbers.map((_, index) => first + index));
    for (const name of kept) expect(statSync(join(folder, name)).size).toBeLessThan(11_000);
    expect(logger.dropped()).toBe(0);
  });

  test("stays bounded with a single file", () => {
    const file = join(folder, "a.log");
    const logger = createLogger({ file, name: "a", rotateMb: 0.01, rotateFiles: 1 });
    for (let number = 0; number < 1_000; number += 1) logger.info({ number }, "line");
    expect(readdirSync(folder)).toEqual(["a.log"]);
    expect(statSync(file).size).toBeLessThan(11_000);
    expect(linesOf(file).at(-1)?.["number"]).toBe(999);
  });

  test("two writers of one file rotate it once, not twice", () => {
    const options = { file: join(folder, "a.log"), rotateMb: 0.01, rotateFiles: 9 };
    const writers = ["a", "b"].map((name) => createLogger({ ...options, name }));
    for (let number = 0; number < 100; number += 1) {
      for (const writer of writers) writer.info({ number }, "line");
    }
    const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).size);
    expect(sizes.filter((size) => size < 9_000).length).toBeLessThanOrEqual(1);
  });

  test("a moved file gets no further line: they go on under its name", () => {
    const file = join(folder, "a.log");
    const logger = createLogger({ file, name: "a" });
    logger.info("before");
    renameSync(file, `${file}-20261129`);
    logger.info("after");
    rmSync(`${file}-20261129`);
    logger.info("and on");
    expect(lastLines(file, 9).map((line) => LogLine.parse(JSON.parse(line)).msg)).toEqual([
      "after",
      "and on",
    ]);
  });

  test("a removed file is made again", () => {
    const file = join(folder, "a.log");
    const logger = createLogger({ file, name: "a" });
    logger.info("before");
    rmSync(file);
    logger.info("after");
    expect(linesOf(file).map((line) => line.msg)).toEqual(["after"]);
  });
});

describe("a disk that refuses", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test("lines are dropped and counted, and the loss is reported when the file can be written again", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    const blocked = join(folder, "blocked");
    writeFileSync(blocked, "a file where the folder should be");
    const logger = createLogger({ file: join(blocked, "a.log"), name: "a" });
    logger.info("one");
    logger.info("two");
    expect(logger.dropped()).toBe(2);
    rmSync(blocked);
    vi.advanceTimersByTime(1_000);
    logger.info("three");
    const messages = linesOf(join(blocked, "a.log")).map((line) => line.msg);
    expect(messages[0]).toMatch(/^\[Log\] 2 lines lost: E(EXIST|NOTDIR)/);
    expect(messages.slice(1)).toEqual(["three"]);
    expect(logger.dropped()).toBe(2);
  });

  const isRoot = process.getuid?.() === 0;
  test.skipIf(!isRoot)(
    "a full disk (tmpfs of 64 KiB; needs root) loses lines, nothing else",
    () => {
      vi.useFakeTimers({ toFake: ["performance"] });
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]);
      try {
        const ballast = join(folder, "ballast");
        writeFileSync(ballast, Buffer.alloc(57_344));
        const file = join(folder, "a.log");
        const rotating = openRotatingFile({
          file,
          bytesMax: 1_000_000,
          filesMax: 2,
          lossLine: (lines) => `lost ${lines}\n`,
        });
        for (let number = 0; number < 100; number += 1) rotating.write(`${"x".repeat(150)}\n`);
        const lost = rotating.dropped();
        expect(lost).toBeGreaterThan(0);
        rmSync(ballast);
        vi.advanceTimersByTime(1_000);
        rotating.write("back\n");
        const lines = readFileSync(file, "utf8").split("\n");
        expect(lines.slice(-3)).toEqual([`lost ${lost}`, "back", ""]);
        expect(lines.filter((line) => line.length === 150)).toHaveLength(100 - lost);
        rotating.close();
      } finally {
        execFileSync("umount", [folder]);
      }
    },
  );
});
