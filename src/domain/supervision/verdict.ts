/**
 * The verdict on one service: a word, whose fault it is, and what is done about it.
 * Invariant: only evidence about the process itself, or about scans that it leaves lying while
 * archive and Hazelcast both answer, ever leads to a restart.
 */

export const WORDS = [
  "Healthy",
  "Warning",
  "Stale",
  "Stale (upstream)",
  "Waiting",
  "Starting",
  "Stopped",
  "Down",
  "Error",
  "Fenced",
  "FATAL",
  "Unkillable",
] as const;
export type Word = (typeof WORDS)[number];

export const CAUSES = ["none", "mount", "hazelcast", "process", "bridge", "upstream"] as const;
export type Cause = (typeof CAUSES)[number];

export type Verdict = {
  readonly word: Word;
  readonly cause: Cause;
  readonly action: "none" | "alert" | "restart";
  /** A sentence with the figures. */
  readonly reason: string;
};

/** What a service says about its work; ages in seconds. */
export type WorkFacts = {
  readonly archive: "ok" | "hung" | "missing" | "error";
  readonly hazelcast: "ok" | "down";
  readonly newestDataAgeS: number | null;
  readonly oldestUnpushedAgeS: number | null;
  readonly progressAgeS: number | null;
  readonly backlog: number;
};

export type Observation = {
  readonly phase: "absent" | "starting" | "running";
  /** Since the last beat. */
  readonly silentS: number;
  readonly rssBytes: number | null;
  /** Mean of the last 60 s outside a backlog; null where that is not known. */
  readonly cpuPercent: number | null;
  /** What the last beat said; null from a service without data, or before the first beat. */
  readonly facts: WorkFacts | null;
  /** How long archive and Hazelcast have both answered without a break. */
  readonly dependenciesOkS: number;
};

export type Limits = {
  readonly rssWarnBytes: number;
  readonly rssRestartBytes: number;
  readonly cpuWarnPercent: number;
  readonly cpuAlertPercent: number;
};

export const SILENT_MAX_S = 10;
const FRESH_S = 30;
const STALE_S = 60;
const STUCK_S = 60;
/** A listing is due every ten seconds at most; a first one of a huge, slow share may take minutes. */
const BLIND_S = 300;
const BYTES_PER_MB = 1_048_576;

/** Tries the rows of the design's table in their order; the first that fits decides. */
export function verdict(seen: Observation, limits: Limits): Verdict {
  const { facts } = seen;
  if (seen.phase === "absent") {
    return { word: "Down", cause: "process", action: "restart", reason: "no process" };
  }
  return (
    onArchive(facts) ??
    onHazelcast(facts) ??
    onProcess(seen, limits) ??
    onStuckBridge(seen) ??
    withUsage(onData(seen), seen, limits)
  );
}

function onArchive(facts: WorkFacts | null): Verdict | null {
  if (facts === null || facts.archive === "ok") return null;
  const what = {
    hung: "the archive does not answer (a file operation hangs)",
    missing: "the archive folder does not exist",
    error: "the archive cannot be read",
  }[facts.archive];
  const reason = `${what}; ${dataAge(facts.newestDataAgeS)}; recovers by itself`;
  return { word: "Error", cause: "mount", action: "alert", reason };
}

function onHazelcast(facts: WorkFacts | null): Verdict | null {
  if (facts === null || facts.hazelcast === "ok") return null;
  const reason = `Hazelcast does not answer; ${facts.backlog} files wait; retrying`;
  return { word: "Error", cause: "hazelcast", action: "alert", reason };
}

function onProcess(seen: Observation, limits: Limits): Verdict | null {
  if (SILENT_MAX_S <= seen.silentS && seen.phase === "running") {
    const reason = `no beat for ${age(seen.silentS)} (limit ${SILENT_MAX_S} s)`;
    return { word: "Down", cause: "process", action: "restart", reason };
  }
  if (seen.rssBytes !== null && limits.rssRestartBytes <= seen.rssBytes) {
    const reason = `memory ${mb(seen.rssBytes)} is over the limit of ${mb(limits.rssRestartBytes)}`;
    return { word: "Error", cause: "process", action: "restart", reason };
  }
  if (seen.phase === "starting") {
    return { word: "Starting", cause: "none", action: "none", reason: "waiting for ready to hold" };
  }
  return null;
}

function onStuckBridge({ facts, dependenciesOkS }: Observation): Verdict | null {
  if (facts === null || facts.progressAgeS === null) return null;
  const { oldestUnpushedAgeS, progressAgeS } = facts;
  // Counted from when both answered again: what lay through an outage is no fault of the bridge.
  const idleS = Math.min(progressAgeS, dependenciesOkS);
  if (idleS <= STUCK_S) return null;
  const nothing = `no progress for ${age(progressAgeS)}, though archive and Hazelcast answer`;
  if (oldestUnpushedAgeS === null) {
    // It knows of no file, but it does not look either: nobody can say that the upstream is silent.
    const action = BLIND_S < idleS ? "restart" : "alert";
    return { word: "Stale", cause: "bridge", action, reason: `nothing is listed; ${nothing}` };
  }
  if (oldestUnpushedAgeS <= STUCK_S) return null;
  const reason = `a complete file lies unpushed for ${age(oldestUnpushedAgeS)}; ${nothing}`;
  return { word: "Stale", cause: "bridge", action: "restart", reason };
}

function onData({ facts }: Observation): Verdict {
  if (facts === null) return { word: "Healthy", cause: "none", action: "none", reason: "running" };
  const { newestDataAgeS, oldestUnpushedAgeS, backlog } = facts;
  const data = dataAge(newestDataAgeS);
  if (oldestUnpushedAgeS !== null && FRESH_S <= oldestUnpushedAgeS) {
    const word = STALE_S < oldestUnpushedAgeS && STALE_S < (facts.progressAgeS ?? 0);
    const reason = `backlog of ${backlog} files, the oldest waits ${age(oldestUnpushedAgeS)}; ${data}`;
    return { word: word ? "Stale" : "Warning", cause: "none", action: "none", reason };
  }
  if (newestDataAgeS === null) {
    return oldestUnpushedAgeS === null
      ? { word: "Waiting", cause: "upstream", action: "none", reason: "no scan in the archive yet" }
      : { word: "Healthy", cause: "none", action: "none", reason: `first of ${backlog} files` };
  }
  if (newestDataAgeS < FRESH_S) {
    return { word: "Healthy", cause: "none", action: "none", reason: data };
  }
  if (oldestUnpushedAgeS !== null) {
    const reason = `${data}; ${backlog} files being pushed`;
    return { word: "Warning", cause: "none", action: "none", reason };
  }
  const word = STALE_S < newestDataAgeS ? "Stale (upstream)" : "Warning";
  return { word, cause: "upstream", action: "none", reason: `${data}, nothing unpushed` };
}

/** Memory and CPU over their warning marks raise an alert, whatever the data says, and never a restart. */
function withUsage(base: Verdict, seen: Observation, limits: Limits): Verdict {
  const notes: string[] = [];
  if (seen.rssBytes !== null && limits.rssWarnBytes <= seen.rssBytes) {
    notes.push(`memory ${mb(seen.rssBytes)} (warning at ${mb(limits.rssWarnBytes)})`);
  }
  if (seen.cpuPercent !== null && limits.cpuWarnPercent <= seen.cpuPercent) {
    const mark = limits.cpuAlertPercent <= seen.cpuPercent ? "alert" : "warning";
    const limit = mark === "alert" ? limits.cpuAlertPercent : limits.cpuWarnPercent;
    notes.push(`CPU ${Math.round(seen.cpuPercent)} % for 60 s (${mark} at ${limit} %)`);
  }
  if (notes.length === 0) return base;
  const reason = [...notes, base.reason].join("; ");
  if (base.word !== "Healthy") return { ...base, action: "alert", reason };
  return { word: "Warning", cause: "process", action: "alert", reason };
}

function dataAge(seconds: number | null): string {
  return seconds === null ? "no data yet" : `newest data ${age(seconds)} old`;
}

function age(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}

function mb(bytes: number): string {
  return `${Math.round(bytes / BYTES_PER_MB)} MB`;
}
