/**
 * Positions of the Sun, the Moon and the planets, seen from the Earth's centre: apparent ecliptic longitudes of
 * date (with light time, aberration, precession and nutation), in degrees.
 */
import * as astronomy from "astronomy-engine";
import { MS_PER_DAY, MS_PER_HOUR } from "../../domain/time.ts";

export const PLANETS = [
  "mercury",
  "venus",
  "mars",
  "jupiter",
  "saturn",
  "uranus",
  "neptune",
  "pluto",
] as const;
export type Planet = (typeof PLANETS)[number];
export type CelestialBody = Planet | "sun" | "moon";

const BODIES: Readonly<Record<CelestialBody, astronomy.Body>> = {
  sun: astronomy.Body.Sun,
  moon: astronomy.Body.Moon,
  mercury: astronomy.Body.Mercury,
  venus: astronomy.Body.Venus,
  mars: astronomy.Body.Mars,
  jupiter: astronomy.Body.Jupiter,
  saturn: astronomy.Body.Saturn,
  uranus: astronomy.Body.Uranus,
  neptune: astronomy.Body.Neptune,
  pluto: astronomy.Body.Pluto,
};
/**
 * Time step of the difference that gives the direction: short against the time near a station, long against
 * rounding.
 */
const STEP_MS = MS_PER_HOUR / 2;
const MONTH_MS = 29.530_588 * MS_PER_DAY;
const ROOT_MS = 500;

export function longitudeOf(body: CelestialBody, atMs: number): number {
  const time = astronomy.MakeTime(new Date(atMs));
  const vector = astronomy.GeoVector(BODIES[body], time, true);
  const turned = astronomy.RotateVector(astronomy.Rotation_EQJ_ECT(time), vector);
  return turn((Math.atan2(turned.y, turned.x) * 180) / Math.PI);
}

/** Degrees a day; negative when it is retrograde. */
export function speedOf(body: CelestialBody, atMs: number): number {
  const moved = longitudeOf(body, atMs + STEP_MS) - longitudeOf(body, atMs - STEP_MS);
  return (half(moved) * MS_PER_DAY) / (2 * STEP_MS);
}

/** Angle of the Moon ahead of the Sun: 0 is new, 180 full. */
export function moonPhase(atMs: number): number {
  return turn(longitudeOf("moon", atMs) - longitudeOf("sun", atMs));
}

/** The last time at which the Moon had this phase; by apparent positions, as almanacs do. */
export function lastPhaseMs(degrees: number, atMs: number): number {
  const ahead = turn(moonPhase(atMs) - degrees);
  const aboutMs = atMs - (ahead / 360) * MONTH_MS;
  const found = rootMs((ms) => half(moonPhase(ms) - degrees), {
    fromMs: aboutMs - 2 * MS_PER_DAY,
    toMs: aboutMs + 2 * MS_PER_DAY,
  });
  // Just before the phase, the last one is a month ago.
  return found <= atMs ? found : lastPhaseMs(degrees, found - MONTH_MS / 2);
}

/** The first station within this time, if there is one. */
export function stationMs(
  planet: Planet,
  range: { readonly fromMs: number; readonly toMs: number },
): number {
  return rootMs((ms) => speedOf(planet, ms), range);
}

/** Root by bisection, for a function with opposite signs at the two ends. */
function rootMs(
  of: (ms: number) => number,
  range: { readonly fromMs: number; readonly toMs: number },
): number {
  let { fromMs, toMs } = range;
  const isUp = of(fromMs) < 0;
  while (ROOT_MS < toMs - fromMs) {
    const middleMs = (fromMs + toMs) / 2;
    if (of(middleMs) < 0 === isUp) fromMs = middleMs;
    else toMs = middleMs;
  }
  return (fromMs + toMs) / 2;
}

/** 0 to 360. */
function turn(degrees: number): number {
  return ((degrees % 360) + 360) % 360;
}

/** -180 to 180. */
function half(degrees: number): number {
  return turn(degrees + 180) - 180;
}
