/** Appends ten events in one write, then one more, where files may not grow so far; prints what came of it. */
import { SegmentLog } from "../../src/adapters/event-log/segment-log.ts";
import { codeOf } from "../../src/domain/failure.ts";
import { DAY } from "./event-log.ts";

const [, , root = ""] = process.argv;
const log = new SegmentLog({ root, book: "BLUE" }, 1);
log.rollTo(DAY);
const payload = Buffer.alloc(1_100, "x");
const appended = log.appendAll(0, 10, () => payload);
let again: string | undefined;
try {
  log.append(appended, payload);
} catch (error) {
  again = codeOf(error);
}
process.stdout.write(JSON.stringify({ appended, again, next: log.nextIndex }));
