import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { listenFor } from "../../../src/operations/status/patience.ts";

const ALLOWED_MS = 100;

function beBusyFor(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

describe("who listens for an answer", () => {
  test("accepts one that lay unread while this process was busy for far longer", async () => {
    const heard = listenFor(delay(1, "here"), ALLOWED_MS);
    beBusyFor(5 * ALLOWED_MS);
    const answer = await heard;
    expect(answer).toMatchObject({ kind: "answered", value: "here" });
    expect("ms" in answer && answer.ms <= ALLOWED_MS).toBe(true);
  });

  test("gives up on one that does not come, also when it is busy now and then", async () => {
    const asked = Promise.withResolvers<never>();
    const heard = listenFor(asked.promise, ALLOWED_MS);
    for (let turns = 0; turns < 3; turns += 1) {
      beBusyFor(10);
      await turn();
    }
    expect(await heard).toEqual({ kind: "silent" });
  });

  test("says why it failed", async () => {
    const error = new Error("refused");
    expect(await listenFor(Promise.reject(error), ALLOWED_MS)).toEqual({ kind: "failed", error });
  });
});
