/** A change of what is stored, which an older release would not read, raises the data format. */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { DATA_FORMAT, raiseFormat, whyTooNew } from "../../../src/adapters/files/data-format.ts";
import { SEGMENT_VERSION } from "../../../src/adapters/event-log/segments/segment-format.ts";
import { SCHEMA } from "../../../src/adapters/scan-journal/journal-rows.ts";
import { OtherEventSchema } from "../../../src/wire/event-log/other-event.ts";
import { OutboxCursorFile } from "../../../src/wire/session/outbox-cursor.ts";
import { BooksFile } from "../../../src/wire/trading/books-file.ts";
import { TraderSnapshotSchema } from "../../../src/wire/trading/trader-snapshot.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

const STORED = {
  segment: SEGMENT_VERSION,
  journal: SCHEMA.replaceAll(/\s+/g, " "),
  events: z.toJSONSchema(OtherEventSchema, { unrepresentable: "any" }),
  snapshot: z.toJSONSchema(TraderSnapshotSchema, { unrepresentable: "any" }),
  books: z.toJSONSchema(BooksFile),
};

/**
 * Where this fails: if an older release refuses what is stored now (a new kind of event, a new field of a strict object),
 * raise DATA_FORMAT; then write down both numbers here.
 */
test("the stored shapes are those of this data format", () => {
  const fingerprint = createHash("sha256").update(JSON.stringify(STORED)).digest("hex");
  expect([DATA_FORMAT, fingerprint.slice(0, 12)]).toEqual([1, "1307bfc5b709"]);
});

test("a format that is not known is refused with what to do, and kept", () => {
  const dir = makeTemporaryDirectory("data-format");
  onTestFinished(() => removeTemporaryDirectory(dir));
  const path = join(dir, "format.json");
  expect(whyTooNew(dir)).toBeNull();
  raiseFormat(dir);
  expect(whyTooNew(dir)).toBeNull();
  for (const text of ["", "{", "{}", '{"format":"2"}']) {
    writeFileSync(path, text);
    raiseFormat(dir);
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(whyTooNew(dir)).toMatch(/is damaged: restore it from a backup, or delete it/);
  }
  rmSync(path);
  mkdirSync(path);
  expect(whyTooNew(dir)).toMatch(/cannot be read: give this user access/);
});

test("a further field, of a newer release, does not have all trades sent again", () => {
  const cursor = { after: 7, temporal: "a" };
  expect(OutboxCursorFile.parse({ ...cursor, later: 1 })).toEqual(cursor);
});
