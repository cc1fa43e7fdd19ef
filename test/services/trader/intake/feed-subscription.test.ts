import { expect, test } from "vitest";
import type { VerdictNote } from "../../../../src/domain/supervision/verdict.ts";
import { type Feed, type FeedFact, feedNamed } from "../../../../src/wire/feeds/feeds.ts";
import { encodePosture } from "../../../../src/wire/safety/posture-value.ts";
import { FeedSubscription } from "../../../../src/services/trader/intake/feed-subscription.ts";
import { FeedIntake } from "../../../../src/services/trader/intake/feed-intake.ts";

const AT_MS = 1_774_400_000_000;
const POSTURE = feedNamed("posture")!;
const MOOD = feedNamed("exf_mood")!;

/** A cluster whose reads are answered when the test says so. */
function stage(feed: Feed, standing: unknown) {
  const taken: FeedFact[] = [];
  const lines: string[] = [];
  const answers: (() => void)[] = [];
  const readLater = (value: unknown) =>
    new Promise((resolve) => answers.push(() => resolve(value)));
  const cluster = { value: standing, isJournalFull: false, nowMs: AT_MS };
  const intake = new FeedIntake({
    feed,
    // The stored value when the read arrives.
    read: () => readLater(cluster.value),
    isKnown: (fact) =>
      fact.kind === "feature" && JSON.stringify(fact) === JSON.stringify(taken.at(-1)),
    take(fact) {
      if (!cluster.isJournalFull) taken.push(fact);
      return !cluster.isJournalFull;
    },
    budgetMs: 30_000,
    clock: { nowMs: () => cluster.nowMs, monotonicMs: () => cluster.nowMs },
    say: (_, line) => lines.push(line),
  });
  const subscription = new FeedSubscription({
    feed: { listen: async () => [], readLatest: () => readLater(null) },
    onScan() {},
    feeds: [intake],
    heardSeq: () => 0,
    say() {},
  });
  const poll = async (meanwhile: () => void = () => {}) => {
    const looked = subscription.poll();
    // Of the scan and of the feed.
    while (answers.length < 2) await Promise.resolve();
    meanwhile();
    for (const answer of answers.splice(0)) answer();
    await looked;
  };
  const event = (value: unknown) => {
    cluster.value = value;
    intake.hear(value);
  };
  return { taken, lines, cluster, intake, poll, event };
}

function posture(name: "APEX" | "HIBERNATE"): string {
  return encodePosture({ posture: name, reasons: [], source: "test", atUs: AT_MS * 1_000 });
}

function mood(value: unknown, atMs = AT_MS): string {
  return JSON.stringify({ value, unit: "", as_of: new Date(atMs).toISOString(), source: "test" });
}

const posturesIn = (taken: readonly FeedFact[]) =>
  taken.map((fact) => (fact.kind === "posture" ? fact.posture : fact.kind));

test("a posture that was received while an older one was being read is not overwritten by it", async () => {
  const { taken, poll, event } = stage(POSTURE, posture("APEX"));
  await poll(() => event(posture("HIBERNATE")));
  expect(posturesIn(taken)).toEqual(["HIBERNATE"]);
});

test("a posture that no event brought is reported, once", async () => {
  const { taken, poll } = stage(POSTURE, posture("APEX"));
  await poll();
  await poll();
  expect(posturesIn(taken)).toEqual(["APEX"]);
});

test("what the journal could not take is taken by a later read", async () => {
  const { taken, cluster, poll, event } = stage(POSTURE, null);
  cluster.isJournalFull = true;
  event(posture("HIBERNATE"));
  cluster.isJournalFull = false;
  await poll();
  await poll();
  expect(posturesIn(taken)).toEqual(["HIBERNATE"]);
});

test("values that follow at once are one reading, and the newest is found by the first read after its time", async () => {
  const { taken, cluster, poll, event } = stage(MOOD, null);
  for (const value of [1, 2, 3]) event(mood(value));
  expect(taken).toMatchObject([{ name: "exf_mood", value: 1, asOfMs: AT_MS }]);
  await poll();
  expect(taken.length).toBe(1);
  cluster.nowMs += 1_000;
  await poll();
  cluster.nowMs += 1_000;
  event(mood(4));
  expect(taken.map((fact) => fact.kind === "feature" && fact.value)).toEqual([1, 3, 4]);
});

test("a reading that says what the book knows is not recorded again", async () => {
  const { taken, cluster, event } = stage(MOOD, null);
  for (const source of ["one", "other"]) {
    event(mood(7).replace("test", source));
    cluster.nowMs += 1_000;
  }
  expect(taken).toHaveLength(1);
});

test.each([
  ["no text", 7],
  ["no JSON", "{"],
  ["no object", "null"],
  ["a value that is none", mood(null)],
  ["a value that is a text", mood("7")],
  ["a time that is none", JSON.stringify({ value: 7, as_of: "yesterday" })],
  ["no time", JSON.stringify({ value: 7 })],
])("%s is counted, said once and in the facts, and stops nothing", async (_, garbage) => {
  const { taken, lines, cluster, intake, event } = stage(MOOD, null);
  for (let i = 0; i < 2; i++) {
    event(garbage);
    cluster.nowMs += 1_000;
  }
  expect(intake.counts.unreadable).toBe(2);
  expect(intake.note()).toMatchObject({
    of: "exf_mood",
    isAlert: true,
  } satisfies Partial<VerdictNote>);
  expect(intake.fact()).toEqual({ name: "exf_mood", ageS: null, budgetS: 30 });
  event(mood(7, cluster.nowMs - 5_000));
  expect(intake.note()).toBeNull();
  expect(intake.fact()).toEqual({ name: "exf_mood", ageS: 5, budgetS: 30 });
  expect(taken).toHaveLength(1);
  expect(lines).toEqual([
    "DOLPHIN_FEATURES exf_mood holds no reading: ignored",
    "DOLPHIN_FEATURES exf_mood holds a reading again",
  ]);
});

test("a parser that throws does no more harm than a value that can't be read", () => {
  const { intake, event } = stage(
    {
      ...MOOD,
      read: () => {
        throw new Error("tripped");
      },
    },
    null,
  );
  event("anything");
  expect(intake.counts.unreadable).toBe(1);
});

function aheadBy(seconds: number): string {
  return `exf_mood is ${seconds} s ahead of the clock`;
}

test("a reading from the future is reported beyond its budget, and until the clock has come near", () => {
  const { cluster, intake, event } = stage(MOOD, null);
  event(mood(7, AT_MS + 30_000));
  expect([intake.note(), intake.fact()?.ageS]).toEqual([null, 0]);
  cluster.nowMs += 1_000;
  event(mood(8, cluster.nowMs + 300_000));
  expect(intake.note()).toEqual({ of: "exf_mood", says: aheadBy(300), isAlert: true });
  cluster.nowMs += 269_000;
  expect(intake.note()?.says).toBe(aheadBy(31));
  cluster.nowMs += 1_000;
  expect(intake.note()).toBeNull();
  cluster.nowMs += 40_000;
  expect(intake.fact()?.ageS).toBe(10);
});

function manyFacts(count: number): readonly FeedFact[] {
  return Array.from({ length: count }, (_, at) => {
    const name = `exf_mood.${at}`;
    return { kind: "feature", name, value: at, asOfMs: AT_MS };
  });
}

test("of a value with more facts than scans can wait for none is taken, and it counts as unreadable", () => {
  const many: Feed = {
    ...MOOD,
    read: (text) => ({ facts: manyFacts(Number(text)), isReadable: true }),
  };
  const { taken, intake, event, cluster } = stage(many, null);
  event("257");
  expect([taken.length, intake.counts.unreadable, intake.note()?.isAlert]).toEqual([0, 1, true]);
  cluster.nowMs += 1_000;
  event("256");
  expect([taken.length, intake.counts.unreadable, intake.note()]).toEqual([256, 1, null]);
});

test("a value that is pushed for ever with the time that it had is recorded once, and grows old", async () => {
  const { taken, intake, poll, cluster, event } = stage(MOOD, mood(1));
  await poll();
  for (let at = 1; at <= 60; at += 1) {
    cluster.nowMs = AT_MS + at * 1_000;
    // The push is new each time, and its content is not.
    event(JSON.stringify({ ...JSON.parse(mood(1)), _pushed_at: new Date(cluster.nowMs) }));
    if (at % 10 === 0) await poll();
  }
  expect(taken).toHaveLength(1);
  expect(intake.fact()).toMatchObject({ name: "exf_mood", ageS: 60, budgetS: 30 });
});
