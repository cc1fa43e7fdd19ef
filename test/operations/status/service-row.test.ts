import { describe, expect, test } from "vitest";
import {
  rowFromSigns,
  rowFromSupervision,
  type Supervision,
} from "../../../src/operations/status/service-row.ts";
import { SERVICES } from "../../../src/domain/supervision/services.ts";
import { ServiceStatus } from "../../../src/wire/supervision.ts";
import { runDetails } from "../../helpers/supervision/run-details.ts";

const nowMs = Date.parse("2026-03-25T04:00:00Z");
const about = {
  spec: SERVICES["scan-bridge"],
  policy: { restartsMax: 3, windowMs: 600_000, delaysMs: [0], fatalRetryMs: 300_000 },
  nowMs,
  ended: null,
};

const details = runDetails({
  started_at: "2026-03-25T03:58:00+00:00",
  rss_mb: 101.5,
  facts: {
    archive: "ok",
    hazelcast: "ok",
    newestDataAgeS: 2,
    oldestUnpushedAgeS: null,
    settledAgeS: 1,
    listedAgeS: 1,
    backlog: 0,
  },
  counters: { last_scan_number: 119, epoch: 3 },
  restart_times: ["2026-03-25T03:00:00+00:00", "2026-03-25T03:57:00+00:00"],
});

const status = ServiceStatus.parse({
  service: "scan-bridge",
  layer: "scan",
  intent: "running",
  mode: "auto",
  word: "FATAL",
  cause: "process",
  reason: "3 restarts in 10 minutes",
  life: 4,
  pid: null,
  host: null,
  started_at: null,
  restarts_in_window: 3,
  restart_times: [
    "2026-03-25T03:55:00+00:00",
    "2026-03-25T03:56:00+00:00",
    "2026-03-25T03:57:00+00:00",
  ],
  next_try_at: "2026-03-25T04:02:00+00:00",
  last_end: null,
  updated_at: "2026-03-25T03:57:00+00:00",
});

function checkRow(supervision: Supervision, expected: Record<string, unknown>): void {
  expect(rowFromSupervision(supervision, about)).toMatchObject(expected);
}

describe("rowFromSupervision", () => {
  test("tells what the run's heartbeat says, word for word", () => {
    checkRow(
      { status, run: { kind: "reported", details, ageS: 1 } },
      {
        status: "Healthy",
        why: "newest data 2 s old",
        pid: 77,
        life: 4,
        up_s: 120,
        mode: "auto",
        last_seq: 120,
        last_scan_number: 119,
        newest_data_age_s: 2,
        backlog: 0,
        restarts: 1,
        restarts_max: 3,
        next_try_at: null,
        source: "temporal",
      },
    );
  });

  test("believes no report of a process that is seen to have ended, and any of a later one", () => {
    const reported = { status, run: { kind: "reported", details, ageS: 1 } } as const;
    const wordWhere = (pid: number, started_ticks: number) =>
      rowFromSupervision(reported, { ...about, ended: { pid, started_ticks } });
    expect(wordWhere(77, 1)).toMatchObject({
      status: "Down",
      cause: "process",
      why: "the process 77 has ended, and no worker has reported that yet",
    });
    expect(wordWhere(76, 1).status).toBe("Healthy");
    expect(wordWhere(77, 0).status).toBe("Healthy");
  });

  test("shows the supervisor's memo where no run is open", () => {
    checkRow(
      { status, run: { kind: "none" } },
      {
        status: "FATAL",
        why: "3 restarts in 10 minutes",
        pid: null,
        up_s: null,
        restarts: 3,
        next_try_at: "2026-03-25T04:02:00+00:00",
      },
    );
  });

  test("does not repeat what the memo said of a process that has ended", () => {
    const old = { ...status, word: "Healthy", reason: "newest data 2 s old", pid: 77 } as const;
    checkRow(
      { status: old, run: { kind: "none" } },
      { status: "Down", why: "the process 77 has ended; the supervisor decides what comes next" },
    );
  });

  test("believes no heartbeat that is older than 10 s", () => {
    checkRow(
      { status, run: { kind: "reported", details, ageS: 34 } },
      {
        status: "Down",
        cause: "process",
        why: "no worker has reported on it for 34 s; is 'dolphin worker scan' running?",
      },
    );
  });

  test("says so when no worker takes the run", () => {
    checkRow({ status, run: { kind: "silent", sinceS: 3 } }, { status: "FATAL" });
    checkRow(
      { status, run: { kind: "silent", sinceS: 30 } },
      {
        status: "Down",
        why: "no worker has taken its run for 30 s; is 'dolphin worker scan' running?",
      },
    );
  });

  test("without a supervisor a healthy service is a warning, a sick one no less than before", () => {
    checkRow(
      { status: null, run: { kind: "reported", details, ageS: 1 } },
      {
        status: "Warning",
        why: "no supervisor, 'dolphin create' starts it; newest data 2 s old",
        pid: 77,
      },
    );
    const down = { ...details, word: "Down" } as const;
    checkRow(
      { status: null, run: { kind: "reported", details: down, ageS: 1 } },
      { status: "Down" },
    );
  });

  test("without a supervisor: Down, and what to do", () => {
    checkRow(
      { status: null, run: { kind: "none" } },
      { status: "Down", why: "no supervisor; 'dolphin create' starts it", restarts: 0 },
    );
  });
});

describe("rowFromSigns, while Temporal is away", () => {
  const process = { pid: 77, life: 4, startedAtMs: nowMs - 120_000, rssBytes: 104_857_600 };

  test("a process that beats in Hazelcast", () => {
    const heartbeat = {
      ageS: 1,
      state: "running",
      facts: details.facts,
      counters: { last_seq: 120, last_scan_number: 119 },
    };
    expect(rowFromSigns({ process, heartbeat }, about)).toMatchObject({
      status: "Healthy",
      state: "running",
      pid: 77,
      up_s: 120,
      life: 4,
      last_seq: 120,
      last_scan_number: 119,
      backlog: 0,
      newest_data_age_s: 2,
      why: expect.stringMatching(/^newest data 2 s old; Temporal does not answer/),
      rss_mb: 100,
      restarts: null,
      source: "hazelcast",
    });
  });

  test("a process that has fallen silent in Hazelcast", () => {
    const heartbeat = { ageS: 40, state: "running", facts: null, counters: {} };
    const row = rowFromSigns({ process, heartbeat }, about);
    expect([row.status, row.why]).toEqual(["Down", expect.stringMatching(/^no beat for 40 s/)]);
  });

  test("a process that waits for its journal is not healthy, however new its data", () => {
    const state = "waiting: journal (SQLITE_FULL: database or disk is full)";
    const heartbeat = { ageS: 1, state, facts: details.facts, counters: {} };
    const row = rowFromSigns({ process, heartbeat }, about);
    expect(row).toMatchObject({ status: "Warning", state });
    expect(row.why).toMatch(/^waiting: journal \(SQLITE_FULL.*; newest data 2 s old; Temporal/);
  });

  test("a process that only the run file shows", () => {
    const row = rowFromSigns({ process, heartbeat: null }, about);
    expect(row.source).toBe("run file");
    expect(row.why).toMatch(/Temporal does not answer, this comes from its run file only$/);
  });

  test("no process", () => {
    const row = rowFromSigns({ process: null, heartbeat: null }, about);
    expect(row).toMatchObject({ status: "Down", pid: null, source: "none" });
  });
});
