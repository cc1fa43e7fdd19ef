/** The posture machine: the effect of each reading alone, repeated, and beside another. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { POSTURE_RULES as RULES } from "../../../src/domain/safety/posture-rules.ts";
import type {
  BookReading,
  HealthReading,
  Now,
  Readings,
} from "../../../src/domain/safety/readings.ts";
import {
  beginPosture,
  CAUTIOUS,
  haltPosture,
  isStricter,
  type PostureState,
  resumePosture,
  stepPosture,
} from "../../../src/domain/safety/step-posture.ts";
import { NO_EQUITY_BASE } from "../../../src/domain/safety/equity-base.ts";
import { POSTURES, type Posture } from "../../../src/domain/trading/posture.ts";

const WALL_MS = Date.parse("2026-03-25T12:00:00Z");
const STEP_MS = 500;
const FRESH = { posture: "APEX", latch: null, base: NO_EQUITY_BASE } as const;

let evidence = 0;
function book(over: Partial<BookReading> = {}): BookReading {
  evidence += 1;
  const inputs = [{ name: "scan", ageMs: 1_000, budgetMs: 30_000 }];
  return { equity: 100_000, evidence: String(evidence), ageMs: 100, inputs, ...over };
}

function health(score: number, over: Partial<HealthReading> = {}): HealthReading {
  evidence += 1;
  return {
    evidence: String(evidence),
    ageMs: 1_000,
    scores: [score, 1, null, 1],
    word: null,
    ...over,
  };
}

function well(): Readings {
  return { book: book(), health: health(1), forewarn: null };
}

class Course {
  state: PostureState;
  now: Now = { monotonicMs: 0, wallMs: WALL_MS };
  constructor(kept: Parameters<typeof beginPosture>[0] = FRESH) {
    this.state = beginPosture(kept, this.now);
  }
  step(readings: Readings, afterMs = STEP_MS): this {
    const { monotonicMs, wallMs } = this.now;
    this.now = { monotonicMs: monotonicMs + afterMs, wallMs: wallMs + afterMs };
    this.state = stepPosture(this.state, { readings, now: this.now }, RULES);
    return this;
  }
  lasting(ms: number, readings: () => Readings): this {
    for (let at = 0; at < ms; at += STEP_MS) this.step(readings());
    return this;
  }
  get is(): string {
    return `${this.state.posture} ${this.state.entries}`;
  }
}

function running(): Course {
  const course = new Course().lasting(5_000, well);
  expect(course.is).toBe("APEX go");
  return course;
}

const lossy = () => ({ ...well(), book: book({ equity: 94_000 }) });
const noBook = () => ({ ...well(), book: null });
const noHealth = () => ({ ...well(), health: null });
const unwanted = () => ({ ...well(), book: "unwanted", health: "unwanted" }) as const;

type Case = {
  readonly what: string;
  readonly bad: () => Partial<Readings>;
  readonly first: string;
  readonly third: string;
  readonly minute: string;
};

/** Where nothing is known: entries stop, and the posture falls by how long that lasts. */
const UNKNOWN = ["APEX stop", "APEX stop", "TURTLE stop"] as const;

const CASES: readonly Case[] = [
  row("equity lost beyond the limit", () => ({ book: book({ equity: 79_000 }) }), [
    "APEX stop",
    "HIBERNATE stop",
    "HIBERNATE stop",
  ]),
  row("three quarters of the day's loss", () => ({ book: book({ equity: 96_000 }) }), [
    "APEX stop",
    "TURTLE stop",
    "TURTLE go",
  ]),
  row("half of the day's loss", () => ({ book: book({ equity: 97_400 }) }), [
    "APEX stop",
    "STALKER stop",
    "STALKER go",
  ]),
  row("equity NaN", () => ({ book: book({ equity: Number.NaN }) }), UNKNOWN),
  row("equity infinite", () => ({ book: book({ equity: Infinity }) }), UNKNOWN),
  row("a dead trader", () => ({ book: null }), UNKNOWN),
  row("a trader from the future", () => ({ book: book({ ageMs: -60_000 }) }), UNKNOWN),
  row("a trader that stands still", () => ({ book: book({ ageMs: 60_000 }) }), UNKNOWN),
  row("a trader without a time", () => ({ book: book({ ageMs: Number.NaN }) }), UNKNOWN),
  ...[31_000, Infinity, Number.NaN, -31_000].map((ageMs) =>
    row(
      `an input ${ageMs} ms old`,
      () => ({ book: book({ inputs: [{ name: "scan", ageMs, budgetMs: 30_000 }] }) }),
      UNKNOWN,
    ),
  ),
  row("no report of health", () => ({ health: null }), UNKNOWN),
  ...[60_000, -60_000, Number.NaN].map((ageMs) =>
    row(`a report of health ${ageMs} ms old`, () => ({ health: health(1, { ageMs }) }), UNKNOWN),
  ),
  row("health that saw nothing", () => ({ health: health(1, { scores: [null, null] }) }), UNKNOWN),
  row("health NaN", () => ({ health: health(Number.NaN) }), UNKNOWN),
  row("health degraded", () => ({ health: health(0.6) }), ["APEX go", "APEX go", "STALKER go"]),
  row("health critical", () => ({ health: health(0.4) }), [
    "APEX stop",
    "TURTLE stop",
    "TURTLE stop",
  ]),
  row("sources silent that are not ours", () => ({ health: health(0, { word: "DEGRADED" }) }), [
    "APEX go",
    "APEX go",
    "STALKER go",
  ]),
  row("a word without a score", () => ({ health: health(Number.NaN, { word: "GREEN" }) }), UNKNOWN),
  row("health dead, in a word, too", () => ({ health: health(0, { word: "DEAD" }) }), [
    "APEX stop",
    "TURTLE stop",
    "TURTLE stop",
  ]),
  row("health dead", () => ({ health: health(0) }), ["APEX stop", "TURTLE stop", "TURTLE stop"]),
  row("a forecast that is believed", () => ({ forewarn: forewarn(0.5, 0.9) }), [
    "TURTLE go",
    "TURTLE go",
    "TURTLE go",
  ]),
  row("a forecast without a weight", () => ({ forewarn: forewarn(0.9, 0) }), [
    "APEX go",
    "APEX go",
    "APEX go",
  ]),
  row("a forecast NaN", () => ({ forewarn: forewarn(Number.NaN, 1) }), [
    "APEX go",
    "APEX go",
    "APEX go",
  ]),
  row("a forecast of a month ago", () => ({ forewarn: forewarn(1, 1, 30 * 86_400_000) }), [
    "APEX go",
    "APEX go",
    "APEX go",
  ]),
];

function row(
  what: string,
  bad: () => Partial<Readings>,
  [first, third, minute]: readonly [string, string, string],
): Case {
  return { what, bad, first, third, minute };
}

function forewarn(breach: number, weight: number, ageMs = 3_600_000) {
  return { evidence: "f", ageMs, breach, weight };
}

test.each(CASES)(
  "$what: at once $first, after three $third, after more than a minute $minute",
  (of) => {
    const course = running();
    const bad = () => ({ ...well(), ...of.bad() });
    expect(course.step(bad()).is).toBe(of.first);
    expect(course.step(bad()).step(bad()).is).toBe(of.third);
    expect(course.lasting(64_000, bad).is).toBe(of.minute);
  },
);

test.each([
  ["low", 1],
  ["no number", Number.NaN],
  ["negative", -5e9],
  ["high", 1e9],
])(
  "one wild equity (%s) stops entries for seconds and lowers nothing, however often it is asked",
  (_how, equity) => {
    const course = running();
    const wild = book({ equity });
    course.step({ ...well(), book: wild }).step({ ...well(), book: wild });
    expect(course.lasting(3_000, () => ({ ...well(), book: wild })).is).toBe("APEX stop");
    expect(course.lasting(5_000, well).is).toBe("APEX go");
    expect(course.state.latch).toBeNull();
  },
);

test("two sources that agree need no second reading", () => {
  const course = running();
  course.step({ ...well(), book: book({ equity: 70_000 }), health: health(0) });
  expect(course.is).toBe("HIBERNATE stop");
  expect(course.state.latch).toMatchObject({ by: "watchdog", posture: "HIBERNATE" });
});

test("drawdown and daily loss are one source: both are read off one equity", () => {
  expect(running().step({ ...well(), book: book({ equity: 10_000 }) }).is).toBe("APEX stop");
});

test("a stop holds for good until it is resumed, then the posture rises a step at a time", () => {
  const course = running().lasting(1_500, () => ({ ...well(), book: book({ equity: 70_000 }) }));
  expect(course.is).toBe("HIBERNATE stop");
  expect(course.lasting(3_600_000, well).is).toBe("HIBERNATE stop");
  course.state = resumePosture(course.state);
  expect(course.is).toBe("TURTLE stop");
  expect(course.lasting(4_000, well).is).toBe("TURTLE go");
  expect(course.lasting(RULES.stableMs, well).is).toBe("STALKER go");
  expect(course.lasting(RULES.stableMs, well).is).toBe("APEX go");
});

test("a bad reading restarts the stable time", () => {
  const course = new Course(CAUTIOUS).lasting(RULES.stableMs - 5_000, well);
  course.step({ ...well(), book: null }).lasting(RULES.stableMs - 5_000, well);
  expect(course.state.posture).toBe("TURTLE");
  expect(course.lasting(6_000, well).state.posture).toBe("STALKER");
});

test("an operator's stop leaves positions their exits where he wants it, and holds over a restart", () => {
  const course = running();
  const of = { why: "news", by: "ann" };
  course.state = haltPosture(course.state, { ...of, posture: "TURTLE" }, course.now);
  expect(course.lasting(700_000, well).is).toBe("TURTLE stop");
  const again = new Course(course.state).lasting(700_000, well);
  expect(again.is).toBe("TURTLE stop");
  again.state = haltPosture(again.state, { ...of, posture: "HIBERNATE" }, again.now);
  expect(again.step(well()).is).toBe("HIBERNATE stop");
});

test("HIBERNATE without a note of the stop is a stop", () => {
  const course = new Course({ ...CAUTIOUS, posture: "HIBERNATE" });
  expect(course.lasting(1_000_000, well).is).toBe("HIBERNATE stop");
});

test("a loss that was carried over a restart is found again", () => {
  const course = new Course(running().state);
  course.lasting(2_000, () => ({ ...well(), book: book({ equity: 70_000 }) }));
  expect(course.is).toBe("HIBERNATE stop");
});

test("a pause of the watchdog is no stable time, and no silence of others", () => {
  const course = new Course(CAUTIOUS).lasting(10_000, well);
  expect(course.step(well(), RULES.stableMs).is).toBe("TURTLE stop");
  expect(course.lasting(4_000, well).is).toBe("TURTLE go");
  expect(course.lasting(RULES.stableMs - 10_000, well).state.posture).toBe("TURTLE");
  const silent = () => ({ ...well(), book: null });
  const other = running().step(silent());
  expect(other.step(silent(), 3_600_000).is).toBe("APEX stop");
});

test("a clock that is set back or on neither lifts nor lowers, and begins no day twice", () => {
  const course = running();
  for (const byMs of [-3_600_000, 7_200_000, -40 * 86_400_000, 40 * 86_400_000]) {
    course.now = { ...course.now, wallMs: course.now.wallMs + byMs };
    expect(course.lasting(5_000, well).is).toBe("APEX go");
  }
  course.now = { ...course.now, wallMs: course.now.wallMs - 86_400_000 };
  expect(course.lasting(2_000, lossy).is).toBe("HIBERNATE stop");
});

test("health is awaited for some seconds of a start, the book is not", () => {
  expect(new Course().lasting(5_000, noHealth).is).toBe("APEX go");
  expect(new Course().lasting(45_000, noHealth).is).toBe("STALKER stop");
  expect(new Course().lasting(RULES.startGraceMs, noBook).is).toBe("APEX stop");
  expect(new Course().lasting(RULES.startGraceMs + 15_000, noBook).is).toBe("STALKER stop");
  expect(new Course().lasting(90_000, unwanted).is).toBe("APEX go");
});

const anyNumber = fc.oneof(
  fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -1, 1e300),
  fc.double({ min: 50_000, max: 150_000, noNaN: true }),
);
const anyAge = fc.constantFrom(0, 1_000, 20_000, 1e9, -20_000, Number.NaN, Infinity);
const anyReadings: fc.Arbitrary<Readings> = fc.record({
  book: fc.oneof(
    fc.constant(null),
    fc.record({
      equity: anyNumber,
      evidence: fc.string({ maxLength: 1 }),
      ageMs: anyAge,
      inputs: fc.array(
        fc.record({ name: fc.constant("scan"), ageMs: anyAge, budgetMs: fc.constant(30_000) }),
        {
          maxLength: 2,
        },
      ),
    }),
  ),
  health: fc.oneof(
    fc.constant(null),
    fc.record({
      evidence: fc.string({ maxLength: 1 }),
      ageMs: anyAge,
      scores: fc.array(fc.oneof(fc.constant(null), fc.double({ min: 0, max: 1 })), {
        maxLength: 4,
      }),
      word: fc.constantFrom(null, "GREEN", "DEAD"),
    }),
  ),
  forewarn: fc.oneof(
    fc.constant(null),
    fc.record({ evidence: fc.constant("f"), ageMs: anyAge, breach: anyNumber, weight: anyNumber }),
  ),
});
const isGood = fc.constant(null);
/** Long runs of what is well, among anything. */
const courses = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        readings: isGood,
        steps: fc.integer({ min: 1, max: 900 }),
        afterMs: fc.constant(STEP_MS),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        readings: anyReadings,
        steps: fc.integer({ min: 1, max: 200 }),
        afterMs: fc.constantFrom(STEP_MS, 1_000, 400_000),
      }),
    },
  ),
  { maxLength: 12 },
);

test("whatever comes, the posture rises by one step, after its stable time without a bad reading, and never out of a stop", () => {
  fc.assert(
    fc.property(courses, fc.constantFrom(...POSTURES), (runs, posture) => {
      const course = new Course({ ...FRESH, posture });
      let badAtMs = 0;
      for (const { readings, steps, afterMs } of runs) {
        for (let at = 0; at < steps; at += 1) {
          const before = course.state;
          course.step(readings ?? well(), afterMs);
          expect(broken(before, course, badAtMs)).toEqual([]);
          const isBad = course.state.opinions.some(({ stops }) => stops === "yes");
          if (isBad || RULES.pauseMs < afterMs || course.state.posture !== before.posture) {
            badAtMs = course.now.monotonicMs;
          }
        }
      }
    }),
    { numRuns: 25 },
  );
});

/** What the step broke, in words; empty where nothing. */
function broken(before: PostureState, { state, now }: Course, badAtMs: number): readonly string[] {
  const isBad = state.opinions.some(({ stops }) => stops === "yes");
  const isRise = isStricter(before.posture, state.posture);
  const rules: readonly (readonly [string, boolean])[] = [
    ["entries at a bad reading", isBad && state.entries === "go"],
    ["entries in HIBERNATE", state.posture === "HIBERNATE" && state.entries === "go"],
    ["entries though stopped", before.latch !== null && state.entries === "go"],
    ["a stop was lifted", before.latch !== null && state.latch !== before.latch],
    ["risen out of a stop", isRise && before.latch !== null],
    ["risen by more than a step", isRise && stepsUp(before.posture, state.posture) !== 1],
    ["risen too soon", isRise && now.monotonicMs - badAtMs < RULES.stableMs],
  ];
  return rules.flatMap(([what, isBroken]) => (isBroken ? [what] : []));
}

function stepsUp(from: Posture, to: Posture): number {
  return POSTURES.indexOf(from) - POSTURES.indexOf(to);
}
