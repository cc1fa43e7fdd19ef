/** A book's log as others read it while the trader writes it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { SegmentLogReader } from "../../../src/adapters/event-log/segment-log-reader.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const WRITER = resolve(import.meta.dirname, "../../helpers/journal-writer-process.ts");
/** Without a second look at it, one write under way in some ten thousand was taken for damage. */
const EVENTS = 30_000;
const dir = makeTemporaryDirectory("segment-log-reader");
afterAll(() => removeTemporaryDirectory(dir));

test("a write under way is no damage, however the reads fall into it", async () => {
  const root = join(dir, "trading");
  mkdirSync(root);
  const writer = spawn(process.execPath, [WRITER, root, "0"], { stdio: "ignore" });
  const ended = once(writer, "exit");
  const reader = new SegmentLogReader({ root, book: "BLUE" }, null);
  let next = 0;
  try {
    while (next < EVENTS && writer.exitCode === null) {
      for (const { kind, index } of reader.poll()) {
        if (kind === "event" && index !== next++) throw new Error(`${index} for ${next - 1}`);
      }
      await turn();
    }
  } finally {
    reader.close();
    writer.kill("SIGKILL");
    await ended;
  }
  expect(next).toBeGreaterThanOrEqual(EVENTS);
});
