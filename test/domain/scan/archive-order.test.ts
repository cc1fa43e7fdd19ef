import { expect, test } from "vitest";
import {
  agreedTimes,
  areNamesInOrder,
  orderOfDay,
} from "../../../src/domain/scan/archive-order.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";

type Key = readonly [number: number, time: number];

/** The keys in another order, and the result. */
function ordered(keys: readonly Key[]) {
  const numbers = keys.map(([number]) => number);
  const timesUs = keys.map(([, time]) => time);
  const { order, moved } = orderOfDay({ numbers, timesUs });
  return { keys: order === null ? null : order.map((at) => keys[at]!), moved };
}

function shuffled(keys: readonly Key[]): readonly Key[] {
  const random = seededRandom(5);
  return keys
    .map((key) => ({ key, at: random.uniform() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ key }) => key);
}

const plain = Array.from({ length: 60 }, (_, at): Key => [at + 1, 5 * at]);
const restarted = plain.map(([number, time]): Key => [number <= 40 ? number : number - 40, time]);
const setBack = plain.map(([number, time]): Key => [number, number <= 40 ? time : time - 100]);
const stampedAhead = plain.map(([number, time]): Key => [
  number,
  number === 30 ? time + 999 : time,
]);

test.each([
  ["a plain day", plain],
  ["a writer that began anew", restarted],
  ["a clock that was set back", setBack],
  ["a stamp that is far ahead", stampedAhead],
])("%s stays as it lies", (_, keys) => {
  expect(ordered(keys)).toEqual({ keys: null, moved: 0 });
});

test.each([
  ["a plain day", plain],
  ["a writer that began anew", restarted],
  ["a clock that was set back", setBack],
  ["a stamp that is far ahead", stampedAhead],
])("%s is found again when its files were copied in any order", (_, keys) => {
  const found = ordered(shuffled(keys));
  expect(found.keys).toEqual(keys);
  expect(found.moved).toBeGreaterThan(10);
});

test("one late file goes to its place, also where restarts and set clocks leave no other order", () => {
  const keys = [...restarted, ...setBack.map(([number, time]): Key => [number, time + 1_000])];
  const late = keys.toSpliced(20, 1).toSpliced(25, 0, keys[20]!);
  expect(ordered(late)).toEqual({ keys, moved: 1 });
});

test("one stamp far ahead moves no other scan's time, and neither does a clock that was set back", () => {
  const ahead = [0, 5, 900, 15, 20, 25];
  expect(agreedTimes(ahead, 30)).toEqual([0, 5, 15, 15, 20, 25]);
  const back = [1_000, 1_005, 1_010, 1_015, 5, 10];
  expect(agreedTimes(back, 30)).toEqual([1_000, 1_005, 1_010, 1_015, 1_015, 1_015]);
});

test.each([
  [["d/scan_9.arrow", "d/scan_10.arrow"], true],
  [["d/scan_0009.arrow", "d/scan_0010.arrow"], true],
  [["d/scan_10.arrow", "d/scan_9.arrow"], false],
  [["d/7f.arrow", "d/3c.arrow"], false],
])("names %j count up: %s", (names, isInOrder) => {
  expect(areNamesInOrder(names)).toBe(isInOrder);
});
