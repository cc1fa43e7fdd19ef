import { describe, expect, test } from "vitest";
import {
  decideRelease,
  type Hold,
  type PendingAttempt,
  type SeenProcess,
  whyNotDead,
} from "../../../../src/domain/supervision/hold/release.ts";

const HOLD: Hold = {
  attempt: 3,
  identity: "scan/3f9a04c1b2d7@host#41",
  keeper: { pid: 41, started_ticks: 1_000 },
  place: "boot-1 pid:[1] time:[1]",
};
const LIVING: SeenProcess = { isZombie: false, ticks: 1_000 };
const THEIRS: PendingAttempt = { isStarted: true, attempt: 3, identity: HOLD.identity };
const DEAD = { place: HOLD.place, process: "none" } as const;

describe("a worker whose pid", () => {
  test.each<[string, Partial<Hold>, string | null, SeenProcess, boolean]>([
    ["is nobody's is dead", {}, HOLD.place, "none", true],
    ["is a zombie's is dead", {}, HOLD.place, { isZombie: true, ticks: 1_000 }, true],
    ["is another process's by now is dead", {}, HOLD.place, { ...LIVING, ticks: 9_000 }, true],
    ["is its own, as of one that stands still, is alive", {}, HOLD.place, LIVING, false],
    ["may be another user's is not known to be dead", {}, HOLD.place, "unseen", false],
    [
      "was noted without its start time may be alive",
      { keeper: { pid: 41, started_ticks: null } },
      HOLD.place,
      { ...LIVING, ticks: 9_000 },
      false,
    ],
    ["was noted on another host of this name", {}, "boot-2 pid:[1] time:[1]", "none", false],
    ["was noted in another container", {}, "boot-1 pid:[2] time:[1]", "none", false],
    ["counts its start by another clock", {}, "boot-1 pid:[1] time:[2]", LIVING, false],
    ["was noted where the place is not known", { place: null }, null, "none", false],
    ["is looked for where the place is not known", {}, null, "none", false],
  ])("%s", (_, noted, place, process, isDead) => {
    expect(whyNotDead({ ...HOLD, ...noted }, { place, process }) === null).toBe(isDead);
  });
});

describe("what a dead worker held", () => {
  test.each<[string, PendingAttempt | null, { stopped: boolean } | null, string]>([
    ["whose process was heard of is reported lost", THEIRS, { stopped: false }, "report loss"],
    ["before anything was heard is tried again", THEIRS, null, "try again"],
    ["after it had stopped the process is tried again", THEIRS, { stopped: true }, "try again"],
    ["in a run that is over is left", null, null, "leave"],
    [
      "and that is between two attempts is left",
      { ...THEIRS, isStarted: false },
      { stopped: false },
      "leave",
    ],
    [
      "and that another attempt has taken is left",
      { ...THEIRS, attempt: 4 },
      { stopped: false },
      "leave",
    ],
    [
      "and that another worker has taken, whatever its number, is left",
      { ...THEIRS, identity: "scan/3f9a04c1b2d7@host#77" },
      { stopped: false },
      "leave",
    ],
  ])("%s", (_, pending, details, kind) => {
    expect(decideRelease(HOLD, DEAD, { pending, details }).kind).toBe(kind);
  });

  test("is left while it is not proven to be dead", () => {
    const here = { place: HOLD.place, process: LIVING };
    const found = { pending: THEIRS, details: { stopped: false } };
    expect(decideRelease(HOLD, here, found).kind).toBe("leave");
  });
});
