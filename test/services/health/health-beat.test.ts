import { expect, test } from "vitest";
import { diagnose } from "../../../src/domain/health/diagnose.ts";
import { SERVICES } from "../../../src/domain/supervision/services.ts";
import { verdict } from "../../../src/domain/supervision/verdict.ts";
import { healthBeat } from "../../../src/services/health/health-beat.ts";
import { healthReport, parseHealthReport } from "../../../src/wire/health/health-report.ts";
import { type Fault, GRAPH, sampleWith } from "../../helpers/health/faulty-world.ts";

function reportWith(...faults: readonly Fault[]) {
  const sample = sampleWith(faults);
  return healthReport(sample, diagnose(sample, GRAPH));
}

const SERVERS = { temporal: "ok", hazelcast: "ok" } as const;
const WELL = { ageMs: 1_000, servers: SERVERS, trouble: null, untold: 0, unheard: null };

test("a report is the contract's, and comes back as it was", () => {
  const report = reportWith({ kind: "upstream" });
  expect(report).toMatchObject({
    rm_meta: 0.333,
    status: "DEGRADED",
    causes: [expect.stringMatching(/^upstream:scan \(upstream\): scan-bridge: newest data .* old/)],
    m1_proc: 1,
    m3_data_freshness: expect.any(Number),
    subsystem_health: {
      processes: { "scan-bridge": 1, "trader-blue": 1 },
      data_sources: { scan: { score: 0, budget_s: 30 } },
    },
    timestamp: "1970-01-01T00:00:00.000000+00:00",
  });
  expect(parseHealthReport(JSON.stringify(report))).toEqual(report);
  expect(parseHealthReport('{"rm_meta":1}')).toBeNull();
  expect(parseHealthReport("{")).toBeNull();
});

test("its beats say the causes, and whether it samples", () => {
  const report = reportWith({ kind: "hazelcast" });
  const beat = healthBeat({ ...WELL, report, trouble: "history.db: disk I/O error" });
  expect(beat.state).toBe(
    "DEGRADED; hazelcast:hazelcast (ours): Hazelcast has not answered for 12 s",
  );
  expect(beat.counters).toMatchObject({ rm_meta: report.rm_meta, health: "DEGRADED", untold: 0 });
  const seen = { phase: "running", silentS: 0, rssBytes: 0, cpuPercent: 0 } as const;
  const found = verdict({ ...seen, facts: beat.facts, dependenciesOkS: 60 }, SERVICES.health);
  expect([found.word, found.reason]).toEqual([
    "Warning",
    "no history: history.db: disk I/O error; newest sample 1 s old",
  ]);
});

function notesWith(temporal: "ok" | "down") {
  const servers = { ...SERVERS, temporal };
  return healthBeat({ ...WELL, report: null, servers, unheard: "refused" }).facts?.notes;
}

test("its beats say that metaHealth cannot be reached, although Temporal answers", () => {
  expect(notesWith("ok")).toMatchObject([
    { says: expect.stringContaining("metaHealth cannot be notified: refused") },
  ]);
  expect(notesWith("down")).toEqual([]);
});

test("before the first report it starts", () => {
  expect(healthBeat({ ...WELL, report: null, ageMs: null })).toMatchObject({
    state: "starting",
    facts: { inputs: [{ name: "samples", ageS: null }] },
  });
});
