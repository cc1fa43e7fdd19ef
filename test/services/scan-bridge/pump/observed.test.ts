import { afterEach, expect, test } from "vitest";
import type { JournalScan } from "../../../../src/adapters/scan-journal/scan-journal.ts";
import { nextAct } from "../../../../src/domain/scan/pump-act.ts";
import type { NewScan } from "../../../../src/services/scan-bridge/intake/examine.ts";
import { Unfinished } from "../../../../src/services/scan-bridge/intake/unfinished.ts";
import { Observed } from "../../../../src/services/scan-bridge/pump/observed.ts";
import { hashOf } from "../../../../src/wire/scan-hash.ts";
import { type IntakeStage, openIntakeStage } from "../../../helpers/intake-stage.ts";

const FILE = "2026-03-25/a.arrow";
let stage: IntakeStage;
afterEach(() => stage.close());

function openObserved() {
  stage = openIntakeStage();
  const { reader: archive, intake, journal, nowMs, nowUs } = stage;
  const unfinished = new Unfinished({ archive, intake, journal, nowMs, nowUs });
  const observed = new Observed({ journal, intake, unfinished, lastSeq: 0, newest: null, nowMs });
  const act = (isSent = false) => nextAct(observed.view(false, isSent), nowMs()).kind;
  return { ...stage, observed, act };
}

/** The file that waits, as a scan and as its row. */
function scanOf({ intake, nowUs }: Pick<IntakeStage, "intake" | "nowUs">, late = false) {
  const candidate = intake.take()!;
  const hash = hashOf(Buffer.from(candidate.name));
  const stat = { size: 1, mtimeUs: candidate.mtimeUs };
  const [scanNumber, file] = [7, candidate.name];
  const scan: NewScan = {
    candidate,
    stat,
    hash,
    scanNumber,
    assetCount: 1,
    assetsInvalid: 0,
    members: "",
    decodedUs: 0,
  };
  const row: JournalScan = {
    ...stat,
    seq: 1,
    epoch: 1,
    file,
    hash,
    scanNumber,
    late,
    timeUs: candidate.timeUs,
    replayed: false,
    pushedUs: nowUs(),
  };
  return { scan, row };
}

test("what waits at the start is taken first, and the tick comes right behind it", () => {
  const { observed, act, put, intake } = openObserved();
  for (const file of [FILE, "2026-03-25/b.arrow"]) {
    put(file);
    intake.offer(file);
  }
  const acts = [act()];
  observed.turned();
  acts.push(act());
  observed.ticking();
  acts.push(act());
  observed.reviewed();
  acts.push(act());
  expect(acts).toEqual(["take", "tick", "review", "take"]);
});

test("a quiet pump learns, ticks, reviews and waits, and a file is taken at once", () => {
  const { observed, act, put, intake } = openObserved();
  const acts = [act()];
  observed.learned(false);
  acts.push(act());
  observed.ticking();
  acts.push(act());
  observed.reviewed();
  acts.push(act());
  observed.learned(true);
  acts.push(act());
  put(FILE);
  intake.offer(FILE);
  acts.push(act());
  expect(acts).toEqual(["learn", "tick", "review", "learn", "wait", "take"]);
});

test("what waits, what is under way and how old the data is, is reported until it is published", () => {
  const opened = openObserved();
  const { observed, put, intake, clock } = opened;
  expect(observed.facts()).toMatchObject({ backlog: 0, newestDataAgeS: null });
  put(FILE);
  intake.offer(FILE);
  clock.ms += 3_000;
  expect(observed.facts()).toMatchObject({ backlog: 1, oldestUnpushedAgeS: 3 });
  const { scan, row } = scanOf(opened);
  observed.journaled([row], { name: FILE, scanNumber: 7, timeUs: row.timeUs });
  observed.sent([scan]);
  expect(observed.lastSeq).toBe(1);
  expect(observed.facts()).toMatchObject({ backlog: 1, oldestUnpushedAgeS: 3 });
  observed.published([row], [scan]);
  expect(observed.facts()).toMatchObject({
    backlog: 0,
    oldestUnpushedAgeS: null,
    newestDataAgeS: 3,
    settledAgeS: 0,
  });
});

test("a late scan does not make the data newer", () => {
  const opened = openObserved();
  const { observed, put, intake } = opened;
  put(FILE);
  intake.offer(FILE);
  const { scan, row } = scanOf(opened, true);
  observed.published([row], [scan]);
  expect(observed.facts().newestDataAgeS).toBeNull();
});

test("while the journal refuses nothing is taken and nothing counts as stuck", () => {
  const { observed, act, put, intake } = openObserved();
  put(FILE);
  intake.offer(FILE);
  observed.ticking();
  observed.turned();
  expect(act()).toBe("take");
  observed.turned();
  observed.refused();
  expect([act(), observed.facts().settledAgeS]).toEqual(["wait", null]);
  observed.turned();
  expect(act()).toBe("take");
});
