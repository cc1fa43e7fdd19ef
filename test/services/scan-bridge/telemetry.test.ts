import { expect, test } from "vitest";
import { createLatency } from "../../../src/services/latency.ts";
import { createTelemetry, type PushedScan } from "../../../src/services/scan-bridge/telemetry.ts";

const SCAN: PushedScan = {
  seq: 1,
  scanNumber: 7,
  assetCount: 50,
  mtimeUs: 1_000_000,
  timeUs: 1_000_000,
  firstSeenUs: 1_002_000,
  late: false,
  replayed: false,
};
const AT = { hazelcastUs: 1_005_000, nowMs: 10_000 };

test("percentiles are of the last thousand samples", () => {
  const latency = createLatency();
  expect(latency.summary()).toEqual({ p50: null, p99: null });
  for (let ms = 1; ms <= 100; ms++) latency.add(ms);
  expect(latency.summary()).toEqual({ p50: 51, p99: 100 });
  for (let n = 0; n < 1_000; n++) latency.add(7);
  expect(latency.summary()).toEqual({ p50: 7, p99: 7 });
});

test("the three latencies are distinguished, for live scans only", () => {
  const telemetry = createTelemetry();
  telemetry.pushed(SCAN, AT);
  telemetry.pushed({ ...SCAN, seq: 2, replayed: true, mtimeUs: 0 }, AT);
  expect(telemetry.summary(10_000)).toMatchObject({
    pushed: 2,
    replayed: 1,
    last_seq: 2,
    complete_to_seen_ms: { p50: 2, p99: 2 },
    seen_to_hazelcast_ms: { p50: 3, p99: 3 },
    complete_to_hazelcast_ms: { p50: 5, p99: 5 },
    writer_clock_offset_ms: 2,
  });
});

test("scans a minute are those of the last sixty seconds", () => {
  const telemetry = createTelemetry();
  for (let second = 0; second < 90; second++) {
    telemetry.pushed(SCAN, { ...AT, nowMs: second * 1_000 });
  }
  expect(telemetry.summary(89_999).scans_per_min).toBe(60);
  expect(telemetry.summary(119_000).scans_per_min).toBe(30);
  expect(telemetry.summary(10_000_000).scans_per_min).toBe(0);
});

test("the writer's clock offset is the least of a hundred files", () => {
  const telemetry = createTelemetry();
  telemetry.pushed({ ...SCAN, firstSeenUs: SCAN.mtimeUs - 600_000_000 }, AT);
  expect(telemetry.summary(10_000).writer_clock_offset_ms).toBe(-600_000);
  for (let file = 0; file < 100; file++) telemetry.pushed(SCAN, AT);
  expect(telemetry.summary(10_000).writer_clock_offset_ms).toBe(2);
});

test("a writer whose clock went back is reported, with how far its scans are behind", () => {
  const telemetry = createTelemetry();
  telemetry.pushed({ ...SCAN, timeUs: 3_601_000_000 }, AT);
  const late = { ...SCAN, late: true };
  // A start's backlog and a few stragglers are none.
  for (let n = 0; n < 100; n++) telemetry.pushed({ ...late, replayed: true }, AT);
  for (let n = 0; n < 19; n++) telemetry.pushed(late, AT);
  expect(telemetry.trouble()).toBeNull();
  telemetry.pushed(late, AT);
  expect(telemetry.trouble()).toMatch(/^the last 20 scans are all late: .* by 3600 s at present; /);
  telemetry.pushed({ ...SCAN, timeUs: 3_602_000_000 }, AT);
  expect(telemetry.trouble()).toBeNull();
});
