import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { WRITE_MODES, writeScanFile } from "../../../src/adapters/archive/scan-file-writer.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

let dir = "";
beforeEach(() => {
  dir = makeTemporaryDirectory("write");
});
afterEach(() => removeTemporaryDirectory(dir));

test.each(WRITE_MODES)(
  "%s: the file is whole in the end, alone, and never overwritten",
  async (mode) => {
    const path = join(dir, "2026-03-25", "a.arrow");
    const first = Buffer.from("the first bytes");
    await writeScanFile(path, first, { mode, pauseMs: 1 });
    await writeScanFile(path, Buffer.from("others"), { mode, pauseMs: 1 });
    await writeScanFile(path, Buffer.from("and others"), { mode, pauseMs: 1 });
    expect(readFileSync(path)).toEqual(first);
    expect(readdirSync(join(dir, "2026-03-25")).toSorted()).toEqual(
      ["a.arrow", "a_1.arrow", "a_2.arrow"].toSorted(),
    );
  },
);

test("a failure leaves nothing behind and is reported", async () => {
  const path = join(dir, `${"n".repeat(250)}.arrow`);
  for (const mode of WRITE_MODES) {
    await expect(writeScanFile(path, Buffer.from("x"), { mode, pauseMs: 1 })).rejects.toThrow(
      "ENAMETOOLONG",
    );
  }
  expect(existsSync(path)).toBe(false);
  expect(readdirSync(dir)).toEqual([]);
});
