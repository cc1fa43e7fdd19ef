/** The verdict on a run of `dolphin up`: did the main job work, end to end? */
import type { LagPercentiles } from "../scan-watch.ts";
import type { SystemStatus } from "../../wire/system-status.ts";
import type { UpSummary } from "../../wire/up-file.ts";

export type UpFacts = {
  readonly durationS: number;
  /** Files that appeared in the archive while it ran. */
  readonly scansWritten: number;
  /** Files that the journal recorded as pushed, duplicates or quarantined in the same time. */
  readonly filesTaken: number;
  readonly scansPushed: number;
  readonly scansSeen: number;
  readonly seqGaps: number;
  readonly lagMs: LagPercentiles;
  /** Restarts of servers, worker, simulator and services together. */
  readonly restarts: number;
  readonly rssMb: Readonly<Record<string, number>>;
  /** Null when no trader answered. */
  readonly trader: { readonly trades: number; readonly equity: number } | null;
  /** Null when it could not be read. */
  readonly status: SystemStatus | null;
  /** Servers and workers that are not running, as `name: state`. */
  readonly down: readonly string[];
  /** Other failures, such as a supervisor that could not be created. */
  readonly failures: readonly string[];
};

export function summarize(facts: UpFacts): UpSummary {
  const problems = problemsIn(facts);
  return {
    ok: problems.length === 0,
    duration_s: Math.round(facts.durationS * 10) / 10,
    scans_written: facts.scansWritten,
    scans_pushed: facts.scansPushed,
    scans_seen: facts.scansSeen,
    seq_gaps: facts.seqGaps,
    lag_ms: facts.lagMs,
    restarts: facts.restarts,
    trades: facts.trader?.trades ?? null,
    equity: facts.trader?.equity ?? null,
    rss_mb: facts.rssMb,
    problems,
  };
}

function problemsIn(facts: UpFacts): string[] {
  const problems = [...facts.failures, ...facts.down.map((part) => `not running: ${part}`)];
  if (facts.scansSeen === 0) {
    problems.push(
      facts.scansWritten === 0
        ? "no scan was written to the archive, so none could be seen in Hazelcast"
        : `${facts.scansWritten} scans were written, and none was seen in Hazelcast`,
    );
  }
  if (facts.seqGaps > 0)
    problems.push(`${facts.seqGaps} seqs are missing in what the listener saw`);
  const { status } = facts;
  if (status === null) problems.push("the status could not be read");
  else if (status.exit > 1 || (status.exit === 1 && !hasBacklog(status))) {
    const why = status.services.map((row) => `${row.service} ${row.status} (${row.why})`);
    problems.push(`status is ${status.status}: ${why.join(", ")}`);
  }
  // What is still waiting shows in the backlog; without one everything must have arrived.
  if (status === null || hasBacklog(status)) return problems;
  if (facts.filesTaken < facts.scansWritten) {
    problems.push(`${facts.scansWritten} files were written, ${facts.filesTaken} were processed`);
  }
  if (facts.scansSeen < facts.scansPushed) {
    problems.push(`${facts.scansPushed} scans were pushed, ${facts.scansSeen} were seen`);
  }
  return problems;
}

function hasBacklog(status: SystemStatus): boolean {
  return status.services.some((row) => row.backlog !== null && row.backlog > 0);
}
