import { expect, test } from "vitest";
import { HashFilter } from "../../../src/adapters/scan-journal/hash-filter.ts";
import { prefixOf } from "../../../src/adapters/scan-journal/journal-rows.ts";
import { hashOf } from "../../../src/wire/scan-hash.ts";

const COUNT = 100_000;
const prefixes = Array.from({ length: 2 * COUNT }, (_, at) =>
  prefixOf(hashOf(Buffer.from(String(at)))),
);

test("it knows every hash it was given, and hardly any other", () => {
  const filter = new HashFilter();
  const given = prefixes.slice(0, COUNT);
  for (const prefix of given) filter.add(prefix);
  expect(given.every((prefix) => filter.mayHave(prefix))).toBe(true);
  const wrong = prefixes.slice(COUNT).filter((prefix) => filter.mayHave(prefix)).length;
  expect(wrong).toBeLessThan(100);
});
