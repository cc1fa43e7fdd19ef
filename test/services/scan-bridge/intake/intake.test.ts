import * as fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import type { JournalScan } from "../../../../src/adapters/scan-journal/scan-journal.ts";
import { numberScans } from "../../../../src/services/scan-bridge/commit/numbering.ts";
import type { ArchiveReader } from "../../../../src/services/scan-bridge/archive/archive-reader.ts";
import { type Candidate, Intake } from "../../../../src/services/scan-bridge/intake/intake.ts";
import { type IntakeStage, openIntakeStage } from "../../../helpers/intake-stage.ts";

const DAY = "2026-03-25";
let stage: IntakeStage;
afterEach(() => stage.close());

test("what waits is taken by time, then by name, in whatever order it was found", () => {
  stage = openIntakeStage();
  const { intake, put, takeAll } = stage;
  put(`${DAY}/b.arrow`, "b", 500_000);
  put(`${DAY}/a.arrow`, "a", 500_000);
  put(`${DAY}/late.arrow`, "late", 400_000);
  put(`${DAY}/new.arrow`, "new", 600_000);
  intake.offer(`${DAY}/new.arrow`);
  const listing = intake.newListing();
  for (const name of ["b", "a"]) intake.stage(listing, `${DAY}/${name}.arrow`, false);
  expect(intake.length).toBe(1);
  // Another listing that ends meanwhile must not have it join half done.
  intake.merge(intake.newListing());
  expect(intake.length).toBe(1);
  intake.merge(listing);
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

/** The order in which the names of a folder come is chance. */
function shuffled(files: readonly string[]): readonly string[] {
  const order = fc.sample(fc.shuffledSubarray([...files], { minLength: files.length }), 1);
  return order[0]!;
}

test("a writer whose clock is ahead keeps its order, in a listing and in events meanwhile", () => {
  stage = openIntakeStage();
  const { intake, put, clock } = stage;
  // A folder that keeps full seconds gives many one time, and their numbers have no zeros.
  const files = Array.from({ length: 50 }, (_, at) => `${DAY}/scan_${at + 1}.arrow`);
  const aheadMs = clock.ms + 600_000;
  for (const [at, file] of files.entries()) put(file, file, aheadMs + 1_000 * Math.floor(at / 7));
  const [newest, older, ...others] = files.toReversed();
  const listed = shuffled(others);
  const listing = intake.newListing();
  for (const [at, file] of listed.entries()) {
    clock.ms += 1;
    intake.stage(listing, file, false);
    if (at === 10) intake.offer(newest!);
    if (at === 20) intake.offer(older!);
  }
  intake.merge(listing);
  const taken = files.map(() => intake.take()!);
  expect(taken.map(({ name }) => name)).toEqual(files);
  expect(new Set(taken.map(({ firstSeenUs }) => firstSeenUs)).size).toBe(1);
  expect(rowsOf(taken).map(({ late }) => late)).toEqual(files.map(() => false));
  // The next one has its event in the same microsecond.
  put(`${DAY}/scan_51.arrow`, "51", aheadMs);
  intake.offer(`${DAY}/scan_51.arrow`);
  expect(intake.take()!.timeUs).toBeGreaterThan(taken.at(-1)!.timeUs);
});

test("files that are ahead of a clock that was set back count as first seen by it", () => {
  stage = openIntakeStage();
  const { intake, put, takeAll, clock } = stage;
  put(`${DAY}/a.arrow`, "a", clock.ms + 9_000_000);
  intake.offer(`${DAY}/a.arrow`);
  takeAll();
  clock.ms -= 500_000;
  put(`${DAY}/b.arrow`, "b", clock.ms + 9_000_000);
  intake.offer(`${DAY}/b.arrow`);
  expect(intake.take()?.timeUs).toBe(clock.ms * 1_000);
});

/** As the pump numbers them; the scan's number is the one in its name. */
function rowsOf(candidates: readonly Candidate[]): readonly JournalScan[] {
  const scans = candidates.map((candidate) => ({
    candidate,
    stat: { size: 1, mtimeUs: candidate.mtimeUs },
    hash: Buffer.from(candidate.name),
    scanNumber: Number(/_(\d+)/.exec(candidate.name)?.[1]),
    assetCount: 1,
    assetsInvalid: 0,
    members: "",
    decodedUs: 0,
  }));
  return numberScans(scans, { lastSeq: 0, newest: null, epoch: 1, nowMs: 0, nowUs: 0 }).rows;
}

test("only a whole new name, with nothing before it, goes alone", () => {
  stage = openIntakeStage();
  const { intake, put, settle, takeAll, clock } = stage;
  put(`${DAY}/a.arrow`, "a", 500_000);
  const seen = { firstSeenMs: clock.ms, firstSeenUs: clock.ms * 1_000, timeUs: clock.ms * 1_000 };
  const name = `${DAY}/a.arrow`;
  expect(intake.alone(name)).toMatchObject({ ...seen, name, foundByFirstListing: false });
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
  const listing = intake.newListing();
  intake.stage(listing, file, false);
  intake.merge(listing);
  expect(takeAll()).toEqual([]);
  put(file, "one!", 500_000);
  intake.offer(file);
  expect(takeAll()).toEqual([file]);
  settle(file);
  put(file, "two!", 500_001);
  intake.offer(file);
  expect(takeAll()).toEqual([file]);
});

test("a file settled within two minutes is young, an older one is not", () => {
  stage = openIntakeStage();
  const { intake, put, settle, clock } = stage;
  const file = `${DAY}/a.arrow`;
  put(file, "one");
  settle(file);
  clock.ms += 119_000;
  expect(intake.youngFiles()).toEqual([file]);
  settle(file);
  clock.ms += 121_000;
  expect(intake.youngFiles()).toEqual([]);
});

test("a settled file whose folder cannot be read keeps its verdict; a new one is examined", () => {
  stage = openIntakeStage();
  const { reader, journal, nowUs, nowMs, put, settle } = stage;
  const archive: ArchiveReader = {
    ...reader,
    stat() {
      throw new Error("EIO: i/o error");
    },
  };
  const intake = new Intake({ archive, journal, nowUs, nowMs, queueMax: 10 });
  for (const name of ["known", "new"]) put(`${DAY}/${name}.arrow`);
  settle(`${DAY}/known.arrow`);
  intake.settled(`${DAY}/known.arrow`);
  for (const name of ["known", "new"]) intake.offer(`${DAY}/${name}.arrow`);
  expect([intake.take()?.name, intake.length]).toEqual([`${DAY}/new.arrow`, 0]);
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

test("what a full queue leaves out is listed again when it is short, and nothing is lost", () => {
  stage = openIntakeStage(100);
  const { intake, put, settle, takeAll } = stage;
  const files = Array.from(
    { length: 1_000 },
    (_, at) => `${DAY}/${String(at).padStart(4, "0")}.arrow`,
  );
  for (const [at, file] of files.entries()) put(file, file, 1_000 * at);
  const list = () => {
    const listing = intake.newListing();
    for (const file of files.toReversed()) {
      if (!intake.isPassedOver(DAY, file.slice(11))) intake.stage(listing, file, true);
    }
    intake.merge(listing);
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
    if (intake.takeOverflow() !== null) list();
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
