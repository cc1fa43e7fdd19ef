/** A time on the command line: 500ms, 60s, 5m, 1h. */
import { InvalidArgumentError } from "commander";
import { MS_PER_HOUR, MS_PER_MINUTE, MS_PER_SECOND } from "../domain/time.ts";

const UNIT_MS = new Map([
  ["ms", 1],
  ["s", MS_PER_SECOND],
  ["m", MS_PER_MINUTE],
  ["h", MS_PER_HOUR],
]);

/** Milliseconds. @throws {InvalidArgumentError} on anything but a positive number with its unit. */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(amount) * (UNIT_MS.get(unit ?? "") ?? NaN);
  if (!(ms > 0)) throw new InvalidArgumentError("It must be a time such as 500ms, 60s, 5m or 1h.");
  return ms;
}
