import { mkdirSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { ArchiveWatch } from "../../../../src/adapters/archive/watch-archive.ts";
import type { ArchiveReader } from "../../../../src/services/scan-bridge/archive/archive-reader.ts";
import { Rounds } from "../../../../src/services/scan-bridge/intake/rounds.ts";
import { Unfinished } from "../../../../src/services/scan-bridge/intake/unfinished.ts";
import { WhichDays } from "../../../../src/services/scan-bridge/intake/which-days.ts";
import { type IntakeStage, openIntakeStage } from "../../../helpers/intake-stage.ts";

const OLD = "2026-03-20";
const BEFORE = "2026-03-24";
const DAY = "2026-03-25";
let stage: IntakeStage;
afterEach(() => stage.close());

type Options = {
  readonly reader?: Partial<ArchiveReader>;
  readonly watch?: ArchiveWatch;
  readonly queueMax?: number;
  readonly cpuMs?: () => number;
};

function openRounds(options: Options = {}) {
  stage = openIntakeStage(options.queueMax, (folder) => ({ ...folder, ...options.reader }));
  const lines: string[] = [];
  const listed: string[] = [];
  const archive: ArchiveReader = {
    ...stage.reader,
    names(day) {
      listed.push(day);
      return stage.folder.names(day);
    },
    ...options.reader,
  };
  const { nowMs, nowUs, intake, journal } = stage;
  const rounds = new Rounds({
    archive,
    intake,
    unfinished: new Unfinished({ archive, intake, journal, nowMs, nowUs }),
    watch: options.watch ?? null,
    reconcileMs: 5_000,
    whichDays: new WhichDays({
      archive,
      journal,
      since: OLD,
      startedAfterDay: null,
      newestDay: () => DAY,
      nowUs,
      nowMs,
    }),
    nowMs,
    cpuMs: options.cpuMs ?? (() => 0),
    onProgress() {},
    log: (line) => lines.push(line),
    warn: (line) => lines.push(`warning: ${line}`),
  });
  /** A round with all that its pause has time for. */
  const roundAndPause = async () => rounds.pause(await rounds.run(), async () => false);
  return { ...stage, rounds, roundAndPause, lines, listed };
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

test("a day that cannot be read for long is blind, and no other day is", async () => {
  let isForbidden = false;
  const { rounds, intake, put, settle, clock } = openRounds({
    reader: {
      mark(day) {
        if (isForbidden && day === BEFORE) throw new Error("EACCES: permission denied");
        return stage.folder.mark(day);
      },
    },
  });
  const found = async (file: string): Promise<boolean> => {
    put(file);
    clock.ms += await rounds.run();
    const candidate = intake.take();
    expect(candidate?.name).toBe(file);
    settle(file);
    return candidate!.foundByFirstListing;
  };
  put(`${BEFORE}/a.arrow`);
  put(`${DAY}/a.arrow`);
  await rounds.run();
  for (const day of [BEFORE, DAY]) {
    intake.take();
    settle(`${day}/a.arrow`);
  }
  isForbidden = true;
  for (let n = 0; n < 20; n++) expect(await found(`${DAY}/${n}.arrow`)).toBe(false);
  expect(rounds.state).toBe("error");
  // A day that begins meanwhile was watched from its first moment.
  expect(await found("2026-03-26/a.arrow")).toBe(false);
  isForbidden = false;
  expect(await found(`${BEFORE}/b.arrow`)).toBe(true);
  expect(await found(`${BEFORE}/c.arrow`)).toBe(false);
});

test("a root that takes long to list makes no round longer, and an event of it has it listed", async () => {
  let cpuMs = 0;
  let lists = 0;
  const { rounds, intake, put, settle, clock } = openRounds({
    cpuMs: () => cpuMs,
    reader: {
      *days() {
        lists += 1;
        cpuMs += 100;
        yield;
        return yield* stage.folder.days();
      },
    },
  });
  for (let round = 1; round <= 8; round++) {
    const file = `${DAY}/${round}.arrow`;
    put(file);
    expect(await rounds.run()).toBe(5_000);
    // The day itself is looked at each time.
    expect(intake.take()?.name).toBe(file);
    settle(file);
    clock.ms += 1_000;
  }
  expect(lists).toBe(2);
  put("2026-03-26/a.arrow");
  rounds.listRootNext();
  await rounds.run();
  expect(intake.take()?.name).toBe("2026-03-26/a.arrow");
});

test("a folder is listed again only when it has changed", async () => {
  const { rounds, listed, put, settle, clock } = openRounds();
  for (const day of [BEFORE, DAY]) put(`${day}/a.arrow`);
  await rounds.run();
  for (const day of [BEFORE, DAY]) settle(`${day}/a.arrow`);
  for (let round = 0; round < 3; round++) {
    clock.ms += SETTLED_MS;
    await rounds.run();
  }
  const times = () => listed.filter((day) => day === BEFORE).length;
  const before = times();
  for (let round = 0; round < 10; round++) {
    clock.ms += SETTLED_MS;
    await rounds.run();
  }
  expect(times()).toBe(before);
  put(`${BEFORE}/b.arrow`);
  await rounds.run();
  expect(times()).toBe(before + 1);
});

test("what is polled is listed in every round where scans are expected, though its time stands still", async () => {
  const { rounds, put, settle, takeAll, archive, clock } = openRounds();
  const folder = join(archive, DAY);
  const add = (name: string) => {
    put(`${DAY}/${name}.arrow`);
    utimesSync(folder, 1, 1);
  };
  add("a");
  await rounds.run();
  takeAll();
  settle(`${DAY}/a.arrow`);
  clock.ms += 2 * SETTLED_MS;
  await rounds.run();
  // Made ahead of its day, it is the newest.
  mkdirSync(join(archive, "2026-03-26"));
  for (const name of ["b", "c"]) {
    add(name);
    clock.ms += SETTLED_MS;
    await rounds.run();
    expect(takeAll()).toEqual([`${DAY}/${name}.arrow`]);
    settle(`${DAY}/${name}.arrow`);
  }
});

test("days before yesterday's are listed every hour, and the newest two are swept every ten minutes", async () => {
  const { roundAndPause, put, settle, takeAll, clock } = openRounds();
  for (const day of [OLD, BEFORE, DAY]) put(`${day}/a.arrow`);
  await roundAndPause();
  expect(takeAll()).toEqual([`${BEFORE}/a.arrow`, `${DAY}/a.arrow`]);
  for (const day of [BEFORE, DAY]) settle(`${day}/a.arrow`);
  clock.ms += 9 * 60_000;
  // Rewritten in place: neither the folder nor an event shows it.
  put(`${DAY}/a.arrow`, "other bytes");
  await roundAndPause();
  expect(takeAll()).toEqual([]);
  clock.ms += 61_000;
  await roundAndPause();
  expect(takeAll()).toEqual([`${DAY}/a.arrow`]);
  clock.ms += 50 * 60_000;
  await roundAndPause();
  expect(takeAll()).toContain(`${OLD}/a.arrow`);
});

test("asked to forget, it examines every file of every day", async () => {
  const { rounds, roundAndPause, put, settle, takeAll } = openRounds();
  for (const day of [OLD, BEFORE, DAY]) put(`${day}/a.arrow`);
  await roundAndPause();
  takeAll();
  settle(`${DAY}/a.arrow`);
  rounds.forget();
  await roundAndPause();
  expect(takeAll()).toEqual([`${OLD}/a.arrow`, `${BEFORE}/a.arrow`]);
  await roundAndPause();
  expect(takeAll()).not.toContain(`${OLD}/a.arrow`);
});

test("a missing archive is reported once, waited for, and listed when it comes", async () => {
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

test.each(["names", "mark"] as const)(
  "a folder whose %s cannot be reported is reported once and hides no other",
  async (what) => {
    let isForbidden = true;
    const forbid = <T>(day: string, read: (day: string) => T): T => {
      if (isForbidden && day === BEFORE) throw new Error("EACCES: permission denied");
      return read(day);
    };
    const { rounds, lines, put, takeAll } = openRounds({
      reader: { [what]: (day: string) => forbid<unknown>(day, (one) => stage.folder[what](one)) },
    });
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
  },
);

test("a day that is a link, and names that end in .ARROW, are reported once", async () => {
  const { rounds, lines, put, archive, takeAll, clock } = openRounds();
  for (const name of ["a.ARROW", "b.ARROW", ".c.ARROW", "a.arrow.tmp"]) put(`${DAY}/${name}`);
  put(`${BEFORE}/d.Arrow`);
  symlinkSync(join(archive, DAY), join(archive, "2026-03-23"));
  for (let round = 0; round < 3; round++) {
    clock.ms += SETTLED_MS;
    await rounds.run();
  }
  expect(takeAll()).toEqual([]);
  expect(lines.map((line) => line.replace(/[ab]\.ARROW/, "a.ARROW"))).toEqual([
    "2026-03-23 is a link and no folder: its files are not read",
    `"${BEFORE}/d.Arrow" and similar files in that folder are not read: a scan's name ends in .arrow`,
    `"${DAY}/a.ARROW" and similar files in that folder are not read: a scan's name ends in .arrow`,
  ]);
});

test("folders that look like days and are none are reported once", async () => {
  const { rounds, lines, put, archive, takeAll } = openRounds();
  put("2026-02-30/a.arrow");
  mkdirSync(join(archive, "notes"));
  await rounds.run();
  await rounds.run();
  expect(lines).toEqual(["2026-02-30 is not a day: its files are not read"]);
  expect(takeAll()).toEqual([]);
});

test("where the kernel has no more events to give, it is reported once, and listed each second", async () => {
  let limit: string | null = null;
  const watch = { watchDays: () => [], shortOf: () => limit, close() {} };
  const { rounds, lines, put } = openRounds({ watch });
  put(`${DAY}/a.arrow`);
  expect(await rounds.run()).toBe(5_000);
  limit = "fs.inotify.max_user_watches";
  for (let round = 0; round < 3; round++) expect(await rounds.run()).toBe(1_000);
  expect(rounds.shortOf).toBe(limit);
  limit = null;
  expect(await rounds.run()).toBe(5_000);
  expect(lines).toEqual([
    expect.stringMatching(/^warning: no file events.*fs\.inotify\.max_user_watches/),
    "every folder is watched by events again",
  ]);
});

test("of more files than the queue holds each is asked for once, and they keep their order", async () => {
  let stats = 0;
  const stat = (file: string) => {
    stats += 1;
    return stage.folder.stat(file);
  };
  const { rounds, intake, put, settle } = openRounds({ reader: { stat }, queueMax: 100 });
  const days = Array.from({ length: 20 }, (_, at) => `2026-04-${String(at + 1).padStart(2, "0")}`);
  const files = days.flatMap((day) =>
    Array.from({ length: 20 }, (_, at) => `${day}/${String(at).padStart(2, "0")}.arrow`),
  );
  for (const [at, file] of files.entries()) put(file, file, 1_000 * at);
  const taken: string[] = [];
  for (let round = 0; round < 100 && taken.length < files.length; round++) {
    await rounds.run();
    // A live scan of a day that is left out waits for the days before.
    intake.offer(files.at(-1)!);
    for (let room = 30; 0 < room; room--) {
      const next = intake.take();
      if (next === undefined) break;
      settle(next.name);
      taken.push(next.name);
    }
  }
  expect(taken).toEqual(files);
  expect(stats).toBeGreaterThanOrEqual(files.length);
  expect(stats).toBeLessThanOrEqual(1.1 * files.length);
});
