import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FOLD_WINDOW_MS, foldRepeats } from "../../../src/adapters/hazelcast/fold-repeats.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function stage() {
  const said: string[] = [];
  const folded = foldRepeats((level, message) => said.push(`${level} ${message}`));
  return { said, ...folded };
}

test("an outage of five minutes at two retries a second is a handful of lines, not thousands", () => {
  const { said, say } = stage();
  for (let attempt = 0; attempt < 600; attempt += 1) {
    say("warn", `ConnectionManager: retry in ${400 + (attempt % 99)} ms, attempt ${attempt}`);
    say("warn", "ConnectionManager: connect ECONNREFUSED 127.0.0.1:5701");
    vi.advanceTimersByTime(500);
  }
  expect(said.slice(0, 4)).toEqual([
    "warn ConnectionManager: retry in 400 ms, attempt 0",
    "warn ConnectionManager: connect ECONNREFUSED 127.0.0.1:5701",
    "warn ConnectionManager: retry in 420 ms, attempt 119 (119 like this, within a minute)",
    "warn ConnectionManager: connect ECONNREFUSED 127.0.0.1:5701 (119 like this, within a minute)",
  ]);
  expect(said.length).toBeLessThanOrEqual(12);
});

test("a message that came once is said at once, and again when it comes after a quiet minute", () => {
  const { said, say } = stage();
  say("error", "Invocation: closed");
  expect(said).toEqual(["error Invocation: closed"]);
  vi.advanceTimersByTime(FOLD_WINDOW_MS);
  say("error", "Invocation: closed");
  expect(said).toHaveLength(2);
});

test("what is held back at the end is reported, and kinds that are too many are not kept", () => {
  const { said, say, flush } = stage();
  for (let time = 0; time < 3; time += 1) say("warn", "away");
  flush();
  expect(said).toEqual(["warn away", "warn away (2 like this, within a minute)"]);
  for (let kind = 0; kind < 300; kind += 1) say("warn", "x".repeat(kind + 1));
  expect(said).toHaveLength(302);
  flush();
  expect(said).toHaveLength(302);
});
