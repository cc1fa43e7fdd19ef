/**
 * Inhibition: no notification of a symptom is sent while its cause is open. The causes of a rule are declared in the
 * rule; the fault behind a subject at the moment comes from health's diagnosis.
 */
import type { Draft } from "./draft.ts";
import { type KnownRoot, segmentOf } from "./facts.ts";
import type { Incident, Track } from "./incident.ts";
import { NO_DATA_RULE } from "./rules/built-in-rules.ts";
import { factNamesIn } from "./rules/expression.ts";
import { causeName, isOfSameSubject } from "./rules/rule.ts";
import { type Ways, waysOf } from "./rules/ways.ts";

/** How long after its cause a symptom may still last. */
export const LINGER_MS = 30_000;

/** How long the loss of a worker also excuses services that are not known to belong to it. */
export const LOSS_MS = 60_000;

const CRASH = "process_crash";
const WORKER_CRASH = "worker_crash";
const WORKER_DOWN = "worker_down";
/** Their subjects are services. */
const OF_SERVICES: ReadonlySet<string> = new Set([CRASH, "health_silent"]);

/** The rule that reports a root of this kind; a root of another kind has no rule of its own. */
const RULE_OF_ROOT: Readonly<Record<string, string>> = {
  process: CRASH,
  bridge: CRASH,
  hazelcast: "hazelcast_down",
  temporal: "temporal_down",
  worker: WORKER_DOWN,
  mount: "mount_hung",
  disk: "disk_low",
  clock: "clock_off",
};

const STOP = "an operator's stop of ";

/** How long a symptom may last once this excuse is gone: only the incident remembers a stop. */
export function lingersMs(excuse: string | null): number {
  return excuse?.startsWith(STOP) === true ? LINGER_MS : 0;
}

/** A sentence; null: nothing excuses it. */
export function excuseOf(draft: Draft, incident: Incident): string | null {
  const rule = draft.rule(incident.rule);
  for (const cause of rule?.inhibitedBy ?? []) {
    const name = causeName(cause);
    const found = isOfSameSubject(cause)
      ? draft.track(name, incident.subject)
      : firstActive(draft, name, incident);
    if (found !== null && isActive(draft, found)) return textOf(found);
  }
  const root = rootOf(draft, incident);
  if (root === undefined) return null;
  // A crash does not follow from something that an operator stopped.
  const isSymptom = rule !== null && rule.name !== CRASH && 0 < rule.inhibitedBy.length;
  if (root.isStop === true && isSymptom) return `${STOP}${root.subject}`;
  const track = rootTrack(draft, root, incident);
  return track !== null && isActive(draft, track) ? textOf(track) : null;
}

/** The cause, by health's diagnosis. */
export function causeText(draft: Draft, { subject }: Incident): string | null {
  const of = rootIdOf(draft, subject);
  const root = draft.facts.roots.find(
    ({ id, subject: whose }) => id === of || segmentOf(whose) === subject,
  );
  return root === undefined ? null : `${root.id}: ${root.says}`;
}

function rootOf(draft: Draft, { subject }: Incident): KnownRoot | undefined {
  const of = rootIdOf(draft, subject);
  return draft.facts.roots.find(({ id }) => id === of);
}

function rootIdOf(draft: Draft, subject: string): string | undefined {
  return draft.facts.symptoms.find((one) => segmentOf(one.subject) === subject)?.of;
}

function rootTrack(draft: Draft, root: KnownRoot, { rule, subject }: Incident): Track | null {
  const cause = RULE_OF_ROOT[root.kind];
  if (cause === undefined) return null;
  const track =
    draft.track(cause, segmentOf(root.subject)) ?? firstActive(draft, cause, { rule, subject });
  return track?.rule === rule && track.subject === subject ? null : track;
}

function firstActive(
  draft: Draft,
  rule: string,
  but: Pick<Incident, "rule" | "subject">,
): Track | null {
  const found = draft
    .tracksOf(rule)
    .find(
      (track) =>
        isActive(draft, track) &&
        !(track.rule === but.rule && track.subject === but.subject) &&
        couldCause(draft, track, but),
    );
  return found ?? null;
}

/**
 * A server or layer that is away inhibits only what depends on it: a layer without a worker must not silence the
 * others, nor a server what does not use it.
 */
function couldCause(
  draft: Draft,
  cause: Track,
  symptom: Pick<Incident, "rule" | "subject">,
): boolean {
  if (cause.rule === WORKER_CRASH) return couldLoss(draft, cause, symptom);
  if (cause.rule === WORKER_DOWN) return waysTo(draft, symptom).layers.includes(cause.subject);
  return symptom.rule !== NO_DATA_RULE || waysTo(draft, symptom).causes.includes(cause.rule);
}

/** A rule that cannot be evaluated depends on its facts: on those of its subjects that are unknown. */
function waysTo(draft: Draft, { rule, subject }: Pick<Incident, "rule" | "subject">): Ways {
  const isNoData = rule === NO_DATA_RULE;
  const judged = draft.rule(isNoData ? subject : rule);
  const unknown = isNoData ? draft.facts.values[`no_data_of.${subject}`] : undefined;
  const listed = typeof unknown === "string" ? unknown.split(", ").filter(Boolean) : [];
  const subjects = isNoData ? listed : [subject];
  const names = judged === null ? [] : factNamesIn(judged.expression);
  return waysOf(
    subjects.length === 0
      ? names
      : subjects.flatMap((one) => names.map((name) => name.replace("*", one))),
  );
}

/**
 * The loss of a worker inhibits only the services that it ran: a worker that stays away must not silence everything
 * else.
 */
function couldLoss(
  { facts, clockMs }: Draft,
  cause: Track,
  { rule, subject }: Pick<Incident, "rule" | "subject">,
): boolean {
  const keeps = facts.values[`worker_process.${cause.subject}.keeps`];
  if (OF_SERVICES.has(rule) && typeof keeps === "string") {
    return keeps.split(", ").some((name) => segmentOf(name) === subject);
  }
  const sinceMs = cause.holdsSinceMs ?? cause.unknownSinceMs ?? clockMs;
  return cause.subject === subject || clockMs - sinceMs < LOSS_MS;
}

/** Also before it has lasted long enough to fire, and while it is unknown whether it still holds. */
function isActive(draft: Draft, track: Track): boolean {
  if (track.holds === true) return true;
  if (track.holds === null) return track.incident !== null;
  const wasIncident = track.incident !== null || 0 < track.openings.length;
  return wasIncident && draft.clockMs - (track.clearSinceMs ?? 0) < LINGER_MS;
}

function textOf({ rule, subject }: Track): string {
  return `${rule} of ${subject}`;
}
