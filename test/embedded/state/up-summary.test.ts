import { describe, expect, test } from "vitest";
import { summarize } from "../../../src/embedded/state/up-summary.ts";
import type { UpFacts } from "../../../src/embedded/state/up-summary.ts";
import { aStatus } from "../../helpers/status.ts";

const flowing: UpFacts = {
  durationS: 60.04,
  scansWritten: 120,
  filesTaken: 120,
  scansPushed: 120,
  scansSeen: 120,
  seqGaps: 0,
  lagMs: { p50: 1.5, p99: 4 },
  restarts: 0,
  rssMb: { up: 100 },
  trader: { trades: 2, equity: 100_010.5 },
  status: aStatus({}),
  down: [],
  failures: [],
};

function check(changed: Partial<UpFacts>, problems: readonly (string | RegExp)[]): void {
  const summary = summarize({ ...flowing, ...changed });
  expect(summary.problems).toHaveLength(problems.length);
  for (const [index, problem] of problems.entries())
    expect(summary.problems[index]).toMatch(problem);
  expect(summary.ok).toBe(problems.length === 0);
}

describe("the summary of a run", () => {
  test("has the contract's fields", () => {
    expect(summarize(flowing)).toEqual({
      ok: true,
      duration_s: 60,
      scans_written: 120,
      scans_pushed: 120,
      scans_seen: 120,
      seq_gaps: 0,
      lag_ms: { p50: 1.5, p99: 4 },
      restarts: 0,
      trades: 2,
      equity: 100_010.5,
      rss_mb: { up: 100 },
      problems: [],
    });
  });

  const backlog = aStatus({ status: "Warning", exit: 1, backlog: 5 });
  const nothing = { scansWritten: 0, filesTaken: 0, scansPushed: 0, scansSeen: 0 };
  test.each([
    ["restarts alone", { restarts: 3 }, []],
    ["a backlog", { status: backlog, filesTaken: 100, scansPushed: 100, scansSeen: 90 }, []],
    ["files that were quarantined", { scansPushed: 100, scansSeen: 100 }, []],
    ["nothing written", nothing, [/^no scan was written/]],
    [
      "nothing seen",
      { scansSeen: 0 },
      [/^120 scans were written, and none was seen/, /0 were seen/],
    ],
    ["a gap", { seqGaps: 2, scansSeen: 118 }, [/^2 seqs are missing/, /118 were seen/]],
    ["pushed and not seen", { scansSeen: 119 }, [/^120 scans were pushed, 119 were seen/]],
    ["written and not taken", { filesTaken: 110 }, [/^120 files were written, 110 were processed/]],
    [
      "a service down",
      { status: aStatus({ status: "Down", exit: 2 }) },
      [/^status is Down: scan-/],
    ],
    ["silence", { status: aStatus({ status: "Stale (upstream)", exit: 1 }) }, [/is Stale \(upst/]],
    ["a server not running", { down: ["hazelcast: fatal"] }, [/^not running: hazelcast: fatal/]],
    ["no status", { status: null }, [/^the status could not be read/]],
    ["a failure told beside", { failures: ["no supervisor"] }, [/^no supervisor/]],
  ] as const)("with %s", (_, changed, problems) => {
    check(changed, problems);
  });
});
