import { expect, test } from "vitest";
import { RivalPublisher } from "../../../src/services/shell/rival-publisher.ts";

const OWN = { service: "trader-blue", pid: 1, host: "a", started_at: "2026-03-25T12:00:00Z" };
const textOf = (of: Partial<typeof OWN>) => JSON.stringify({ ...OWN, ...of, state: "running" });

const thrice = (of: Partial<typeof OWN>) => [of, of, of];

/** A sighting each second; null: our own heartbeat still stands there. */
function notesAfter(sightings: readonly (Partial<typeof OWN> | string | null)[], laterMs = 0) {
  const rival = new RivalPublisher(OWN);
  sightings.forEach((of, second) =>
    rival.replaced(typeof of === "string" ? of : textOf(of ?? {}), second * 1_000),
  );
  return rival.notes((sightings.length - 1) * 1_000 + laterMs).map(({ says }) => says);
}

test.each([
  ["nobody else", [null, null, null], 0],
  ["the last beats of the process before", [{ pid: 9 }, { pid: 9 }, null, null, null], 0],
  ["a foreign text", ["", "null", "nonsense", "7", "{}"], 0],
  ["another process on this host", [{ pid: 9 }, { pid: 9 }, { pid: 9 }], 1],
  ["the same pid on another host", [{ host: "b" }, { host: "b" }, null, { host: "b" }], 1],
  ["a pid that was used again", thrice({ started_at: "2026-03-25T13:00:00Z" }), 1],
])("%s: %j give %i notes", (_, sightings, count) => {
  expect(notesAfter(sightings)).toHaveLength(count);
});

test("it says who and what to do, until the other is gone", () => {
  const seen = thrice({ pid: 9, host: "b" });
  expect(notesAfter(seen)).toEqual([
    expect.stringMatching(/another trader-blue \(pid 9 on b, since 2026.*hazelcast\.prefix/),
  ]);
  expect(notesAfter(seen, 10_001)).toEqual([]);
});
