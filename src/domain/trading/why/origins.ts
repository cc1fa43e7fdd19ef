/** Since when, and by whom, a book has been held back: the state itself only says that it is. */
import type { OperatorEvent, PostureEvent, TraderEvent } from "../events.ts";
import { lossOf, LOSS_LIMITS } from "../risk/limits.ts";
import type { Trader } from "../state.ts";

export type LatchOrigin = {
  readonly atMs: number;
  readonly lost: number;
  readonly allowed: number;
};

/** Nothing is known of the time before the first event that was read. */
export type Origins = {
  halted: { readonly atMs: number; readonly by: string; readonly how: string } | null;
  readonly latched: Map<string, LatchOrigin>;
  /** When the posture took its value. */
  posture: { readonly atMs: number; readonly source: string } | null;
  /** The source of the last posture; empty: none. */
  source: string;
  readonly before: { isHalted: boolean; latched: readonly string[]; posture: string };
};

/** `trader`: before the first event that is read. */
export function createOrigins(trader: Trader): Origins {
  return {
    halted: null,
    latched: new Map(),
    posture: null,
    source: "",
    before: standingOf(trader),
  };
}

function standingOf({ data: { risk, posture } }: Trader): Origins["before"] {
  return { isHalted: risk.isHalted, latched: [...risk.latched], posture: posture.value };
}

/** Called after each step, in the log's order. */
export function noteOrigins(origins: Origins, event: TraderEvent, trader: Trader): void {
  const { before } = origins;
  const { risk } = trader.data;
  if (event.kind === "posture") notePosture(origins, event);
  if (event.kind === "operator") noteHalt(origins, event, risk.isHalted);
  if (risk.latched.length !== before.latched.length) noteLatches(origins, event.nowMs, trader);
  before.isHalted = risk.isHalted;
}

function notePosture(origins: Origins, { posture, nowMs: atMs, source }: PostureEvent): void {
  origins.source = source;
  if (posture === origins.before.posture) return;
  origins.before.posture = posture;
  origins.posture = { atMs, source };
}

function noteHalt(origins: Origins, event: OperatorEvent, isHalted: boolean): void {
  const { nowMs: atMs, by, command } = event;
  if (!isHalted) origins.halted = null;
  else if (!origins.before.isHalted) origins.halted = { atMs, by, how: command.kind };
}

function noteLatches(origins: Origins, atMs: number, trader: Trader): void {
  const { latched } = trader.data.risk;
  for (const limit of LOSS_LIMITS) {
    if (!latched.includes(limit)) origins.latched.delete(limit);
    else if (!origins.before.latched.includes(limit)) {
      origins.latched.set(limit, { atMs, ...lossOf(trader, limit) });
    }
  }
  origins.before.latched = [...latched];
}
