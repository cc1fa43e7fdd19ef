/** The esoteric factors at a time: Moon, planets, calendar, sessions. They depend on the time alone. */
import { calendarFactors, type Factor } from "../../domain/indicators/calendar.ts";
import { MS_PER_DAY } from "../../domain/time.ts";
import { lastPhaseMs, longitudeOf, moonPhase, PLANETS, speedOf } from "./ephemeris.ts";

/** Written in whole seconds of arc: further digits are not accurate. */
const DIGITS = 4;

export function esotericFactors(atMs: number): readonly Factor[] {
  const phase = moonPhase(atMs);
  const lit = (1 - Math.cos((phase * Math.PI) / 180)) / 2;
  return [
    { name: "moon_phase", value: phase, unit: "degrees" },
    { name: "moon_age", value: (atMs - lastPhaseMs(0, atMs)) / MS_PER_DAY, unit: "days" },
    { name: "moon_lit", value: lit, unit: "share" },
    { name: "sun_longitude", value: longitudeOf("sun", atMs), unit: "degrees" },
    { name: "moon_longitude", value: longitudeOf("moon", atMs), unit: "degrees" },
    ...PLANETS.flatMap((planet): Factor[] => [
      { name: `${planet}_longitude`, value: longitudeOf(planet, atMs), unit: "degrees" },
      {
        name: `${planet}_retrograde`,
        value: Number(speedOf(planet, atMs) < 0),
        unit: "0 or 1",
      },
    ]),
    ...calendarFactors(atMs),
  ].map((factor) => ({ ...factor, value: Number(factor.value.toFixed(DIGITS)) }));
}
