import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextAct, type PumpAct, type PumpView } from "../../../src/domain/scan/pump-act.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";

const NOW = 1_000_000;
/** Nothing waits, nothing is under way, nothing is due. */
const CALM: PumpView = {
  isStopping: false,
  waiting: 0,
  isSent: false,
  isRefused: false,
  lastChore: "none",
  unpublished: 0,
  nextTickMs: NOW + 700,
  nextReviewMs: NOW + 200,
  unfinished: 0,
  isLearned: true,
};

describe("the pump's next act", () => {
  test.each<[string, Partial<PumpView>, PumpAct]>([
    ["all is done", {}, { kind: "wait", for: "files", ms: 700 }],
    ["a file may still grow", { unfinished: 1 }, { kind: "wait", for: "files", ms: 200 }],
    ["hashes are unknown", { isLearned: false }, { kind: "learn" }],
    ["a file waits", { waiting: 1 }, { kind: "take" }],
    ["a file waits behind a batch", { waiting: 1, isSent: true }, { kind: "take" }],
    ["a batch is under way", { isSent: true }, { kind: "await answer" }],
    ["a tick is due", { nextTickMs: NOW }, { kind: "tick" }],
    ["a tick is due in a backlog", { nextTickMs: NOW, waiting: 9 }, { kind: "tick" }],
    ["a tick is due behind a batch", { nextTickMs: 0, isSent: true }, { kind: "await answer" }],
    ["the ringbuffer alone knows much", { unpublished: 1_501, waiting: 9 }, { kind: "tick" }],
    ["it knows as much as it may", { unpublished: 1_500, waiting: 9 }, { kind: "take" }],
    ["a review is due", { nextReviewMs: NOW, unfinished: 1 }, { kind: "review" }],
    ["a review is due in a backlog", { nextReviewMs: NOW, waiting: 9 }, { kind: "take" }],
    [
      "the tick of a backlog is over",
      { lastChore: "tick", nextReviewMs: NOW, waiting: 9 },
      { kind: "review" },
    ],
    [
      "a tick told nobody",
      { lastChore: "tick", unpublished: 2_000, waiting: 9, nextTickMs: NOW },
      { kind: "take" },
    ],
    [
      "a tick told nobody, and nothing waits",
      { lastChore: "tick", unpublished: 2_000 },
      { kind: "wait", for: "files", ms: 700 },
    ],
    [
      "a review is overdue again",
      { lastChore: "review", nextReviewMs: 0, waiting: 1 },
      { kind: "take" },
    ],
    [
      "the journal refused",
      { isRefused: true, waiting: 9 },
      { kind: "wait", for: "journal", ms: 1_000 },
    ],
    ["it is to stop", { isStopping: true, waiting: 9 }, { kind: "end" }],
    [
      "it is to stop, a batch under way",
      { isStopping: true, isSent: true },
      { kind: "await answer" },
    ],
    ["it is to stop, the journal refused", { isStopping: true, isRefused: true }, { kind: "end" }],
    [
      "the due time is past",
      { lastChore: "review", nextTickMs: 0 },
      { kind: "wait", for: "files", ms: 1 },
    ],
  ])("when %s", (_when, observed, expected) => {
    expect(nextAct({ ...CALM, ...observed }, NOW)).toEqual(expected);
  });
});

/** A pump whose files, journal and cluster do as chance says; the time of each act, too. */
function drive(seed: number, acts: number): { kinds: PumpAct["kind"][]; views: PumpView[] } {
  const random = seededRandom(seed).uniform;
  let now = NOW;
  let view: PumpView = { ...CALM, isLearned: false };
  const kinds: PumpAct["kind"][] = [];
  const views: PumpView[] = [];
  for (let n = 0; n < acts; n += 1) {
    if (random() < 0.3) view = { ...view, waiting: view.waiting + Math.floor(random() * 200) };
    const act = nextAct(view, now);
    kinds.push(act.kind);
    views.push(view);
    now += Math.floor(random() * 400);
    view = after(view, act, { now, random });
  }
  return { kinds, views };
}

function after(
  view: PumpView,
  act: PumpAct,
  { now, random }: { readonly now: number; readonly random: () => number },
): PumpView {
  switch (act.kind) {
    case "take": {
      const turned = { ...view, lastChore: "none", isSent: false } as const;
      if (random() < 0.1) return { ...turned, isRefused: true };
      const took = Math.min(view.waiting, 64);
      return {
        ...turned,
        isSent: true,
        waiting: view.waiting - took,
        unpublished: view.unpublished + took,
      };
    }
    case "await answer":
      return { ...view, isSent: false };
    case "tick":
      // The cluster may not answer.
      return {
        ...view,
        lastChore: "tick",
        nextTickMs: now + 1_000,
        unpublished: random() < 0.5 ? view.unpublished : 0,
      };
    case "review":
      return { ...view, lastChore: "review", nextReviewMs: now + 40 };
    case "learn":
      return { ...view, lastChore: "none", isLearned: random() < 0.2 };
    case "wait":
      return { ...view, lastChore: "none", isRefused: false };
    case "end":
      return view;
  }
}

const CHORES = ["tick", "review", "learn", "wait"];

/** What the act number `n` does wrong. */
function wrongWith({ kinds, views }: ReturnType<typeof drive>, n: number): string[] {
  const { isSent, isRefused, waiting } = views[n]!;
  const kind = kinds[n]!;
  // An answer, a tick and a review: nothing else delays the reading of a waiting file.
  const ahead = kinds.slice(n, n + 4);
  const isBlocked = 0 < waiting && !isRefused && ahead.length === 4 && !ahead.includes("take");
  return [
    ...(CHORES.includes(kind) && isSent ? [`${kind} while a batch is under way`] : []),
    ...(kind === "wait" && 0 < waiting && !isRefused ? ["a wait while files wait"] : []),
    ...(isBlocked ? [`files wait for ${ahead.join(", ")}`] : []),
  ];
}

test("whatever happens, chores hold up no scan and meet no batch under way", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const driven = drive(seed, 400);
      expect(driven.kinds.flatMap((_, n) => wrongWith(driven, n))).toEqual([]);
      expect(driven.kinds).toEqual(expect.arrayContaining(["take", "tick", "review"]));
    }),
  );
});
