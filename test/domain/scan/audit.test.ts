import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type AuditedFile, countFile, NO_TOTALS } from "../../../src/domain/scan/audit.ts";

test.each<[Partial<AuditedFile>, string]>([
  [{ verdict: "pushed" }, "pushed"],
  [{ verdict: "duplicate" }, "duplicates"],
  [{ verdict: "quarantined" }, "quarantined"],
  [{ verdict: null }, "missing"],
  [{ verdict: null, isFresh: true }, "pending"],
  [{ verdict: "pushed", isUnchanged: false }, "missing"],
  [{ verdict: "pushed", isUnchanged: false, isFresh: true }, "pending"],
  [{ verdict: "pushed", isFresh: true }, "pushed"],
])("%j falls under %s", (changes, column) => {
  const file = "2026-03-25/a.arrow";
  const audited = { file, verdict: null, isUnchanged: true, isFresh: false, ...changes };
  const totals = { ...NO_TOTALS };
  expect(countFile(totals, audited)).toBe(column);
  expect(totals).toEqual({ ...NO_TOTALS, files: 1, [column]: 1 });
});

test("every file falls in exactly one column", () => {
  const audited = fc.record({
    file: fc.constant("2026-03-25/a.arrow"),
    verdict: fc.constantFrom("pushed", "duplicate", "quarantined", null),
    isUnchanged: fc.boolean(),
    isFresh: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(audited), (files) => {
      const totals = { ...NO_TOTALS };
      for (const file of files) countFile(totals, file);
      const { files: count, ...columns } = totals;
      expect(count).toBe(files.length);
      expect(Object.values(columns).reduce((sum, n) => sum + n, 0)).toBe(count);
    }),
  );
});
