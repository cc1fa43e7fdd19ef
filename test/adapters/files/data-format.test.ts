/** A change of what is stored, which an older release would not read, raises the data format. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { z } from "zod";
import { DATA_FORMAT } from "../../../src/adapters/files/data-format.ts";
import { SEGMENT_VERSION } from "../../../src/adapters/event-log/segments/segment-format.ts";
import { SCHEMA } from "../../../src/adapters/scan-journal/journal-rows.ts";
import { OtherEventSchema } from "../../../src/wire/event-log/other-event.ts";
import { OutboxCursorFile } from "../../../src/wire/session/outbox-cursor.ts";
import { BooksFile } from "../../../src/wire/trading/books-file.ts";
import { TraderSnapshotSchema } from "../../../src/wire/trading/trader-snapshot.ts";

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

test("a further field, of a newer release, does not have all trades sent again", () => {
  const cursor = { after: 7, temporal: "a" };
  expect(OutboxCursorFile.parse({ ...cursor, later: 1 })).toEqual(cursor);
});
