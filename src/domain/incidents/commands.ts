/** Operator commands to the engine: acknowledging an incident, and muting a rule for a while. */
import { Draft, type Setup, type Stepped } from "./draft.ts";
import { NO_FACTS } from "./facts.ts";
import { type EngineState, type Mute, withLine } from "./incident.ts";
import { isoFromMs, MS_PER_DAY } from "../time.ts";

export type CommandResult = {
  readonly ok: boolean;
  readonly says: string;
  readonly stepped: Stepped | null;
};

const MUTE_MS_MAX = 30 * MS_PER_DAY;
const MUTES_MAX = 100;
const DONE_MAX = 100;

/** Idempotent. */
export function acknowledge(
  state: EngineState,
  order: {
    readonly incident: string;
    readonly by: string;
    readonly via: string;
    readonly atMs: number;
  },
  setup: Setup,
): CommandResult {
  const { by, via, atMs } = order;
  const draft = draftOf(state, setup, atMs);
  const incident = draft.incident(order.incident);
  if (incident === null) return refused(`no incident ${order.incident} is open`);
  if (incident.acknowledged !== null) {
    const { by: whom, atMs: when } = incident.acknowledged;
    return {
      ok: true,
      says: `already acknowledged by ${whom} at ${shortIso(when)}`,
      stepped: null,
    };
  }
  const noted = withLine(
    { ...incident, state: "acknowledged", acknowledged: { by, via, atMs } },
    atMs,
    `acknowledged by ${by} (${via})`,
  );
  const next = incident.told.length === 0 ? noted : draft.tell(noted, "acknowledge", noted.told);
  draft.setIncident({
    ...next,
    lastToldMs: incident.lastToldMs,
    firstToldMs: incident.firstToldMs,
  });
  return {
    ok: true,
    says: `${incident.id} acknowledged by ${by}`,
    stepped: draft.done({ lastAtMs: state.lastAtMs }),
  };
}

/**
 * Once per request, even if its mute has ended since: a repeated request had no answer, and does not mean a longer
 * mute.
 */
export function mute(state: EngineState, order: MuteCommand, setup: Setup): CommandResult {
  return once(state, `mute ${order.request}`, () => muted(state, order, setup));
}

type MuteCommand = Pick<Mute, "rule" | "subject" | "by" | "reason"> & {
  readonly forMs: number;
  readonly atMs: number;
  readonly request: string;
};

function muted(state: EngineState, order: MuteCommand, setup: Setup): CommandResult {
  const { rule, subject, by, reason, forMs, atMs } = order;
  const draft = draftOf(state, setup, atMs);
  if (draft.rule(rule) === null) return refused(`there is no rule '${rule}'`);
  if (!(0 < forMs && forMs <= MUTE_MS_MAX)) return refused("a mute lasts up to 30 days");
  if (MUTES_MAX <= state.mutes.length) return refused(`there are ${MUTES_MAX} mutes already`);
  const id = `${subject === null ? rule : `${rule}/${subject}`}@${shortIso(atMs)}`;
  const made: Mute = {
    id,
    rule,
    subject,
    by,
    reason,
    untilAtMs: atMs + forMs,
    untilMs: draft.clockMs + forMs,
  };
  draft.mutes = [...draft.mutes.filter((one) => one.id !== id), made];
  const says = `${id} is muted until ${shortIso(made.untilAtMs)}; what still fires then is notified then`;
  return { ok: true, says, stepped: draft.done({ lastAtMs: state.lastAtMs }) };
}

type UnmuteCommand = { readonly id: string; readonly atMs: number; readonly request: string };

export function unmute(state: EngineState, order: UnmuteCommand, setup: Setup): CommandResult {
  return once(state, `unmute ${order.request}`, () => unmuted(state, order, setup));
}

function unmuted(state: EngineState, { id, atMs }: UnmuteCommand, setup: Setup): CommandResult {
  const draft = draftOf(state, setup, atMs);
  const left = draft.mutes.filter((one) => one.id !== id && one.rule !== id);
  if (left.length === draft.mutes.length) return refused(`there is no mute '${id}'`);
  draft.mutes = left;
  return {
    ok: true,
    says: `${id} is no longer muted`,
    stepped: draft.done({ lastAtMs: state.lastAtMs }),
  };
}

function once(state: EngineState, request: string, act: () => CommandResult): CommandResult {
  const done = state.done ?? [];
  const before = done.find((one) => one.request === request);
  if (before !== undefined) return { ok: true, says: before.says, stepped: null };
  const answered = act();
  const { stepped, says } = answered;
  if (stepped === null) return answered;
  const next = { ...stepped.state, done: [...done, { request, says }].slice(-DONE_MAX) };
  return { ...answered, stepped: { ...stepped, state: next } };
}

/** A command is not an evaluation: the engine's clock stays, and the next step counts from the previous one. */
function draftOf(state: EngineState, setup: Setup, atMs: number): Draft {
  return new Draft(state, setup, { facts: NO_FACTS, atMs, clockMs: state.clockMs });
}

function refused(says: string): CommandResult {
  return { ok: false, says, stepped: null };
}

function shortIso(atMs: number): string {
  return `${isoFromMs(atMs).slice(0, 19)}Z`;
}
