/**
 * The verdict on one service: a word, whose fault it is, and the action. Invariant: a restart follows only from
 * evidence about the process itself, or about scans that it leaves unpushed while archive and Hazelcast both answer.
 */

import { type Cause, type DependencyState, type InputTie, inputTieOf, type Ties } from "./ties.ts";

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

export type Verdict = {
  readonly word: Word;
  readonly cause: Cause;
  readonly action: "none" | "alert" | "restart";
  /** A sentence with the figures. */
  readonly reason: string;
};

/** An input, from when the service first saw it; ages in seconds on the service's own clock. */
export type InputFact = {
  readonly name: string;
  /** Age of the newest value; null before the first. */
  readonly ageS: number | null;
  /** Fresh up to this age, stale beyond twice of it. */
  readonly budgetS: number;
  /** Time since the service last looked for it, or should have looked; null where values are pushed to it. */
  readonly lookedAgeS?: number | null | undefined;
};

export type QueueFact = {
  readonly waiting: number;
  /** Since the oldest was first seen; null where nothing waits, or it is not known. */
  readonly oldestS: number | null;
  /** Since the last one was finished; null while none can be. */
  readonly progressS: number | null;
};

/** A condition of a working dependency or input that a person has to know. */
export type VerdictNote = {
  readonly of: string;
  readonly says: string;
  /** An operator has to act. */
  readonly isAlert: boolean;
};

/** What a service reports about its work. */
export type WorkFacts = {
  readonly dependencies: Readonly<Record<string, DependencyState>>;
  readonly inputs: readonly InputFact[];
  readonly queue: QueueFact | null;
  readonly notes?: readonly VerdictNote[] | undefined;
};

export type Observation = {
  readonly phase: "absent" | "starting" | "running";
  /** Seconds since the last beat. */
  readonly silentS: number;
  readonly rssBytes: number | null;
  /** Mean of the last 60 s outside a backlog; null where it is not known. */
  readonly cpuPercent: number | null;
  /** The facts of the last beat; null from a service without data, or before the first beat. */
  readonly facts: WorkFacts | null;
  /** The service's own phrase for what it does; absent where it reports none. */
  readonly state?: string | null | undefined;
  /** How long all dependencies have answered without interruption. */
  readonly dependenciesOkS: number;
};

export type Limits = {
  readonly rssWarnBytes: number;
  readonly rssRestartBytes: number;
  readonly cpuWarnPercent: number;
  readonly cpuAlertPercent: number;
};
/** The part of a service's row that the verdict uses. */
export type ServiceTerms = Limits & { readonly ties: Ties };

export const SILENT_MAX_S = 10;
/** Work that waits this long is reported; longer, it is stale. */
const WAITS_S = 30;
const STALE_S = 60;
const STUCK_S = 60;
/** A sign of looking is due with every item, but one file operation on a slow share may take long. */
const BLIND_S = 300;
const JOURNAL_WAIT = "waiting: journal";
const BYTES_PER_MB = 1_048_576;

/** Tries the rules in their order; the first that applies decides. */
export function verdict(seen: Observation, row: ServiceTerms): Verdict {
  const { facts } = seen;
  if (seen.phase === "absent") {
    return { word: "Down", cause: "process", action: "restart", reason: "no process" };
  }
  return (
    onNeeds(facts, row.ties, "Error") ??
    onProcess(seen, row) ??
    onStuckQueue(seen, row.ties) ??
    withUsage(withNotes(withWait(seen, row.ties), facts, row.ties), seen, row)
  );
}

/** Whether every dependency answers; false before the service has reported anything. */
export function hasWhatItNeeds(facts: WorkFacts | null, { needs }: Ties): boolean {
  if (facts === null) return false;
  return Object.keys(needs).every((name) => (facts.dependencies[name] ?? "ok") === "ok");
}

/** The first dependency in the row's order that fails with this severity. */
function onNeeds(facts: WorkFacts | null, ties: Ties, word: "Error" | "Warning"): Verdict | null {
  for (const [name, need] of Object.entries(ties.needs)) {
    const state = facts?.dependencies[name] ?? "ok";
    if (facts === null || state === "ok" || need.word !== word) continue;
    const reason = [need.says[state], ...standing(facts, ties), need.after].join("; ");
    return { word, cause: need.cause, action: "alert", reason };
  }
  return null;
}

/** The length of the queue, where there is one, and the age of the newest value of each input. */
function standing({ queue, inputs }: WorkFacts, ties: Ties): string[] {
  const waits =
    queue === null || ties.queue === null ? [] : [`${queue.waiting} ${ties.queue.unit} wait`];
  const ages = inputs.flatMap((input) => {
    const tie = inputTieOf(ties, input.name);
    return tie === undefined ? [] : [inputAge(input, tie)];
  });
  return [...waits, ...ages];
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

function onStuckQueue({ facts, dependenciesOkS }: Observation, ties: Ties): Verdict | null {
  if (facts === null || ties.queue === null) return null;
  const { lies, still, blind, cause } = ties.queue;
  const oldestS = facts.queue?.oldestS ?? null;
  const progressS = facts.queue?.progressS ?? null;
  const answering = though(ties);
  if (oldestS !== null && progressS !== null) {
    // Counted from when all dependencies answered again: what waited through an outage is not the service's fault.
    // Looks continue beside a stuck loop, so they do not excuse waiting work.
    if (Math.min(oldestS, progressS, dependenciesOkS) <= STUCK_S) return null;
    const reason = `${lies} for ${age(oldestS)}; ${still} for ${age(progressS)}${answering}`;
    return { word: "Stale", cause, action: "restart", reason };
  }
  const lookedS = facts.inputs.find(({ lookedAgeS }) => lookedAgeS != null)?.lookedAgeS ?? null;
  if (lookedS === null) return null;
  // Work that comes by events needs no look.
  const blindS = Math.min(lookedS, progressS ?? lookedS);
  const idleS = Math.min(blindS, dependenciesOkS);
  if (idleS <= STUCK_S) return null;
  // Nothing waits, but it does not look either: so it cannot be said that the upstream is silent.
  const action = BLIND_S < idleS ? "restart" : "alert";
  return { word: "Stale", cause, action, reason: `${blind} for ${age(blindS)}${answering}` };
}

function though({ needs }: Ties): string {
  const names = Object.values(needs).map(({ name }) => name);
  return names.length === 0 ? "" : `, though ${names.join(" and ")} answer`;
}

const HEALTHY = { word: "Healthy", cause: "none", action: "none" } as const;

function onWork({ facts }: Observation, ties: Ties): Verdict {
  if (facts === null) return { ...HEALTHY, reason: "running" };
  const inputs = facts.inputs.flatMap((input) => {
    const tie = inputTieOf(ties, input.name);
    return tie === undefined ? [] : [onInput(input, tie, { facts, ties })];
  });
  const worst = inputs.reduce<Verdict | null>(
    (found, next) => (found === null || rank(found) < rank(next) ? next : found),
    null,
  );
  return onLongWait(facts, ties) ?? worst ?? { ...HEALTHY, reason: idle(facts, ties) };
}

function rank({ word }: Verdict): number {
  const order: readonly Word[] = ["Healthy", "Waiting", "Warning", "Stale (upstream)", "Stale"];
  return order.indexOf(word);
}

function idle({ queue }: WorkFacts, ties: Ties): string {
  if (queue === null || ties.queue === null) return "running";
  return queue.waiting === 0 ? "nothing waits" : `${queue.waiting} ${ties.queue.unit} wait`;
}

function onLongWait(facts: WorkFacts, ties: Ties): Verdict | null {
  const { queue } = facts;
  if (queue === null || ties.queue === null || (queue.oldestS ?? 0) < WAITS_S) return null;
  const oldestS = queue.oldestS ?? 0;
  const isStale = STALE_S < oldestS && STALE_S < (queue.progressS ?? 0);
  const [, ...ages] = standing(facts, ties);
  const waits = `backlog of ${queue.waiting} ${ties.queue.unit}, the oldest waits ${age(oldestS)}`;
  const reason = [waits, ...ages].join("; ");
  return { word: isStale ? "Stale" : "Warning", cause: "none", action: "none", reason };
}

type Work = { readonly facts: WorkFacts; readonly ties: Ties };

function onInput(input: InputFact, tie: InputTie, { facts, ties }: Work): Verdict {
  const { queue } = facts;
  const unit = ties.queue?.unit ?? "";
  const isQueued = queue?.oldestS != null && ties.queue !== null;
  const data = inputAge(input, tie);
  if (input.ageS === null) {
    if (isQueued) return { ...HEALTHY, reason: `first of ${queue.waiting} ${unit}` };
    const { cause, what } = blame(tie, facts);
    const word = tie.isSide === true ? "Warning" : "Waiting";
    return { word, cause, action: "none", reason: `${tie.none}${what}` };
  }
  if (input.ageS < input.budgetS) return { ...HEALTHY, reason: data };
  if (isQueued) {
    const reason = `${data}; ${queue.waiting} ${unit} being pushed`;
    return { word: "Warning", cause: "none", action: "none", reason };
  }
  const { cause, isOurs, what } = blame(tie, facts);
  const stale = isOurs ? "Stale" : "Stale (upstream)";
  const isStale = 2 * input.budgetS < input.ageS && tie.isSide !== true;
  const word = isStale ? stale : "Warning";
  return { word, cause, action: "none", reason: `${data}${what === "" ? tie.quiet : what}` };
}

/** Who is to blame for a missing input: the service on its way if that is sick, else its source. */
function blame({ source, via }: InputTie, { dependencies }: WorkFacts) {
  const state = via === null ? "ok" : (dependencies[via.service] ?? "ok");
  if (via === null || state === "ok") return { ...source, what: "" };
  const sick = state === "down" ? "does not beat" : "does not work as it should";
  return { cause: via.cause, isOurs: true, what: `; ${via.service} ${sick}` };
}

/** While its journal accepts nothing a service does no work, whatever its data looks like. */
function withWait(seen: Observation, ties: Ties): Verdict {
  const { state, facts } = seen;
  const work = onWork(seen, ties);
  const needs = onNeeds(facts, ties, "Warning");
  const base = needs === null || rank(needs) < rank(work) ? work : needs;
  if (state?.startsWith(JOURNAL_WAIT) !== true) return base;
  return atLeastWarning(base, { cause: "process", action: "alert", reason: state });
}

/** It works, but an operator has to see to one of its dependencies or inputs, or to know of it. */
function withNotes(base: Verdict, facts: WorkFacts | null, ties: Ties): Verdict {
  const isInput = (name: string) => facts?.inputs.some((input) => input.name === name) === true;
  return (facts?.notes ?? []).reduce((found, { of, says, isAlert }) => {
    const tie = isInput(of) ? inputTieOf(ties, of) : ties.inputs[of];
    const cause = ties.needs[of]?.cause ?? tie?.source.cause ?? "process";
    const action = isAlert ? "alert" : "none";
    return atLeastWarning(found, { cause, action, reason: says });
  }, base);
}

/** A more severe word stays. */
function atLeastWarning(base: Verdict, { reason, ...what }: Omit<Verdict, "word">): Verdict {
  const both = `${reason}; ${base.reason}`;
  if (base.word !== "Healthy") return { ...base, reason: both };
  return { word: "Warning", ...what, reason: both };
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

function inputAge({ ageS }: InputFact, { newest, none }: InputTie): string {
  return ageS === null ? none : `${newest} ${age(ageS)} old`;
}

function age(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3_600)} h`;
}

function mb(bytes: number): string {
  return `${Math.round(bytes / BYTES_PER_MB)} MB`;
}
