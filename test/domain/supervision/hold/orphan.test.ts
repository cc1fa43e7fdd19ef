import { expect, test } from "vitest";
import { type OrphanSigns, whyStopOrphan } from "../../../../src/domain/supervision/hold/orphan.ts";

test.each<[OrphanSigns["supervisor"], OrphanSigns["run"], boolean]>([
  ["gone", "none", false],
  ["gone", "waiting", false],
  ["gone", "elsewhere", true],
  ["running", "none", false],
  ["running", "waiting", false],
  ["running", "elsewhere", true],
  ["told to stop", "none", true],
  ["told to stop", "waiting", false],
  ["cancelled", "none", true],
  ["cancelled", "waiting", false],
  ["cancelled", "elsewhere", true],
])(
  "an orphan whose supervisor is %s and whose run is %s is stopped: %s",
  (supervisor, run, stops) => {
    expect(whyStopOrphan({ supervisor, run }) !== null).toBe(stops);
  },
);
