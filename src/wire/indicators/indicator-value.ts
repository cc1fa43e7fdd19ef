/** The JSON text of DOLPHIN_FEATURES `exf_<name>`: one indicator's value with its `as_of` time. */
import { microsFromIso } from "../../domain/scan/timestamp.ts";
import { US_PER_MS } from "../../domain/time.ts";
import { jsonOrNull } from "../../domain/json-record.ts";

/** Of every text of indicators: what is longer is not written, and not read. */
export const INDICATOR_TEXT_CHARS_MAX = 2_000_000;

export type IndicatorValue = { readonly value: number; readonly asOfMs: number };

/** Null: the text is not a value with a time. */
export function parseIndicator(text: unknown): IndicatorValue | null {
  return valueIn(jsonIn(text));
}

/** The values of an indicator with several series; a member that is not a number is left out. */
export function parseLabels(
  text: unknown,
): readonly (IndicatorValue & { readonly label: string })[] {
  const found = jsonIn(text);
  if (typeof found !== "object" || found === null || !("values" in found)) return [];
  const { values } = found;
  if (typeof values !== "object" || values === null) return [];
  return Object.entries(values).flatMap(([label, one]) => {
    const value = valueIn(one);
    return value === null ? [] : [{ label, ...value }];
  });
}

/** When the text was published; undefined: it does not say. */
export function parsePushedMs(text: unknown): number | undefined {
  return pushedMsIn(jsonIn(text));
}

/** Like `parsePushedMs`, for a text that is already parsed. */
export function pushedMsIn(found: unknown): number | undefined {
  if (typeof found !== "object" || found === null || !("_pushed_at" in found)) return undefined;
  const { _pushed_at: at } = found;
  const pushedUs = typeof at === "string" ? microsFromIso(at) : null;
  return pushedUs === null ? undefined : pushedUs / US_PER_MS;
}

function jsonIn(text: unknown): unknown {
  return typeof text !== "string" || INDICATOR_TEXT_CHARS_MAX < text.length
    ? null
    : jsonOrNull(text);
}

function valueIn(found: unknown): IndicatorValue | null {
  if (typeof found !== "object" || found === null) return null;
  const { value, as_of }: { value?: unknown; as_of?: unknown } = found;
  const asOfUs = typeof as_of === "string" ? microsFromIso(as_of) : null;
  if (typeof value !== "number" || !Number.isFinite(value) || asOfUs === null) return null;
  return { value, asOfMs: asOfUs / US_PER_MS };
}
