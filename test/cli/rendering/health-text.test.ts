import { expect, test } from "vitest";
import { healthText, historyLines } from "../../../src/cli/rendering/health-text.ts";
import { diagnose } from "../../../src/domain/health/diagnose.ts";
import { healthReport } from "../../../src/wire/health/health-report.ts";
import { type Fault, GRAPH, sampleWith } from "../../helpers/health/faulty-world.ts";

function textWith(...faults: readonly Fault[]): string[] {
  const sample = sampleWith(faults);
  return healthText(healthReport(sample, diagnose(sample, GRAPH)));
}

test("a system that is well is reported in a line for each sensor", () => {
  expect(textWith()).toEqual([
    "DOLPHIN  GREEN  rm_meta 1.00  1970-01-01 00:00:00 UTC",
    "",
    "m1_proc            1.00  4 of 4 healthy",
    "m2_heartbeat       1.00  4 of 4 healthy",
    "m3_data_freshness  1.00  3 of 3 healthy",
    "m4_control_plane   1.00  3 of 3 healthy",
    "m5_coherence       1.00  1 of 1 healthy",
  ]);
});

test("a cause is reported with its evidence, its remedy, and what follows from it", () => {
  const lines = textWith({ kind: "stuck" });
  expect(lines.slice(lines.indexOf("") + 1)).toEqual(
    expect.arrayContaining([
      "bridge:scan-bridge  (ours)",
      "    scan-bridge: a complete file lies unpushed for 90 s; no file is settled for 90 s, though archive and Hazelcast answer",
      "    remedy: restart scan-bridge",
      expect.stringMatching(/^ {4}so: trader-blue: newest scan 3 min old/),
      expect.stringMatching(/^ {4}0\.00 {2}scan is 60 min old/),
    ]),
  );
  expect(textWith({ kind: "upstream" })).toContain(
    "    remedy: none, it recovers by itself when its source continues",
  );
});

test("the past is reported where it changed", () => {
  const scores = { m1_proc: 1, m2_heartbeat: 1, m3_data_freshness: 1, m4_control_plane: 1 };
  const row = (at_us: number, status: string, causes: string) => ({
    ...scores,
    m5_coherence: null,
    rm_meta: 1,
    at_us,
    status,
    causes,
  });
  const rows = [
    row(0, "GREEN", ""),
    row(5e6, "GREEN", ""),
    row(10e6, "DEGRADED", "upstream:scan"),
    row(15e6, "DEGRADED", "upstream:scan"),
    row(20e6, "GREEN", ""),
  ];
  expect(historyLines(rows).map((line) => line.trimEnd())).toEqual([
    "1970-01-01 00:00:00  GREEN  rm_meta 1.00",
    "1970-01-01 00:00:10  DEGRADED  rm_meta 1.00  upstream:scan",
    "1970-01-01 00:00:20  GREEN  rm_meta 1.00",
  ]);
  expect(historyLines([])).toEqual(["no health was recorded in that period"]);
});
