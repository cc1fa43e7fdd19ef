import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { underDeadline } from "../../../src/adapters/hazelcast/under-deadline.ts";

const DEADLINE_MS = 500;

/** Holds this thread, as a file operation on a slow share does. */
function hold(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

const readThis = () => readFile(import.meta.filename, "utf8");
const never = () => new Promise<never>(() => {});
const fail = () => Promise.reject(new Error("Connection closed"));

test("an answer that came while this thread was held is an answer", async () => {
  const call = underDeadline({ what: "get", start: readThis, deadlineMs: DEADLINE_MS });
  hold(3 * DEADLINE_MS);
  await expect(call).resolves.toContain("import");
});

test("what is not answered, and what fails, is unavailable", async () => {
  await expect(
    underDeadline({ what: "get", start: never, deadlineMs: DEADLINE_MS }),
  ).rejects.toMatchObject({
    name: "HazelcastUnavailable",
    message: "hazelcast: get: no answer in 500 ms",
  });
  await expect(
    underDeadline({ what: "set", start: fail, deadlineMs: DEADLINE_MS }),
  ).rejects.toMatchObject({ message: "hazelcast: set: Connection closed" });
});
