import { expect, test } from "vitest";
import { SENSOR_NAMES } from "../../../src/domain/health/sample.ts";
import { healthLines } from "../../../src/cli/why/health.ts";
import { parseHealthReport } from "../../../src/wire/health/health-report.ts";

const AGE_MS = 3_000;
const NOTHING = { score: null, parts: [] };
const REPORT = {
  rm_meta: 0.5,
  m1_proc: 1,
  m2_heartbeat: 1,
  m3_data_freshness: 0.5,
  m4_control_plane: null,
  m5_coherence: 1,
  status: "DEGRADED",
  timestamp: "2026-03-25T12:00:00.000000+00:00",
  causes: [],
  subsystem_health: { processes: {}, data_sources: {} },
  roots: [],
  symptoms: [],
  sensors: Object.fromEntries(SENSOR_NAMES.map((name) => [name, NOTHING])),
};

function linesOf(report: object, ageMs = AGE_MS): readonly string[] {
  const parsed = parseHealthReport(JSON.stringify(report));
  return parsed === null ? [] : healthLines(parsed, ageMs);
}

test("a cause is reported with its evidence, its remedy and what follows from it", () => {
  const roots = [
    {
      id: "upstream:scan",
      kind: "upstream",
      subject: "scan",
      owner: "upstream",
      evidence: ["no new file for 95 s (budget 30 s)"],
      remedy: { kind: "none", because: "the source is not ours" },
    },
  ];
  const symptoms = [
    { subject: "trader-blue", says: "trader-blue hears nothing", of: "upstream:scan" },
  ];
  expect(linesOf({ ...REPORT, roots, symptoms })).toEqual([
    "health DEGRADED at 2026-03-25T12:00:00Z, 3.0 s ago",
    "  rm_meta 0.5 = m1_proc 1 x m2_heartbeat 1 x m3_data_freshness 0.5 x m4_control_plane ? x m5_coherence 1 (unknown ones are left out)",
    "",
    "  cause upstream:scan (upstream)",
    "    because: no new file for 95 s (budget 30 s)",
    "    remedy: none, the source is not ours",
    "    so: trader-blue hears nothing",
  ]);
});

test("without a cause nothing is wrong; an old report says that it is; any other is none", () => {
  expect(linesOf(REPORT).at(-1)).toBe("  no cause: nothing is wrong");
  const old = linesOf(REPORT, 3_603_000)[0];
  expect(old).toContain("1 h 0 min ago: outdated, because the service health no longer writes it");
  expect(linesOf({ status: "GREEN" })).toEqual([]);
});
