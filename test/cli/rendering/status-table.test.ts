import { describe, expect, test } from "vitest";
import { duration } from "../../../src/cli/rendering/durations.ts";
import { statusTable } from "../../../src/cli/rendering/status-table.ts";
import { NEVER_STARTED } from "../../../src/operations/status/status-reader.ts";
import type { ScheduleRow, ServiceRow, SystemStatus } from "../../../src/wire/system-status.ts";

const bridge: ServiceRow = {
  service: "scan-bridge",
  role: "bridge",
  book: null,
  status: "Healthy",
  cause: "none",
  why: "newest data 2 s old",
  state: "running",
  pid: 12_345,
  up_s: 11_530,
  life: 1,
  mode: "auto",
  last_seq: 8_120,
  last_scan_number: 1_201_119,
  newest_data_age_s: 2,
  backlog: 0,
  restarts: 0,
  restarts_max: 3,
  next_try_at: null,
  rss_mb: 101.5,
  cpu_percent: 1,
  limits: null,
  counters: {},
  source: "temporal",
};
const healthy: SystemStatus = {
  checked_at: "2026-03-25T04:00:00.000000+00:00",
  status: "Healthy",
  exit: 0,
  services: [bridge],
  servers: [
    { server: "temporal", address: "127.0.0.1:7233", answered_ms: 12.5, problem: null },
    { server: "hazelcast", address: "127.0.0.1:5701", answered_ms: 3, problem: null },
  ],
  archive: { path: "/srv/scans", state: "ok, as the bridge sees it" },
  disk: { path: "/srv/data", state: "ok, 12.0 GB free" },
  schedules: [],
  latest_scan: {
    scan_number: 1_201_119,
    seq: 8_120,
    assets: 50,
    timestamp: "2026-03-25T03:59:58+00:00",
    age_s: 1.9,
    replayed: false,
  },
  temporal_ui: null,
  dashboard: null,
};

describe("statusTable", () => {
  test("says that the watchdog is wanted and was never started", () => {
    const table = statusTable({ ...healthy, safety: NEVER_STARTED });
    expect(table).toMatch(/^watchdog .*UNKNOWN, entries stop: it was not started/m);
  });
  test("says that GREEN decided otherwise than BLUE", () => {
    const green = { ...bridge, service: "trader-green", state: "diverged at seq 41: logic" };
    const lines = statusTable({ ...healthy, services: [green] }).split("\n");
    expect(lines).toContain("    diverged at seq 41: logic");
  });
  test.each([
    "no entries: posture UNKNOWN",
    "no entries: posture APEX is old",
    "halted",
    "running; not saved: memory.last is undefined",
  ])("says of a book that it is %s", (state) => {
    const blue = { ...bridge, service: "trader-blue", state };
    expect(statusTable({ ...healthy, services: [blue] }).split("\n")).toContain(`    ${state}`);
  });
  test.each(["no entries: posture APEX is old", "halted", "latched: limit_drawdown"])(
    "names the command that tells why a book that is '%s' does not enter",
    (state) => {
      const green = { ...bridge, service: "trader-green", state };
      const hint = "    'dolphin why no-trade --book GREEN' shows each rule and its value";
      expect(statusTable({ ...healthy, services: [green] }).split("\n")).toContain(hint);
      const well = { ...green, state: "running" };
      expect(statusTable({ ...healthy, services: [well] })).not.toContain("dolphin why");
    },
  );
  test("when all is well", () => {
    expect(statusTable(healthy)).toBe(
      `DOLPHIN  Healthy  2026-03-25 04:00:00 UTC

SERVICE      STATUS   PID    UP          SEQ    SCAN       NEWEST  BACKLOG  RESTARTS
scan-bridge  Healthy  12345  3 h 12 min  8,120  1,201,119  2.0 s   0        0 of 3
    newest data 2 s old

temporal   127.0.0.1:7233    answered in 12.5 ms
hazelcast  127.0.0.1:5701    answered in 3 ms
archive    /srv/scans        ok, as the bridge sees it
disk       /srv/data         ok, 12.0 GB free
last scan  number 1,201,119  seq 8,120, 50 assets, pushed 1.9 s ago`,
    );
  });

  test("says when the next try comes, and what does not answer", () => {
    const text = statusTable({
      ...healthy,
      status: "Server silent",
      exit: 3,
      services: [
        {
          ...bridge,
          status: "FATAL",
          why: "exit code 1 after 3 s",
          pid: null,
          up_s: null,
          restarts: 3,
          next_try_at: "2026-03-25T04:04:10.000000+00:00",
        },
      ],
      servers: [
        { server: "temporal", address: "a:1", answered_ms: null, problem: null },
        { server: "hazelcast", address: "b:2", answered_ms: null, problem: "refused \u001b[2J" },
      ],
      latest_scan: null,
    });
    expect(text).toContain(
      "exit code 1 after 3 s\n    next try in 4 min; 'dolphin why restart scan-bridge' says why",
    );
    expect(text).toContain("did not answer in 400 ms\n");
    expect(text).toContain("did not answer in 400 ms: refused \\u001b[2J");
  });

  const daily: ScheduleRow = {
    schedule: "archive-audit",
    paused: null,
    last_due_at: "2026-03-25T00:10:00.000000+00:00",
    last_late_s: 1,
    next_at: "2026-03-26T00:10:00.000000+00:00",
    schedule_skipped: 0,
    overlap_skipped: 0,
  };
  test("says of schedules only what did not go as declared", () => {
    expect(statusTable({ ...healthy, schedules: [daily] })).not.toContain("archive-audit");
    const text = statusTable({
      ...healthy,
      schedules: [{ ...daily, schedule_skipped: 2, overlap_skipped: 1, last_late_s: 3_120 }],
    });
    expect(text).toMatch(
      /schedule +archive-audit +2 skipped: too old .*; 1 skipped: the previous one still ran; the last one was caught up, 52 min late/,
    );
  });
  test("fits 100 columns", () => {
    for (const line of statusTable(healthy).split("\n")) expect(line.length).toBeLessThan(101);
  });
});

test.each([
  [null, "-"],
  [0, "0.0 s"],
  [9.96, "10.0 s"],
  [119.4, "119 s"],
  [120, "2 min"],
  [3_599, "59 min"],
  [3_600, "1 h 0 min"],
  [172_800, "2 d 0 h"],
])("%s seconds are %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
