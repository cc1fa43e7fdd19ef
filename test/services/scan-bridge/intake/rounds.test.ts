import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { ArchiveReader } from "../../../../src/services/scan-bridge/intake/archive-reader.ts";
import { Rounds } from "../../../../src/services/scan-bridge/intake/rounds.ts";
import { type IntakeStage, openIntakeStage } from "../../../helpers/intake-stage.ts";

const OLD = "2026-03-20";
const BEFORE = "2026-03-24";
const DAY = "2026-03-25";
let stage: IntakeStage;
afterEach(() => stage.close());

function openRounds(options: { checkpointDay?: string; reader?: Partial<ArchiveReader> } = {}) {
  stage = openIntakeStage();
  const lines: string[] = [];
  const listed: string[] = [];
  const archive: ArchiveReader = {
    ...stage.reader,
    names(day) {
      listed.push(day);
      return stage.reader.names(day);
    },
    ...options.reader,
  };
  const rounds = new Rounds({
    archive,
    intake: stage.intake,
    watch: null,
    reconcileMs: 5_000,
    checkpointDay: () => options.checkpointDay ?? DAY,
    firstDay: (days) => days[0] ?? null,
    nowMs: stage.nowMs,
    onProgress() {},
    log: (line) => lines.push(line),
  });
  return { ...stage, rounds, lines, listed };
}

/** Past the time in which a folder's time stamp may hide a change. */
const SETTLED_MS = 3_000;

test("the first listing finds what waited, later ones what came since", async () => {
  const { rounds, intake, put, clock } = openRounds();
  put(`${DAY}/a.arrow`);
  expect(await rounds.run()).toBe(5_000);
  expect(intake.take()).toMatchObject({ foundByFirstListing: true });
  put(`${DAY}/b.arrow`);
  clock.ms += 5_000;
  await rounds.run();
  expect(intake.take()).toMatchObject({ name: `${DAY}/a.arrow` });
  expect(intake.take()).toMatchObject({ name: `${DAY}/b.arrow`, foundByFirstListing: false });
});

test("a round a minute overdue has watched nothing: what it finds is replayed", async () => {
  const { rounds, intake, put, clock } = openRounds();
  put(`${DAY}/a.arrow`);
  const pauseMs = await rounds.run();
  intake.take();
  put(`${DAY}/b.arrow`);
  clock.ms += pauseMs + 60_001;
  await rounds.run();
  intake.take();
  expect(intake.take()).toMatchObject({ name: `${DAY}/b.arrow`, foundByFirstListing: true });
});

test("a folder is listed again only when it has changed", async () => {
  const { rounds, listed, put, settle, clock } = openRounds();
  put(`${DAY}/a.arrow`);
  await rounds.run();
  settle(`${DAY}/a.arrow`);
  for (let round = 0; round < 3; round++) {
    clock.ms += SETTLED_MS;
    await rounds.run();
  }
  const before = listed.length;
  for (let round = 0; round < 10; round++) {
    clock.ms += SETTLED_MS;
    await rounds.run();
  }
  expect(listed).toHaveLength(before);
  put(`${DAY}/b.arrow`);
  await rounds.run();
  expect(listed).toHaveLength(before + 1);
});

test("days before yesterday's are listed every hour, and the newest two are swept every ten minutes", async () => {
  const { rounds, put, settle, takeAll, clock } = openRounds();
  for (const day of [OLD, BEFORE, DAY]) put(`${day}/a.arrow`);
  await rounds.run();
  expect(takeAll()).toEqual([`${BEFORE}/a.arrow`, `${DAY}/a.arrow`]);
  for (const day of [BEFORE, DAY]) settle(`${day}/a.arrow`);
  clock.ms += 9 * 60_000;
  // Rewritten in place: neither the folder nor an event tells it.
  put(`${DAY}/a.arrow`, "other bytes");
  await rounds.run();
  expect(takeAll()).toEqual([]);
  clock.ms += 61_000;
  await rounds.run();
  expect(takeAll()).toEqual([`${DAY}/a.arrow`]);
  clock.ms += 50 * 60_000;
  await rounds.run();
  expect(takeAll()).toContain(`${OLD}/a.arrow`);
});

test("asked to forget, it looks at every file of every day", async () => {
  const { rounds, put, settle, takeAll } = openRounds();
  for (const day of [OLD, BEFORE, DAY]) put(`${day}/a.arrow`);
  await rounds.run();
  takeAll();
  settle(`${DAY}/a.arrow`);
  rounds.forget();
  expect(rounds.isForgetful).toBe(true);
  await rounds.run();
  expect(takeAll()).toEqual([`${OLD}/a.arrow`, `${BEFORE}/a.arrow`]);
  expect(rounds.isForgetful).toBe(false);
});

test("a missing archive is told once, waited for, and listed when it comes", async () => {
  const { rounds, lines, put, archive, takeAll } = openRounds();
  expect(await rounds.run()).toBe(1_000);
  await rounds.run();
  expect(rounds.state).toBe("missing");
  expect(lines).toEqual(["the archive folder does not exist: waiting for it"]);
  put(`${DAY}/a.arrow`);
  await rounds.run();
  expect(rounds.state).toBe("ok");
  expect(takeAll()).toEqual([`${DAY}/a.arrow`]);
  rmSync(archive, { recursive: true });
  await rounds.run();
  expect(rounds.state).toBe("missing");
});

test("a folder that cannot be listed is told once and hides no other", async () => {
  let isForbidden = true;
  const names = (day: string) => {
    if (isForbidden && day === BEFORE) throw new Error("EACCES: permission denied");
    return stage.reader.names(day);
  };
  const { rounds, lines, put, takeAll } = openRounds({ reader: { names } });
  for (const day of [BEFORE, DAY]) put(`${day}/a.arrow`);
  for (let round = 0; round < 3; round++) {
    await rounds.run();
    expect(rounds.state).toBe("error");
  }
  expect(takeAll()).toEqual([`${DAY}/a.arrow`]);
  expect(lines).toEqual(["the archive cannot be listed: EACCES: permission denied"]);
  isForbidden = false;
  await rounds.run();
  expect(rounds.state).toBe("ok");
  expect(takeAll()).toContain(`${BEFORE}/a.arrow`);
});

test("folders that look like days and are none are told once", async () => {
  const { rounds, lines, put, archive, takeAll } = openRounds();
  put("2026-02-30/a.arrow");
  mkdirSync(join(archive, "notes"));
  await rounds.run();
  await rounds.run();
  expect(lines).toEqual(["2026-02-30 is not a day: its files are not read"]);
  expect(takeAll()).toEqual([]);
});
