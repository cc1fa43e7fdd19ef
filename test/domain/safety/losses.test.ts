/** The effect of losses while looks are missed, readings are implausible, or the clock was wrong. */
import { expect, test } from "vitest";
import { NO_EQUITY_BASE } from "../../../src/domain/safety/equity-base.ts";
import { POSTURE_RULES as RULES } from "../../../src/domain/safety/posture-rules.ts";
import type { HealthReading } from "../../../src/domain/safety/readings.ts";
import {
  beginPosture,
  type PostureState,
  stepPosture,
} from "../../../src/domain/safety/step-posture.ts";

const NOON_MS = Date.parse("2026-03-25T12:00:00Z");
const STEP_MS = 500;
const WELL = 100_000;

type Beside = { readonly aheadMs?: number; readonly health?: HealthReading };

/** Steps over equities, each read off another event; null: the trader did not answer. */
class Course {
  #state: PostureState;
  #ms = 0;
  constructor() {
    const kept = { posture: "APEX", latch: null, base: NO_EQUITY_BASE } as const;
    this.#state = beginPosture(kept, { monotonicMs: 0, wallMs: NOON_MS });
    this.step(Array<number>(10).fill(WELL));
  }
  step(equities: readonly (number | null)[], { aheadMs = 0, health }: Beside = {}): this {
    for (const equity of equities) {
      this.#ms += STEP_MS;
      const now = { monotonicMs: this.#ms, wallMs: NOON_MS + this.#ms + aheadMs };
      const evidence = String(this.#ms);
      const book = equity === null ? null : { equity, evidence, ageMs: 100, inputs: [] };
      const readings = { book, health: health ?? "unwanted", forewarn: null } as const;
      this.#state = stepPosture(this.#state, { readings, now }, RULES);
    }
    return this;
  }
  get posture(): string {
    return this.#state.posture;
  }
  get base(): PostureState["base"] {
    return this.#state.base;
  }
}

test.each([
  ["every second look is missed", [79_000, null, 79_000, null, 79_000], "HIBERNATE"],
  ["looks are missed in between, and it is no loss", [79_000, null, WELL, null, 79_000], "APEX"],
  ["it grows out of a smaller one", [97_000, ...Array<number>(6).fill(79_000)], "HIBERNATE"],
] as const)("a loss where %s", (_what, equities, posture) => {
  expect(new Course().step(equities).posture).toBe(posture);
});

const wild = (equity: number, count: number) => Array<number>(count).fill(equity);

test.each([2, 3, 4])("%i wild readings in a row leave no peak to lose from", (count) => {
  const course = new Course().step(wild(1e9, count)).step(wild(WELL, 20));
  expect(course.posture).toBe("APEX");
  expect(course.base).toMatchObject({ peak: WELL, dayStart: WELL, doubted: [] });
});

test("two wild readings that are low make nothing of those after them, three are a loss", () => {
  expect(new Course().step(wild(1, 2)).step(wild(WELL, 1)).base.recent).toEqual(wild(WELL, 3));
  expect(new Course().step(wild(1, 2)).step(wild(WELL, 20)).posture).toBe("APEX");
  expect(new Course().step(wild(1, 3)).posture).toBe("HIBERNATE");
});

test("a level that lasts is one: money that was paid in is lost from there", () => {
  const course = new Course().step(wild(200_000, 8));
  expect(course.base.peak).toBe(200_000);
  expect(course.step(wild(150_000, 3)).posture).toBe("HIBERNATE");
});

test("what is hardly to be believed is no second voice for an end", () => {
  const health = { evidence: "h", ageMs: 1_000, scores: [0], word: null };
  const course = new Course();
  expect(course.step([10_000], { health }).posture).toBe("TURTLE");
  expect(course.step([10_000, 10_000], { health }).posture).toBe("HIBERNATE");
});

const DAY_MS = 86_400_000;

test.each([
  ["a day", 1, WELL],
  ["two days", 2, 97_600],
  ["a year", 365, 97_600],
])(
  "a clock that was once ahead by %s (%i) leaves a day that begins with %i",
  (_, days, dayStart) => {
    const course = new Course().step(wild(97_600, 3), { aheadMs: days * DAY_MS });
    const base = course.step([97_600]).base;
    expect([base.dayStart, base.day]).toEqual([dayStart, days === 1 ? "2026-03-26" : "2026-03-25"]);
  },
);
