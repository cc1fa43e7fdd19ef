/** Compared with skyfield and DE421: test/interop/write_ephemeris.py wrote their values. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  type CelestialBody,
  lastPhaseMs,
  longitudeOf,
  PLANETS,
  speedOf,
  stationMs,
} from "../../../src/wire/indicators/ephemeris.ts";

type Fixture = {
  readonly days: readonly ({ readonly ms: number } & Readonly<Record<CelestialBody, number>>)[];
  readonly phases: readonly { readonly ms: number; readonly deg: number }[];
  readonly stations: readonly {
    readonly ms: number;
    readonly body: "mercury" | "mars";
    readonly back: boolean;
  }[];
};

const FILE = join(import.meta.dirname, "../../fixtures/ephemeris.json");
const { days, phases, stations }: Fixture = JSON.parse(readFileSync(FILE, "utf8"));
const HOUR_MS = 3_600_000;

test.each(["sun", "moon", ...PLANETS] as const)(
  "%s stands within 30 arc-seconds on a hundred days",
  (body) => {
    const off = days.map((day) => {
      const degrees = longitudeOf(body, day.ms) - day[body];
      return Math.abs(((((degrees + 180) % 360) + 360) % 360) - 180) * 3_600;
    });
    expect(off).toHaveLength(100);
    expect(Math.max(...off)).toBeLessThan(30);
  },
);

test("phases of the Moon come within 20 s", () => {
  const off = phases.map(({ ms, deg }) => Math.abs(lastPhaseMs(deg, ms + HOUR_MS) - ms));
  expect(off.length).toBeGreaterThan(90);
  expect(Math.max(...off)).toBeLessThan(20_000);
});

test("the last phase is never one to come", () => {
  for (const { ms, deg } of phases) {
    expect(lastPhaseMs(deg, ms - HOUR_MS)).toBeLessThan(ms - HOUR_MS);
  }
});

test("stations are within 10 minutes, with the direction that follows", () => {
  for (const { ms, body, back } of stations) {
    const found = stationMs(body, { fromMs: ms - 48 * HOUR_MS, toMs: ms + 48 * HOUR_MS });
    expect(Math.abs(found - ms)).toBeLessThan(600_000);
    expect(speedOf(body, ms + 24 * HOUR_MS) < 0).toBe(back);
  }
});
