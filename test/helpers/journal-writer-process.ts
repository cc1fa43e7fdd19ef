/** Appends as fast as it can, and prints each index once it is appended, until it is killed. */
import { writeSync } from "node:fs";
import { SegmentLog } from "../../src/adapters/event-log/segment-log.ts";
import { payloadOf } from "./event-log.ts";

const [root = "", from = "0"] = process.argv.slice(2);
const journal = new SegmentLog({ root, book: "BLUE" }, 1);
for (let index = Number(from); ; index++) {
  // A day every 300 events, so that kills also meet the change of segments.
  journal.rollTo(new Date(Math.floor(index / 300) * 86_400_000).toISOString().slice(0, 10));
  journal.append(index, payloadOf(index, 100 + (index % 5_000)));
  writeSync(1, `${String(index).padStart(8)}\n`);
}
