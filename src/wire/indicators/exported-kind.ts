/** Validates what an indicator's file exports, as any outside data: the errors are for its author. */
import { z } from "zod";
import type { IndicatorKind } from "../../domain/indicators/indicator-kind.ts";

const seconds = z
  .number()
  .min(0)
  .max(10 * 366 * 86_400);
const fn = z.custom<(...args: never[]) => unknown>((value) => typeof value === "function", {
  message: "must be a function",
});
const Pace = z.object({
  everyS: seconds.min(1),
  offsetS: seconds,
  jitterS: seconds,
  catchUp: z.enum(["one", "none"]),
  warnS: seconds,
  staleS: seconds,
  overdue: z.object({ warnS: seconds, staleS: seconds }).optional(),
});
const About = z.object({ about: z.string().min(1), pace: Pace });
const Fetched = About.extend({
  venue: z.object({
    name: z.string().regex(/^[a-z0-9.-]{1,60}$/),
    weightPerMinute: z.number().positive(),
  }),
  url: z.string().min(1),
  symbols: z.array(z.string().min(1)).min(1),
  ask: fn,
  read: fn,
});
const Computed = About.extend({ compute: fn });

/** The kind, or a sentence that says what is wrong. */
export function exportedKind(module: unknown): IndicatorKind | string {
  const indicator: unknown =
    typeof module === "object" && module !== null && "indicator" in module
      ? module.indicator
      : undefined;
  if (isKind(indicator)) return indicator;
  if (indicator === undefined) return "it exports no 'indicator'";
  const isComputed = Computed.shape.compute.safeParse(Object(indicator)["compute"]).success;
  const { error } = (isComputed ? Computed : Fetched).safeParse(indicator);
  const [issue] = error?.issues ?? [];
  return `'indicator.${issue?.path.join(".")}' is wrong: ${issue?.message}`;
}

function isKind(value: unknown): value is IndicatorKind {
  return Fetched.safeParse(value).success || Computed.safeParse(value).success;
}
