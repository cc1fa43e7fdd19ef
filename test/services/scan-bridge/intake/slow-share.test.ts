/** Rounds on a share where each request takes time: the clock advances with each. */
import { afterEach, expect, test } from "vitest";
import { Rounds } from "../../../../src/services/scan-bridge/intake/rounds.ts";
import { Unfinished } from "../../../../src/services/scan-bridge/intake/unfinished.ts";
import { WhichDays } from "../../../../src/services/scan-bridge/intake/which-days.ts";
import { type IntakeStage, openIntakeStage } from "../../../helpers/intake-stage.ts";

const OLD = ["2026-03-18", "2026-03-19", "2026-03-20"];
const BEFORE = "2026-03-24";
const DAY = "2026-03-25";
const FILES_A_DAY = 700;
const ANSWER_MS = 10;
const POLL_MS = 5_000;
const SECOND_MS = 1_000;
const SHOWN_MS = 60_000;
/** Into these minutes fall the start, the sweep of the newest days and the visit of the old ones. */
const SHOWN_AT_MS = [0, 10 * 60_000, 60 * 60_000];

let stage: IntakeStage;
afterEach(() => stage.close());

function openSlowShare() {
  const asked = { sinceTurnMs: 0, mostMs: 0, ofOldDays: 0, stats: 0 };
  stage = openIntakeStage(1_000, (folder, clock) => {
    const wait = (): void => {
      clock.ms += ANSWER_MS;
      asked.sinceTurnMs += ANSWER_MS;
      asked.mostMs = Math.max(asked.mostMs, asked.sinceTurnMs);
    };
    return {
      ...folder,
      stat(file) {
        wait();
        asked.stats += 1;
        return folder.stat(file);
      },
      mark(day) {
        wait();
        if (OLD.includes(day)) asked.ofOldDays += 1;
        return folder.mark(day);
      },
    };
  });
  const { nowMs, nowUs, intake, reader: archive } = stage;
  const rounds = new Rounds({
    archive,
    intake,
    unfinished: new Unfinished({ archive, intake, journal: stage.journal, nowMs, nowUs }),
    watch: null,
    reconcileMs: POLL_MS,
    whichDays: new WhichDays({
      archive,
      journal: stage.journal,
      since: OLD[0]!,
      startedAfterDay: null,
      newestDay: () => DAY,
      nowUs,
      nowMs,
    }),
    nowMs,
    cpuMs: () => 0,
    onProgress() {},
    log() {},
    warn() {},
  });
  const fill = (day: string): void => {
    const files = Array.from({ length: FILES_A_DAY }, (_, at) => `${day}/${at}.arrow`);
    const verdict = { kind: "quarantined", reason: "test", detail: "" } as const;
    const rows = files.map((file) => {
      stage.put(file);
      return { file, ...stage.folder.stat(file)!, verdict, atUs: nowUs() };
    });
    stage.journal.append([], rows);
    for (const file of files) intake.settled(file);
  };
  return { ...stage, rounds, asked, fill };
}

test("a live scan waits for no sweep, no old day and no young file", async () => {
  const { rounds, asked, fill, put, settle, takeAll, clock } = openSlowShare();
  for (const day of [...OLD, BEFORE, DAY]) fill(day);
  const startMs = clock.ms;
  const waits: number[] = [];
  const live = { file: "", writtenMs: 0 };
  let restedMs = 0;
  const takeFound = (): void => {
    for (const file of takeAll()) {
      if (file === live.file) {
        waits.push(clock.ms - live.writtenMs);
        live.file = "";
      }
      settle(file);
    }
    if (live.file !== "") return;
    live.file = `${DAY}/live-${clock.ms}.arrow`;
    live.writtenMs = clock.ms;
    put(live.file);
  };
  const rest = async (ms: number): Promise<boolean> => {
    asked.sinceTurnMs = 0;
    restedMs += ms;
    clock.ms += ms;
    takeFound();
    return false;
  };
  for (const atMs of SHOWN_AT_MS) {
    if (live.file !== "") settle(live.file);
    live.file = "";
    clock.ms = startMs + atMs;
    while (clock.ms < startMs + atMs + SHOWN_MS) {
      asked.sinceTurnMs = 0;
      const pauseMs = await rounds.run();
      takeFound();
      await rounds.pause(pauseMs, rest);
    }
  }
  expect(waits.length).toBeGreaterThan(SHOWN_AT_MS.length * 5);
  expect(Math.max(...waits)).toBeLessThanOrEqual(POLL_MS + SECOND_MS);
  // Half of the time is left to those who wait for an answer of something else.
  expect(restedMs).toBeGreaterThan((SHOWN_AT_MS.length * SHOWN_MS) / 2);
  expect(asked.mostMs).toBeLessThan(100);
  // It did get to the sweep and to the old days.
  expect(asked.stats).toBeGreaterThan(2 * FILES_A_DAY);
  expect(asked.ofOldDays).toBeGreaterThan(OLD.length);
});

test("what is found in a pause is a rewritten file, too", async () => {
  const { rounds, fill, put, takeAll, clock } = openSlowShare();
  fill(DAY);
  clock.ms += 11 * 60_000;
  put(`${DAY}/7.arrow`, "other bytes");
  const seen: string[] = [];
  for (let round = 0; round < 10; round++) {
    await rounds.pause(await rounds.run(), async (ms) => {
      clock.ms += ms;
      return false;
    });
    seen.push(...takeAll());
  }
  expect(seen).toContain(`${DAY}/7.arrow`);
});

test("a round that is asked for ends the pause at once", async () => {
  const { rounds, fill, clock } = openSlowShare();
  fill(DAY);
  clock.ms += 11 * 60_000;
  let rests = 0;
  await rounds.pause(await rounds.run(), async () => {
    rests += 1;
    return true;
  });
  expect(rests).toBe(1);
});
