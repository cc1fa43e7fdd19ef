/**
 * A strategy's memory in a snapshot: only values that can be restored exactly are accepted, and any other is refused
 * with its path, because a book that continued from half a memory would decide differently. Invariant: what
 * `memoryToJson` accepts, `restoreMemory` restores bit for bit.
 */
import {
  type CopyDoubles,
  fromExactJson,
  isPlainObject,
  type Json,
  TAG,
  toExactJson,
} from "./exact.ts";

/**
 * Values that a snapshot stores exactly, NaN, infinities and -0 included. Each object may occur in one place only.
 */
export type Memorable =
  | number
  | boolean
  | string
  | null
  | Float64Array
  | readonly Memorable[]
  | ReadonlyMap<Memorable, Memorable>
  | ReadonlySet<Memorable>
  | { readonly [key: string]: Memorable };

export type MemorableRecord = { readonly [key: string]: Memorable };

/** Names the path inside the memory and the value found there. */
export class UnmemorableError extends Error {
  override readonly name = "UnmemorableError";
}

/**
 * Returns null where `make` meets memory that can't be stored: the book continues, and that snapshot is not saved.
 */
export function unlessUnmemorable<T>(make: () => T, onUnstorable: (why: string) => void): T | null {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof UnmemorableError)) throw error;
    onUnstorable(error.message);
    return null;
  }
}

/** Bounds the recursion. */
const DEPTH_MAX = 200;

/** @throws {UnmemorableError} where a snapshot would lose something. */
export function memoryToJson(memory: object, copy?: CopyDoubles): Json {
  assertMemorable(memory);
  return toExactJson(memory, copy);
}

/** @throws {UnmemorableError} at the first value that a snapshot can't store. */
export function assertMemorable(memory: object): void {
  assertStorable(memory, { path: "memory", depth: 0, places: new Map() });
}

/**
 * Objects of the fresh memory keep their identity, because a strategy may refer to them; deleted keys are removed.
 */
export function restoreMemory(target: object, json: Json): void {
  const kept = fromExactJson(json);
  if (!isPlainObject(kept)) throw new Error("a snapshot's memory is an object");
  overlay(target, kept);
}

function overlay(target: object, kept: object): void {
  const present = new Map<string, unknown>(Object.entries(target));
  // Removed first, so that keys get the stored order: a strategy may iterate over them.
  for (const key of present.keys()) Reflect.deleteProperty(target, key);
  for (const [key, value] of Object.entries(kept)) {
    const mine = present.get(key);
    const isSame = isPlainObject(mine) && isPlainObject(value);
    if (isSame) overlay(mine, value);
    Reflect.set(target, key, isSame ? mine : value);
  }
}

type Walk = {
  readonly path: string;
  readonly depth: number;
  /** The path where each object was met first. */
  readonly places: Map<object, string>;
};

function assertStorable(value: unknown, walk: Walk): void {
  if (typeof value !== "object") {
    if (typeof value === "number" || typeof value === "string" || typeof value === "boolean")
      return;
    refuse(walk.path, value === undefined ? "undefined" : `a ${typeof value}`, adviceFor(value));
  }
  if (value === null) return;
  const { path, depth, places } = walk;
  const first = places.get(value);
  if (first !== undefined) refuse(path, `the same object as ${first}`, "keep each in one place");
  if (DEPTH_MAX < depth) refuse(path, `${depth} levels deep`, `${DEPTH_MAX} at most`);
  places.set(value, path);
  const at = (part: string): Walk => ({ path: path + part, depth: depth + 1, places });
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return assertRecord(value, at, path);
  if (Array.isArray(value) && prototype === Array.prototype) return assertList(value, at, path);
  if (value instanceof Map && prototype === Map.prototype) return assertMap(value, at, path);
  if (value instanceof Set && prototype === Set.prototype) return assertSet(value, at, path);
  if (value instanceof Float64Array && prototype === Float64Array.prototype) {
    return assertDoubles(value, path);
  }
  refuse(path, nameOf(value), adviceFor(value));
}

type At = (part: string) => Walk;

function assertRecord(record: object, at: At, path: string): void {
  for (const key of Reflect.ownKeys(record)) {
    if (typeof key === "symbol")
      refuse(path, `an object with the key ${String(key)}`, "use a text");
    const place = at(/^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);
    if (key === TAG || key === "__proto__")
      refuse(place.path, "a key of the core's own", "rename it");
    const descriptor = Object.getOwnPropertyDescriptor(record, key)!;
    if (!("value" in descriptor)) refuse(place.path, "computed by a getter", "keep a value");
    const isOpen = descriptor.writable && descriptor.enumerable && descriptor.configurable;
    if (!isOpen) refuse(place.path, "frozen or hidden", "keep it writable");
    assertStorable(descriptor.value, place);
  }
  if (!Object.isExtensible(record)) refuse(path, "frozen or sealed", "keep it writable");
}

function assertList(list: readonly unknown[], at: At, path: string): void {
  if (Object.keys(list).length !== list.length || !Object.isExtensible(list)) {
    refuse(path, "a list with holes or keys of its own, or a frozen one", "fill it, with null");
  }
  for (const [place, item] of list.entries()) assertStorable(item, at(`[${place}]`));
}

function assertMap(map: ReadonlyMap<unknown, unknown>, at: At, path: string): void {
  assertNoKeys(map, path);
  for (const [key, value] of map) {
    const name = typeof key === "object" ? "{}" : JSON.stringify(key);
    assertStorable(key, at(` (key ${name})`));
    assertStorable(value, at(`.get(${name})`));
  }
}

function assertSet(set: ReadonlySet<unknown>, at: At, path: string): void {
  assertNoKeys(set, path);
  for (const item of set) assertStorable(item, at(" (an item)"));
}

function assertNoKeys(collection: object, path: string): void {
  if (Reflect.ownKeys(collection).length === 0) return;
  refuse(path, `${nameOf(collection)} with keys of its own`, "keep a plain one");
}

function assertDoubles(doubles: Float64Array, path: string): void {
  // A write through one view would change the other, but only until a restart.
  if (doubles.byteLength === doubles.buffer.byteLength) return;
  refuse(path, "a part of another array's buffer", "keep a slice()");
}

function adviceFor(value: unknown): string {
  if (value === undefined) return "keep null, or leave it out";
  if (typeof value === "object" && value !== null && "getTime" in value)
    return "keep its getTime()";
  if (ArrayBuffer.isView(value)) return "keep a Float64Array or a list";
  if (typeof value === "object")
    return "keep a plain object: its methods and private fields are lost";
  return "keep numbers, texts, flags, null, lists, maps, sets, Float64Array and plain objects";
}

function nameOf(value: object): string {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
  return typeof name === "string" && name !== "" ? `a ${name}` : "an object without a prototype";
}

function refuse(path: string, found: string, advice: string): never {
  throw new UnmemorableError(`${path} is ${found}, which a snapshot can't hold: ${advice}`);
}
