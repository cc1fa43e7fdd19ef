import * as fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { type IntakeStage, openIntakeStage } from "../../../helpers/intake-stage.ts";

const DAY = "2026-03-25";
let stage: IntakeStage;
afterEach(() => stage.close());

test("what waits is taken by time, then by name, however it was told", () => {
  stage = openIntakeStage();
  const { intake, put, takeAll } = stage;
  put(`${DAY}/b.arrow`, "b", 500_000);
  put(`${DAY}/a.arrow`, "a", 500_000);
  put(`${DAY}/late.arrow`, "late", 400_000);
  put(`${DAY}/new.arrow`, "new", 600_000);
  intake.offer(`${DAY}/new.arrow`);
  for (const name of ["b", "a"]) intake.stage(`${DAY}/${name}.arrow`, false);
  expect(intake.length).toBe(1);
  intake.mergeStaged();
  intake.offer(`${DAY}/late.arrow`);
  intake.offer(`${DAY}/late.arrow`);
  expect(takeAll()).toEqual(["late", "a", "b", "new"].map((name) => `${DAY}/${name}.arrow`));
});

test("a file of the future counts as first seen, and keeps that while it is unfinished", () => {
  stage = openIntakeStage();
  const { intake, put, clock } = stage;
  put(`${DAY}/a.arrow`, "half", clock.ms + 9_000_000);
  intake.offer(`${DAY}/a.arrow`);
  const first = intake.take()!;
  expect(first.timeUs).toBe(clock.ms * 1_000);
  intake.hold(first);
  clock.ms += 5_000;
  intake.offer(`${DAY}/a.arrow`);
  expect(intake.take()).toEqual(first);
  intake.release(first.name);
  intake.offer(`${DAY}/a.arrow`);
  expect(intake.take()?.firstSeenMs).toBe(clock.ms);
});

test("only a whole new name, with nothing before it, goes alone", () => {
  stage = openIntakeStage();
  const { intake, put, settle, takeAll, clock } = stage;
  put(`${DAY}/a.arrow`, "a", 500_000);
  const seen = { firstSeenMs: clock.ms, firstSeenUs: clock.ms * 1_000, timeUs: clock.ms * 1_000 };
  const name = `${DAY}/a.arrow`;
  expect(intake.alone(name)).toEqual({ ...seen, name, foundByFirstListing: false });
  for (const other of [".a.arrow", "a.arrow.tmp", "a\ufffd.arrow"]) {
    expect(intake.alone(`${DAY}/${other}`)).toBeNull();
  }
  put(`${DAY}/b.arrow`);
  intake.offer(`${DAY}/b.arrow`);
  expect(intake.alone(name)).toBeNull();
  takeAll();
  settle(name);
  expect(intake.alone(name)).toBeNull();
});

test("a settled file waits again only with another size or time", () => {
  stage = openIntakeStage();
  const { intake, put, settle, takeAll } = stage;
  const file = `${DAY}/a.arrow`;
  put(file, "one", 500_000);
  intake.offer(file);
  expect(takeAll()).toEqual([file]);
  settle(file);
  intake.offer(file);
  intake.stage(file, false);
  intake.mergeStaged();
  expect(takeAll()).toEqual([]);
  put(file, "one!", 500_000);
  intake.offer(file);
  expect(takeAll()).toEqual([file]);
  settle(file);
  put(file, "two!", 500_001);
  intake.offer(file);
  expect(takeAll()).toEqual([file]);
});

test("a file settled within two minutes is looked at in every round, an older one is not", () => {
  stage = openIntakeStage();
  const { intake, put, settle, takeAll, clock } = stage;
  const file = `${DAY}/a.arrow`;
  put(file, "one");
  settle(file);
  clock.ms += 119_000;
  put(file, "other");
  intake.stageYoung(false);
  intake.mergeStaged();
  expect(takeAll()).toEqual([file]);
  settle(file);
  clock.ms += 121_000;
  put(file, "yet another");
  intake.stageYoung(false);
  intake.mergeStaged();
  expect(takeAll()).toEqual([]);
});

test("no name of a scan, no file, no candidate; a name that is no UTF-8 is one, once", () => {
  stage = openIntakeStage();
  const { intake, put, settle, takeAll } = stage;
  put(`${DAY}/.a.arrow`);
  put(`${DAY}/a.arrow.tmp`);
  for (const name of [".a.arrow", "a.arrow.tmp", "gone.arrow"]) intake.offer(`${DAY}/${name}`);
  expect(takeAll()).toEqual([]);
  const odd = `${DAY}/bad-\ufffd.arrow`;
  intake.offer(odd);
  expect(takeAll()).toEqual([odd]);
  settle(odd);
  intake.offer(odd);
  expect(takeAll()).toEqual([]);
});

test("what a full queue leaves out is listed anew when it is short, and nothing is lost", () => {
  stage = openIntakeStage(100);
  const { intake, put, settle, takeAll } = stage;
  const files = Array.from(
    { length: 1_000 },
    (_, at) => `${DAY}/${String(at).padStart(4, "0")}.arrow`,
  );
  for (const [at, file] of files.entries()) put(file, file, 1_000 * at);
  const list = () => {
    for (const file of files.toReversed()) {
      if (!intake.isPassedOver(DAY, file.slice(11))) intake.stage(file, true);
    }
    intake.mergeStaged();
  };
  list();
  expect(intake.length).toBeLessThanOrEqual(125);
  expect(intake.hasOverflowed).toBe(true);
  // Newer than what was left out: it must not overtake that.
  put(`${DAY}/newest.arrow`, "newest", 999_999);
  intake.offer(`${DAY}/newest.arrow`);
  const taken: string[] = [];
  for (let round = 0; round < 20 && taken.length < files.length; round++) {
    for (const file of takeAll()) {
      settle(file);
      taken.push(file);
    }
    if (intake.takeOverflow()) list();
  }
  expect(taken).toEqual(files);
  intake.offer(`${DAY}/newest.arrow`);
  expect(takeAll()).toEqual([`${DAY}/newest.arrow`]);
});

test("put back, candidates keep their place and their time", () => {
  stage = openIntakeStage();
  const { intake, put, takeAll, clock } = stage;
  fc.assert(
    fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 20 }), (times) => {
      const files = [...new Set(times)].map(
        (time) => `${DAY}/${String(time).padStart(2, "0")}.arrow`,
      );
      for (const file of files) put(file, file, Number(file.slice(11, 13)) * 1_000);
      for (const file of files) intake.offer(file);
      const some = [intake.take()!, ...(intake.length === 0 ? [] : [intake.take()!])];
      clock.ms += 1;
      intake.putBack(some);
      expect(intake.oldest()).toBe(some[0]);
      expect(takeAll()).toEqual(files.toSorted());
    }),
    { numRuns: 50 },
  );
});
