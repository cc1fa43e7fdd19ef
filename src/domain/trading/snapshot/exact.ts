/**
 * Values as JSON without losing a bit: JSON has no NaN, infinities, negative zero, maps or sets, and a snapshot must
 * restore exactly what was there. Doubles are copied as they are, because as text they would dominate the cost of a
 * snapshot.
 */

export type Json =
  | number
  | string
  | boolean
  | null
  | Float64Array
  | readonly Json[]
  | { readonly [key: string]: Json };

/** The key that marks a value without a JSON form. */
export const TAG = "$";
/** Number of arguments in one call of `String.fromCharCode`. */
const CHARACTERS_MAX = 8_192;

/** How doubles are copied; `slice()` may cost far more than the copy, because of the pages that it touches first. */
export type CopyDoubles = (doubles: Float64Array) => Float64Array;

export const sliced: CopyDoubles = (doubles) => doubles.slice();

export function toExactJson(value: unknown, copy: CopyDoubles = sliced): Json {
  const inside = (item: unknown): Json => toExactJson(item, copy);
  if (typeof value === "number") {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { [TAG]: "number", text: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  if (value instanceof Float64Array) return copy(value);
  if (value instanceof Map) return { [TAG]: "map", entries: [...value].map(inside) };
  if (value instanceof Set) return { [TAG]: "set", items: [...value].map(inside) };
  if (Array.isArray(value)) return value.map(inside);
  if (typeof value === "object" && value !== undefined) {
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, inside(item)] as const),
    );
  }
  throw new Error(`a snapshot can't hold a ${typeof value}: keep numbers, texts, flags, lists`);
}

/** All of it as text, for comparisons and for programs that read JSON. */
export function exactText(json: Json | object): string {
  return JSON.stringify(json, (_, value: unknown) =>
    value instanceof Float64Array ? { [TAG]: "doubles", base64: base64Of(value) } : value,
  );
}

/** The doubles are copied again. */
export function fromExactJson(json: Json): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (json instanceof Float64Array) return json.slice();
  if (isList(json)) return json.map(fromExactJson);
  const tag = json[TAG];
  if (tag === undefined) {
    return Object.fromEntries(
      Object.entries(json).map(([key, item]) => [key, fromExactJson(item)] as const),
    );
  }
  if (tag === "number") return Number(json["text"]);
  if (tag === "doubles") return doublesOf(textOf(json["base64"]));
  if (tag === "set") return new Set(listOf(json["items"]).map(fromExactJson));
  if (tag === "map") {
    return new Map(listOf(json["entries"]).map((entry) => pairOf(fromExactJson(entry))));
  }
  throw new Error(`a snapshot held the unknown tag ${JSON.stringify(tag)}`);
}

/**
 * Puts stored values into a fresh state of the same shape; objects keep their identity, because others refer to them.
 */
export function restoreInto(target: object, json: Json): void {
  const kept = fromExactJson(json);
  if (!isPlainObject(kept)) throw new Error("a snapshot's part is an object");
  overlay(target, kept);
}

function overlay(target: object, kept: object): void {
  for (const [key, value] of Object.entries(kept)) {
    const present: unknown = Reflect.get(target, key);
    if (isPlainObject(present) && isPlainObject(value)) overlay(present, value);
    else Reflect.set(target, key, value);
  }
}

export function isPlainObject(value: unknown): value is object {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Float64Array) &&
    !(value instanceof Map) &&
    !(value instanceof Set)
  );
}

function textOf(json: Json | undefined): string {
  if (typeof json !== "string") throw new Error("a snapshot's doubles are base64 text");
  return json;
}

function isList(json: Json): json is readonly Json[] {
  return Array.isArray(json);
}

function listOf(json: Json | undefined): readonly Json[] {
  if (json === undefined || !isList(json)) throw new Error("a snapshot's map or set is a list");
  return json;
}

function pairOf(value: unknown): readonly [unknown, unknown] {
  if (!Array.isArray(value) || value.length !== 2) throw new Error("an entry of a map is a pair");
  return [value[0], value[1]];
}

function base64Of(doubles: Float64Array): string {
  const bytes = new Uint8Array(doubles.buffer, doubles.byteOffset, doubles.byteLength);
  let text = "";
  for (let at = 0; at < bytes.length; at += CHARACTERS_MAX) {
    text += String.fromCharCode(...bytes.subarray(at, at + CHARACTERS_MAX));
  }
  return btoa(text);
}

function doublesOf(base64: string): Float64Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  // An iterator over the text would take a hundred times its memory.
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return new Float64Array(bytes.buffer);
}
