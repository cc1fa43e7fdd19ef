import { afterEach, expect, test } from "vitest";
import { Unfinished } from "../../../../src/services/scan-bridge/intake/unfinished.ts";
import { type IntakeStage, openIntakeStage } from "../../../helpers/intake-stage.ts";

const FILE = "2026-03-25/a.arrow";
let stage: IntakeStage;
afterEach(() => stage.close());

function openUnfinished() {
  stage = openIntakeStage();
  const { reader: archive, intake, nowMs, nowUs } = stage;
  const unfinished = new Unfinished({ archive, intake, nowMs, nowUs });
  /** Takes the file that waits and finds it unfinished for this reason, as the pump does. */
  const look = (reason: string) => {
    const candidate = intake.take()!;
    const stat = reason === "unreadable" ? null : stage.reader.stat(FILE);
    return unfinished.keep(candidate, { kind: "unfinished", reason, detail: "why", stat });
  };
  return { ...stage, unfinished, look };
}

test("a file that grows is looked at again each time, and given up after two still seconds", () => {
  const { unfinished, look, intake, put, clock } = openUnfinished();
  put(FILE, "1");
  intake.offer(FILE);
  expect(look("truncated")).toBeNull();
  for (const text of ["12", "123", "1234"]) {
    clock.ms += 1_900;
    put(FILE, text);
    expect(unfinished.review()).toEqual([]);
    expect(look("truncated")).toBeNull();
  }
  clock.ms += 1_999;
  expect(unfinished.review()).toEqual([]);
  clock.ms += 1;
  const verdict = { kind: "quarantined", reason: "truncated", detail: "why" };
  expect(unfinished.review()).toMatchObject([{ file: FILE, size: 4, verdict }]);
  expect(unfinished.count).toBe(0);
  expect(intake.length).toBe(0);
});

test("a file that goes away is forgotten", () => {
  const { unfinished, look, intake, put, remove } = openUnfinished();
  put(FILE);
  intake.offer(FILE);
  look("truncated");
  remove(FILE);
  expect(unfinished.review()).toEqual([]);
  expect(unfinished.count).toBe(0);
});

test("what cannot be opened is tried at once, told once, and tried in every round", () => {
  const { unfinished, look, intake, put, clock } = openUnfinished();
  put(FILE);
  intake.offer(FILE);
  look("unreadable");
  clock.ms += 250;
  expect(unfinished.review()).toEqual([]);
  // One error may have been all: it waits again.
  look("unreadable");
  clock.ms += 2_000;
  expect(unfinished.review()).toHaveLength(1);
  intake.settled(FILE);
  for (let round = 0; round < 5; round++) {
    clock.ms += 5_000;
    unfinished.retryUnreadable();
    expect(look("unreadable")).toBeNull();
    expect(unfinished.review()).toEqual([]);
  }
  expect(unfinished.count).toBe(0);
  // Read at last.
  unfinished.retryUnreadable();
  expect(intake.take()?.name).toBe(FILE);
  unfinished.settled(FILE);
  unfinished.retryUnreadable();
  expect(intake.length).toBe(0);
});
