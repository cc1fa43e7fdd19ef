import { mkdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { listDays } from "../../../../src/adapters/archive/list-archive.ts";
import { MS_PER_DAY, MS_PER_HOUR } from "../../../../src/domain/time.ts";
import type { ArchiveReader } from "../../../../src/services/scan-bridge/archive/archive-reader.ts";
import { WhichDays } from "../../../../src/services/scan-bridge/intake/which-days.ts";
import { type IntakeStage, openIntakeStage } from "../../../helpers/intake-stage.ts";

const TODAY = "2026-03-25";
const TODAY_MS = Date.parse(TODAY);
let stage: IntakeStage;
afterEach(() => stage.close());

type Options = {
  readonly since?: string;
  readonly startedAfterDay?: string;
  readonly reader?: Partial<ArchiveReader>;
};

function openWhichDays({ since, startedAfterDay, reader }: Options = {}) {
  stage = openIntakeStage();
  const { journal, clock, nowMs, archive } = stage;
  let newestDay: string | null = null;
  let todayMs = TODAY_MS;
  const whichDays = new WhichDays({
    archive: { ...stage.reader, ...reader },
    journal,
    since: since ?? null,
    startedAfterDay: startedAfterDay ?? null,
    newestDay: () => newestDay,
    nowUs: () => todayMs * 1_000,
    nowMs,
  });
  const days = () => {
    const found = listDays(stage.archive);
    return found.kind === "listed" ? found.days : [];
  };
  return {
    ...stage,
    whichDays,
    firstDay: () => whichDays.counting(days())[0] ?? null,
    active: () => whichDays.active(whichDays.counting(days())),
    folder: (day: string) => mkdirSync(join(archive, day), { recursive: true }),
    pushed: (day: string) => (newestDay = day),
    pass: (ms: number) => {
      clock.ms += ms;
      todayMs += ms;
    },
  };
}

const HOLDS = "holds a scan";
const EMPTY = "is empty";

test.each<[what: string, folders: Readonly<Record<string, string>>, first: string | null]>([
  ["nothing", {}, null],
  ["today and tomorrow's folder", { "2026-03-25": HOLDS, "2026-03-26": EMPTY }, TODAY],
  ["a scan of tomorrow", { "2026-03-25": HOLDS, "2026-03-26": HOLDS }, TODAY],
  ["a scan of next year", { "2026-03-24": HOLDS, "2027-03-26": HOLDS }, "2026-03-24"],
  ["today's folder, made ahead", { "2026-03-24": HOLDS, "2026-03-25": EMPTY }, "2026-03-24"],
  ["several days", { "2026-03-20": HOLDS, "2026-03-21": HOLDS, "2026-03-22": EMPTY }, "2026-03-21"],
  ["only a scan of tomorrow", { "2026-03-25": EMPTY, "2026-03-26": HOLDS }, TODAY],
  ["only empty ones", { "2026-03-24": EMPTY, "2026-03-25": EMPTY }, TODAY],
])("of an archive with %s the first day is right", (_what, folders, first) => {
  const { firstDay, folder, put, journal } = openWhichDays();
  for (const [day, what] of Object.entries(folders)) {
    if (what === HOLDS) put(`${day}/a.arrow`);
    else folder(day);
  }
  expect(firstDay()).toBe(first);
  const isDecided = Object.values(folders).includes(HOLDS);
  expect(journal.meta("first_day")).toBe(isDecided ? first : null);
});

test("a first start under a clock that is ahead is reported once the clock is right", () => {
  const { firstDay, put, pass, whichDays } = openWhichDays();
  pass(2 * MS_PER_DAY);
  put("2026-03-27/a.arrow");
  expect(firstDay()).toBe("2026-03-27");
  pass(-2 * MS_PER_DAY);
  firstDay();
  expect(whichDays.trouble).toBeNull();
  put(`${TODAY}/b.arrow`);
  firstDay();
  expect(whichDays.trouble).toMatch(
    /^nothing of today, 2026-03-25, is pushed: .* 2026-03-27.* set scan_bridge.since to 2026-03-25/,
  );
  pass(2 * MS_PER_DAY);
  firstDay();
  expect(whichDays.trouble).toBeNull();
});

test("a day whose folder was empty at the start counts when its scans come after midnight", () => {
  const { firstDay, folder, put, pass } = openWhichDays();
  folder(TODAY);
  expect(firstDay()).toBe(TODAY);
  pass(MS_PER_DAY);
  put("2026-03-26/a.arrow");
  expect(firstDay()).toBe(TODAY);
});

test("once decided the first day stays", () => {
  const { firstDay, put, remove } = openWhichDays();
  put(`${TODAY}/a.arrow`);
  firstDay();
  remove(`${TODAY}/a.arrow`);
  put("2026-03-20/a.arrow");
  expect(firstDay()).toBe(TODAY);
});

test("only 'since' moves the first day back", () => {
  const { firstDay, put, journal } = openWhichDays({ since: "2026-03-20" });
  journal.setMeta("first_day", TODAY);
  put("2026-03-20/a.arrow");
  expect(firstDay()).toBe("2026-03-20");
});

test("with a newest scan of the future and a lost journal, yesterday counts", () => {
  const { firstDay, put } = openWhichDays({ startedAfterDay: "2026-03-28" });
  for (const day of ["2026-03-23", "2026-03-24", TODAY]) put(`${day}/a.arrow`);
  expect(firstDay()).toBe("2026-03-24");
});

test("whatever was pushed last, today and its neighbours are active, and the newest day", () => {
  const { active, put, pushed } = openWhichDays({ since: "2026-03-01" });
  const days = ["2026-03-20", "2026-03-23", "2026-03-24", TODAY, "2026-03-26", "2026-03-28"];
  for (const day of days) put(`${day}/a.arrow`);
  expect(active()).toEqual(days);
  pushed("2026-03-30");
  expect(active()).toEqual(["2026-03-24", TODAY, "2026-03-26", "2026-03-28"]);
  pushed("2026-03-24");
  expect(active()).toEqual(days.slice(1));
});

test("scans are expected today, in the newest day, and where the newest came from", () => {
  const { whichDays, pushed } = openWhichDays();
  const days = ["2026-03-20", "2026-03-24", TODAY, "2026-03-26", "2026-03-28"];
  expect(whichDays.current(days)).toEqual([TODAY, "2026-03-28"]);
  pushed("2026-03-24");
  expect(whichDays.current(days)).toEqual(["2026-03-24", TODAY, "2026-03-28"]);
  expect(whichDays.current([])).toEqual([]);
});

test("an old folder that changes is active for an hour, found a few at a time", () => {
  const { active, put, pushed, pass, archive } = openWhichDays({ since: "2025-01-01" });
  const old = Array.from(
    { length: 120 },
    (_, at) => `2025-${twoDigits(1 + at / 28)}-${twoDigits(1 + (at % 28))}`,
  );
  for (const day of [...old, TODAY]) put(`${day}/a.arrow`);
  pushed(TODAY);
  const rounds = () => Array.from({ length: 3 }, () => active()).at(-1);
  expect(rounds()).toEqual([TODAY]);
  put(`${old[77]}/b.arrow`);
  utimesSync(join(archive, old[77]!), 1, 1);
  expect(rounds()).toEqual([old[77], TODAY]);
  pass(MS_PER_HOUR);
  expect(rounds()).toEqual([TODAY]);
});

test("an old folder that appears while the bridge runs is active like one that changes", () => {
  const { active, put, pushed } = openWhichDays({ since: "2025-01-01" });
  for (const day of ["2025-02-01", TODAY]) put(`${day}/a.arrow`);
  pushed(TODAY);
  expect(active()).toEqual([TODAY]);
  put("2025-01-31/a.arrow");
  expect(active()).toEqual(["2025-01-31", TODAY]);
});

test("of many old folders that change at once the newest are active, and a visit of all is due", () => {
  const { active, put, pushed, whichDays, archive } = openWhichDays({ since: "2025-01-01" });
  const old = Array.from({ length: 30 }, (_, at) => `2025-03-${twoDigits(1 + at)}`);
  for (const day of [...old, TODAY]) put(`${day}/a.arrow`);
  pushed(TODAY);
  expect(active()).toEqual([TODAY]);
  expect(whichDays.takeVisitDue()).toBe(false);
  for (const day of old) utimesSync(join(archive, day), 1, 1);
  expect(active()).toEqual([...old.slice(-10), TODAY]);
  expect([whichDays.takeVisitDue(), whichDays.takeVisitDue()]).toEqual([true, false]);
  active();
  expect(whichDays.takeVisitDue()).toBe(false);
});

test("files before the first day are counted, and counted again when their folder changes", () => {
  const { whichDays, firstDay, put, archive } = openWhichDays();
  for (const name of ["2026-03-20/a", "2026-03-20/b", "2026-03-24/c", `${TODAY}/d`]) {
    put(`${name}.arrow`);
  }
  put("2026-03-24/notes.txt");
  utimesSync(join(archive, "2026-03-24"), 1, 1);
  firstDay();
  expect(whichDays.filesBefore).toBe(3);
  put("2026-03-24/e.arrow");
  firstDay();
  expect(whichDays.filesBefore).toBe(4);
});

test("a day that cannot be read holds up no other", () => {
  const { firstDay, put, folder } = openWhichDays({
    reader: {
      names: (day) => (day === TODAY ? forbidden() : stage.reader.names(day)),
      mark: (day) => (day === "2026-03-20" ? forbidden() : stage.reader.mark(day)),
    },
  });
  for (const day of ["2026-03-20", "2026-03-24"]) put(`${day}/a.arrow`);
  folder(TODAY);
  expect(firstDay()).toBe("2026-03-24");
});

function forbidden(): never {
  throw new Error("EACCES: permission denied");
}

function twoDigits(value: number): string {
  return String(Math.floor(value)).padStart(2, "0");
}
