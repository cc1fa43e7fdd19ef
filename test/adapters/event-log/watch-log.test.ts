import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { watchLog } from "../../../src/adapters/event-log/watch-log.ts";

test("a write to a segment is reported, in a new one and after the folder was made, too", async () => {
  const root = mkdtempSync(join(tmpdir(), "dolphin-watch-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, "BLUE");
  let told = Promise.withResolvers<void>();
  const watching = watchLog(folder, () => told.resolve());
  onTestFinished(() => watching.close());
  expect(watching.isNotifying()).toBe(false);
  mkdirSync(folder);
  watching.renew();
  expect(watching.isNotifying()).toBe(true);
  for (const segment of ["1.log", "2.log"]) {
    told = Promise.withResolvers<void>();
    appendFileSync(join(folder, segment), "an event");
    await told.promise;
  }
  watching.close();
  expect(watching.isNotifying()).toBe(false);
});
