import * as fc from "fast-check";
import { expect, test } from "vitest";
import { exactText } from "../../../src/domain/trading/snapshot/exact.ts";
import {
  memoryToJson,
  restoreMemory,
  UnmemorableError,
} from "../../../src/domain/trading/snapshot/memory.ts";
import { snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import { createTrader } from "../../../src/domain/trading/trader.ts";
import undefinedLater from "../../helpers/trading/planted/undefined-later.ts";
import { CONFIGURATION } from "../../helpers/trading/random-day.ts";

class Window {
  readonly values: number[] = [];
}
class Ranks extends Map<string, number> {}

const shared = { at: 1 };
const cycle: { self?: unknown } = {};
cycle.self = cycle;
const deep = Array.from({ length: 300 }).reduce<object>((inner) => ({ inner }), {});

test.each([
  [{ seen: { last: undefined } }, "memory.seen.last is undefined"],
  [
    { seen: new Map([["AAA", [1, { at: new Date(0) }]]]) },
    'memory.seen.get("AAA")[1].at is a Date',
  ],
  [{ "a b": { tell() {} } }, 'memory["a b"].tell is a function'],
  [{ window: new Window() }, "memory.window is a Window"],
  [{ ranks: new Ranks() }, "memory.ranks is a Ranks"],
  [new Window(), "memory is a Window"],
  [{ big: 1n }, "memory.big is a bigint"],
  [{ mark: Symbol("x") }, "memory.mark is a symbol"],
  [{ bytes: new Uint8Array(2) }, "memory.bytes is a Uint8Array"],
  [{ at: Object.create(null) }, "memory.at is an object without a prototype"],
  [{ one: shared, other: [shared] }, "memory.other[0] is the same object as memory.one"],
  [cycle, "memory.self is the same object as memory"],
  [{ deep }, "levels deep"],
  [{ list: [1, , 3] }, "memory.list is a list with holes"], // oxlint-disable-line no-sparse-arrays
  [{ part: new Float64Array(4).subarray(1) }, "memory.part is a part of another array's buffer"],
  [{ fixed: Object.freeze({ a: 1 }) }, "memory.fixed.a is frozen"],
  [{ sealed: Object.preventExtensions({}) }, "memory.sealed is frozen or sealed"],
  [{ get now() { return 1; } }, "memory.now is computed by a getter"], // prettier-ignore
  [{ [Symbol("hidden")]: 1 }, "memory is an object with the key Symbol(hidden)"],
  [{ $: 1 }, 'memory["$"] is a key of the core\'s own'],
  [{ items: new Set([() => 1]) }, "memory.items (an item) is a function"],
  [{ keys: new Map([[new Date(0), 1]]) }, "memory.keys (key {}) is a Date"],
])("%o is refused: %s", (memory, words) => {
  expect(() => memoryToJson(memory)).toThrow(UnmemorableError);
  expect(() => memoryToJson(memory)).toThrow(words);
});

const numbers = fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -0, Infinity, -Infinity));
const { memorable } = fc.letrec((tie) => ({
  memorable: fc.oneof(
    { maxDepth: 4 },
    numbers,
    fc.string(),
    fc.boolean(),
    fc.constant(null),
    fc.float64Array(),
    fc.array(tie("memorable"), { maxLength: 4 }),
    fc.array(fc.tuple(numbers, tie("memorable")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    fc.uniqueArray(fc.string(), { maxLength: 4 }).map((items) => new Set(items)),
    fc.dictionary(fc.constantFrom("a", "b", "with space", "toString"), tie("memorable"), {
      noNullPrototype: true,
    }),
  ),
}));

test("what is taken comes back into any other memory exactly as it was", () => {
  const memories = fc.record(
    { x: memorable, y: memorable, z: memorable },
    { noNullPrototype: true, requiredKeys: [] },
  );
  fc.assert(
    fc.property(memories, memories, (memory, other) => {
      const text = exactText(memoryToJson(memory));
      restoreMemory(other, JSON.parse(text));
      expect(other).toStrictEqual(memory);
      expect(exactText(memoryToJson(other))).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test("what was deleted from a memory does not come back with a restart", () => {
  const fresh = { waiting: { a: 1, b: 2 }, last: 3 };
  const { waiting } = fresh;
  restoreMemory(fresh, JSON.parse(exactText(memoryToJson({ waiting: { b: 5 } }))));
  expect(fresh).toStrictEqual({ waiting: { b: 5 } });
  expect(fresh.waiting).toBe(waiting);
});

test("a snapshot is refused, with the place, when the memory can't be held any more", () => {
  const trader = createTrader({ ...CONFIGURATION, strategy: undefinedLater, parameters: {} });
  expect(snapshotOf(trader).memory).toEqual({ scans: 0, seen: { last: 0 } });
  Reflect.set(Reflect.get(trader.strategy.memory(), "seen"), "last", undefined);
  expect(() => snapshotOf(trader)).toThrow("memory.seen.last is undefined");
});
