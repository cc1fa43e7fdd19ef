import { expect, test } from "vitest";
import { createArchiveClock, takeStamp } from "../../../src/domain/scan/archive-clock.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const STEP = 5_000;

/** [stamp, file time] of each; the day is the first. */
function clockAfter(scans: readonly (readonly [number, number])[]) {
  const clock = createArchiveClock();
  const verdicts = scans.map(([stampMs, fileMs]) =>
    takeStamp(clock, { stampMs, fileMs, dayEndMs: DAY }),
  );
  const count = (wanted: string) => verdicts.filter((verdict) => verdict === wanted).length;
  return { nowMs: clock.nowMs, ahead: count("ahead"), behind: count("behind") };
}

/** Scans as they should be: a file comes 100 ms after its stamp. */
function usual(count: number, fromMs = HOUR): (readonly [number, number])[] {
  return Array.from({ length: count }, (_, at) => {
    const stampMs = fromMs + at * STEP;
    return [stampMs, stampMs + 100];
  });
}

test("a stamp a day ahead moves no clock, wherever it comes", () => {
  for (const place of [0, 1, 100, 199]) {
    const scans = usual(200).map(([stamp, file], at): readonly [number, number] =>
      at === place ? [stamp + DAY, file] : [stamp, file],
    );
    const lastMs = HOUR + (place === 199 ? 198 * STEP + STEP + 100 : 199 * STEP);
    expect(clockAfter(scans)).toEqual({ nowMs: lastMs, ahead: 1, behind: 0 });
  }
});

test("hours of a writer whose clock is ahead are not believed, and time goes on by the files", () => {
  const wrong = usual(1_000, HOUR + 100 * STEP).map(([stamp, file]): readonly [number, number] => [
    stamp + HOUR,
    file,
  ]);
  const after = usual(10, HOUR + 1_100 * STEP);
  expect(clockAfter([...usual(100), ...wrong, ...after])).toEqual({
    nowMs: HOUR + 1_109 * STEP,
    ahead: 1_000,
    behind: 0,
  });
});

test("a pause of the writer, and a clock that is set right, are believed", () => {
  expect(clockAfter([...usual(10), ...usual(10, 5 * HOUR)])).toMatchObject({ ahead: 0, behind: 0 });
  const slow = usual(10).map(([stamp, file]): readonly [number, number] => [stamp - HOUR, file]);
  expect(clockAfter([...slow, ...usual(10, HOUR + 10 * STEP)])).toMatchObject({
    ahead: 0,
    behind: 0,
  });
});

test("file times of another zone, or of a copy, speak against no stamp for long", () => {
  const zone = usual(500).map(([stamp, file]): readonly [number, number] => [stamp, file - HOUR]);
  expect(clockAfter(zone)).toEqual({ nowMs: HOUR + 499 * STEP, ahead: 0, behind: 0 });
  // The clock was behind, too, and is set right: after a hundred scans it is the files that are wrong.
  const right = usual(500, 3 * HOUR).map(([stamp], at): readonly [number, number] => [
    stamp,
    at * STEP,
  ]);
  const { nowMs, ahead } = clockAfter([
    ...usual(5).map(([stamp]) => [stamp, 0] as const),
    ...right,
  ]);
  expect(nowMs).toBe(3 * HOUR + 499 * STEP);
  expect(ahead).toBe(100);
});

test("a clock that was set back stays at its value until it is passed", () => {
  const back = usual(100, HOUR + 50 * STEP);
  expect(clockAfter([...usual(100), ...back])).toEqual({
    nowMs: HOUR + 149 * STEP,
    ahead: 0,
    behind: 49,
  });
});
