import { afterEach, expect, test } from "vitest";
import {
  TRIED_PER_ROUND,
  Unfinished,
} from "../../../../src/services/scan-bridge/intake/unfinished.ts";
import { type IntakeStage, openIntakeStage } from "../../../helpers/intake-stage.ts";

const FILE = "2026-03-25/a.arrow";
let stage: IntakeStage;
afterEach(() => stage.close());

function openUnfinished() {
  stage = openIntakeStage();
  const { reader: archive, intake, journal, nowMs, nowUs } = stage;
  const unfinished = new Unfinished({ archive, intake, journal, nowMs, nowUs });
  /** Takes the file that waits and finds it unfinished for this reason, as the pump does. */
  const examine = (reason: string) => {
    const candidate = intake.take()!;
    const stat = reason === "unreadable" ? null : stage.reader.stat(FILE);
    return unfinished.keep(candidate, { kind: "unfinished", reason, detail: "why", stat });
  };
  return { ...stage, unfinished, examine };
}

test("a file that grows is examined again each time, and given up after two still seconds", () => {
  const { unfinished, examine, intake, put, clock } = openUnfinished();
  put(FILE, "1");
  intake.offer(FILE);
  expect(examine("truncated")).toBeNull();
  for (const text of ["12", "123", "1234"]) {
    clock.ms += 1_900;
    put(FILE, text);
    expect(unfinished.review()).toEqual([]);
    expect(examine("truncated")).toBeNull();
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
  const { unfinished, examine, intake, put, remove } = openUnfinished();
  put(FILE);
  intake.offer(FILE);
  examine("truncated");
  remove(FILE);
  expect(unfinished.review()).toEqual([]);
  expect(unfinished.count).toBe(0);
});

test("what cannot be opened is tried at once, reported once, and tried in every round", () => {
  const { unfinished, examine, intake, put, clock } = openUnfinished();
  put(FILE);
  intake.offer(FILE);
  examine("unreadable");
  clock.ms += 250;
  expect(unfinished.review()).toEqual([]);
  // One error may have been all: it waits again.
  examine("unreadable");
  clock.ms += 2_000;
  expect(unfinished.review()).toHaveLength(1);
  intake.settled(FILE);
  for (let round = 0; round < 5; round++) {
    clock.ms += 5_000;
    for (const _ of unfinished.retryUnreadable());
    expect(examine("unreadable")).toBeNull();
    expect(unfinished.review()).toEqual([]);
  }
  expect(unfinished.count).toBe(0);
  // Read at last.
  for (const _ of unfinished.retryUnreadable());
  expect(intake.take()?.name).toBe(FILE);
  unfinished.settled(FILE);
  for (const _ of unfinished.retryUnreadable());
  expect(intake.length).toBe(0);
});

test("a failed read replaces no verdict, and is tried in every round", () => {
  const { unfinished, examine, intake, put, settle, takeAll, clock } = openUnfinished();
  put(FILE);
  settle(FILE);
  // Rewritten, and then not to be read.
  put(FILE, "other bytes");
  intake.offer(FILE);
  examine("unreadable");
  clock.ms += 2_000;
  expect(unfinished.review()).toEqual([]);
  expect(unfinished.count).toBe(0);
  expect([...unfinished.retryUnreadable()]).toHaveLength(1);
  expect(takeAll()).toEqual([FILE]);
});

test("of thousands that cannot be opened a part is tried in each round, and all once one is read", () => {
  const { unfinished, intake, put, takeAll, clock } = openUnfinished();
  const files = Array.from({ length: 2 * TRIED_PER_ROUND + 1 }, (_, n) => `2026-03-25/${n}.arrow`);
  for (const file of files) {
    put(file);
    intake.offer(file);
    const examined = {
      kind: "unfinished",
      reason: "unreadable",
      detail: "why",
      stat: null,
    } as const;
    unfinished.keep(intake.take()!, examined);
  }
  clock.ms += 2_000;
  const verdicts = unfinished.review();
  while (unfinished.isReviewing) verdicts.push(...unfinished.review());
  expect(verdicts).toHaveLength(files.length);
  for (const { file } of verdicts) intake.settled(file);
  const round = () => {
    for (const _ of unfinished.retryUnreadable());
    return takeAll();
  };
  const tried = [round(), round(), round()];
  expect(tried.map((each) => each.length)).toEqual([
    TRIED_PER_ROUND,
    TRIED_PER_ROUND,
    TRIED_PER_ROUND,
  ]);
  expect(new Set(tried.flat())).toEqual(new Set(files));
  unfinished.settled(files[0]!);
  expect(new Set(round())).toEqual(new Set(files.slice(1)));
  expect(round()).toHaveLength(TRIED_PER_ROUND);
});

test("all that are read again at once are forgotten, also in the middle of a round", () => {
  const { unfinished, intake, put, takeAll, clock } = openUnfinished();
  const files = ["1", "2", "3", "4"].map((n) => `2026-03-25/${n}.arrow`);
  for (const file of files) {
    put(file);
    intake.offer(file);
    const examined = {
      kind: "unfinished",
      reason: "unreadable",
      detail: "why",
      stat: null,
    } as const;
    unfinished.keep(intake.take()!, examined);
  }
  clock.ms += 2_000;
  for (const { file } of unfinished.review()) intake.settled(file);
  const round = unfinished.retryUnreadable();
  round.next();
  for (const file of files.slice(1)) unfinished.settled(file);
  expect([...round]).toEqual([]);
  expect(takeAll()).toEqual(files.slice(0, 1));
  unfinished.settled(files[0]!);
  expect([...unfinished.retryUnreadable()]).toEqual([]);
  expect(takeAll()).toEqual([]);
});
