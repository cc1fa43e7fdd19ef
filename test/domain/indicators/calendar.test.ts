import * as fc from "fast-check";
import { expect, test } from "vitest";
import { calendarFactors } from "../../../src/domain/indicators/calendar.ts";

const SESSIONS = [
  ["tokyo", "Asia/Tokyo", 540, 930],
  ["london", "Europe/London", 480, 990],
  ["new_york", "America/New_York", 570, 960],
] as const;

/** Minutes of the day there, and the name of the day. */
function localOf(zone: string, atMs: number) {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    weekday: "short",
    hour: "numeric",
    minute: "numeric",
  }).formatToParts(atMs);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  return { weekday: part("weekday"), minutes: Number(part("hour")) * 60 + Number(part("minute")) };
}

test("sessions are open by the clocks of their cities, daylight saving included", () => {
  const time = fc.integer({
    min: Date.parse("2008-01-01T00:00Z") / 60_000,
    max: Date.parse("2036-01-01T00:00Z") / 60_000,
  });
  fc.assert(
    fc.property(time, (minute) => {
      const atMs = minute * 60_000;
      const factors = new Map(calendarFactors(atMs).map(({ name, value }) => [name, value]));
      for (const [name, zone, open, close] of SESSIONS) {
        const { weekday, minutes } = localOf(zone, atMs);
        const isOpen = !["Sat", "Sun"].includes(weekday) && open <= minutes && minutes < close;
        expect([name, factors.get(`session_${name}_open`)]).toEqual([name, Number(isOpen)]);
      }
      const date = new Date(atMs);
      expect(factors.get("weekday")).toBe(date.getUTCDay());
      expect(factors.get("day_of_month")).toBe(date.getUTCDate());
    }),
    { numRuns: 2_000 },
  );
});
