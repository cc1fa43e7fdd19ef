/** Appends until the disk is full, continues with smaller records, and reports the errors. */
import { writeSync } from "node:fs";
import { SegmentLog } from "../../src/adapters/event-log/segment-log.ts";
import { codeOf } from "../../src/domain/failure.ts";
import { payloadOf } from "./event-log.ts";

const [root = ""] = process.argv.slice(2);
const journal = new SegmentLog({ root, book: "BLUE" }, 1);
journal.rollTo("2026-03-25");
let index = 0;
let code: string | undefined;
while (code === undefined) {
  try {
    journal.append(index, payloadOf(index, 5_000));
    index++;
  } catch (error) {
    code = codeOf(error) ?? String(error);
  }
}
// A smaller record than the refused one may still fit, and takes its place.
journal.append(index, payloadOf(index, 3));
writeSync(1, `${code} ${index + 1}`);
journal.close();
