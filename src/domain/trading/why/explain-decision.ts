/**
 * Explains an event's decision, and why it was not an entry: every rule that was asked, in order, on the state that
 * the event left. Invariant: it changes nothing, and the conclusion of its rules is the recorded decision. No rule is
 * written here: each is the predicate of the core itself.
 */
import type { ScanDecision } from "../decision.ts";
import type { OperatorEvent, ScanEvent, ScanLostEvent, TraderEvent } from "../events.ts";
import { isBehind, isLive, takenAgeMs } from "../market/scan-order.ts";
import type { EntryCheck } from "../risk/check.ts";
import { barrierChecks, entryChecks, type EntryWish } from "../risk/entry-gate.ts";
import { isWithinBudget } from "../market/input-ages.ts";
import type { Trader } from "../state.ts";
import { wishOf } from "../steps/step-scan.ts";
import type { EntrySignal, StrategyCheck } from "../strategy.ts";
import { decisionOf } from "../trader.ts";
import { exitFact, roomFact } from "./explain-positions.ts";
import {
  concluded,
  type Concluded,
  type Evidence,
  factOfCheck,
  NOTHING,
  outcomeOf,
} from "./facts.ts";
import type { Origins } from "./origins.ts";
import { lossEvidence, sinceOf } from "./standing.ts";
import { checkWords, figure } from "./words.ts";

export type Explanation = {
  readonly event: {
    readonly index: number;
    readonly kind: TraderEvent["kind"];
    readonly atMs: number;
    /** The seq of a scan; null for another event. */
    readonly seq: number | null;
  };
  /** The step's decision; null where it made none. */
  readonly decision: ScanDecision | null;
  /** In the order in which the rules are tried. */
  readonly facts: readonly Evidence[];
  /** The conclusion of the rules; null where the event asks for no decision. */
  readonly concluded: Concluded | null;
};

/** Called right after the event's step, before the next one. `origins`: null where no log was read. */
export function explainDecision(
  trader: Trader,
  event: TraderEvent,
  origins: Origins | null = null,
): Explanation {
  const { index, kind, nowMs: atMs } = event;
  const seq = kind === "scan" || kind === "scan_lost" ? event.seq : null;
  const facts = factsOf(trader, event, origins);
  return {
    event: { index, kind, atMs, seq },
    decision: decisionOf(trader),
    facts,
    concluded: isAsked(event) ? concluded(facts) : null,
  };
}

function isAsked(event: TraderEvent): boolean {
  return event.kind === "scan" || event.kind === "scan_lost" || isEntry(event);
}

type EntryEvent = OperatorEvent & { readonly command: { readonly kind: "enter" } };

function isEntry(event: TraderEvent): event is EntryEvent {
  return event.kind === "operator" && event.command.kind === "enter";
}

function factsOf(trader: Trader, event: TraderEvent, origins: Origins | null): readonly Evidence[] {
  if (event.kind === "scan") return scanFacts(trader, event, origins);
  if (event.kind === "scan_lost") return [lostFact(trader, event), ...standing(trader, origins)];
  if (isEntry(event)) return operatorFacts(trader, event, origins);
  return standing(trader, origins);
}

/** Conditions that would refuse any entry. */
function standing(trader: Trader, origins: Origins | null): readonly Evidence[] {
  return [...gateFacts(trader, barrierChecks(trader, 0), origins), ...lossEvidence(trader)];
}

function gateFacts(
  trader: Trader,
  checks: readonly EntryCheck[],
  origins: Origins | null,
): readonly Evidence[] {
  return checks.map((check) =>
    factOfCheck(check, checkWords(check, trader, origins), sinceOf(check, origins)),
  );
}

function wishFacts(trader: Trader, wish: EntryWish, origins: Origins | null): readonly Evidence[] {
  const asked = beforeEntry(trader);
  return [...gateFacts(asked, entryChecks(asked, wish), origins), ...lossEvidence(trader)];
}

/** The state as the gate saw it: without the order that it let pass. */
function beforeEntry(trader: Trader): Trader {
  const placed = new Set(
    trader.commands.flatMap((command) =>
      command.kind === "submit_order" && command.order.purpose === "entry"
        ? [command.order.clientOrderId]
        : [],
    ),
  );
  if (placed.size === 0) return trader;
  const { data } = trader;
  const working = data.working.filter(({ order }) => !placed.has(order.clientOrderId));
  const entryTimesMs = data.risk.entryTimesMs.slice(0, -placed.size);
  return { ...trader, data: { ...data, working, risk: { ...data.risk, entryTimesMs } } };
}

function operatorFacts(
  trader: Trader,
  { command }: EntryEvent,
  origins: Origins | null,
): readonly Evidence[] {
  const { asset, direction, share, plan } = command;
  const column = trader.windows.columnOf(asset);
  return wishFacts(trader, { column, asset, direction, share, strength: 0, plan }, origins);
}

function lostFact(trader: Trader, { seq }: ScanLostEvent): Evidence {
  if (decisionOf(trader) === null) return repeatedFact(seq);
  return {
    ...plain("found", false, outcomeOf("lost")),
    subject: String(seq),
    says: `seq ${seq} was found neither in the ringbuffer nor in the bridge's journal`,
  };
}

function repeatedFact(seq: number): Evidence {
  const says = `seq ${seq} came again, or lies before the first one: it is not decided twice`;
  return { ...plain("new", false, null), subject: String(seq), says };
}

function scanFacts(trader: Trader, event: ScanEvent, origins: Origins | null): readonly Evidence[] {
  if (decisionOf(trader) === null) return [repeatedFact(event.seq), ...standing(trader, origins)];
  const before = [
    orderFact(trader, event),
    exitFact(trader),
    liveFact(event),
    ageFact(trader, event),
  ];
  if (before.some(({ passes }) => passes === false)) {
    return [...before, roomFact(trader), ...standing(trader, origins)];
  }
  const room = roomFact(beforeEntry(trader));
  if (room.passes === false) return [...before, room, ...standing(trader, origins)];
  const { warm, signal } = strategyFacts(trader);
  if (!trader.strategy.isWarm()) return [...before, room, ...warm, ...standing(trader, origins)];
  const wanted = trader.strategy.lastSignal();
  const asked = [...before, room, ...warm];
  if (wanted === null) {
    return [...asked, ...signal, signalFact(trader, wanted), ...standing(trader, origins)];
  }
  return [
    ...asked,
    ...signal.map(passing),
    signalFact(trader, wanted),
    ...wishFacts(trader, wishOf(trader.windows, wanted), origins),
  ];
}

function plain(rule: string, passes: boolean, leads: Concluded | null) {
  return { rule, subject: "", passes, ...NOTHING, leads: passes ? null : leads, sinceMs: null };
}

function orderFact(trader: Trader, event: ScanEvent): Evidence {
  const isLate = isBehind(trader, event);
  const { highest } = trader.data.scans.seqs;
  return {
    ...plain("in_order", !isLate, outcomeOf("ignored_late")),
    value: event.seq,
    bound: highest,
    unit: "none",
    says: isLate
      ? `seq ${event.seq} came behind a newer scan (${highest}): counted only`
      : `seq ${event.seq} is in order`,
  };
}

function liveFact(event: ScanEvent): Evidence {
  const how = event.isReplayed ? "pushed from a backlog" : "found for a hole";
  const passes = isLive(event);
  const says = passes ? "it came live" : `it was ${how}: windows and marks only`;
  return { ...plain("live", passes, outcomeOf("stale")), says };
}

function ageFact(trader: Trader, event: ScanEvent): Evidence {
  const value = takenAgeMs(trader, event);
  const bound = trader.scanBudgetMs;
  const passes = isWithinBudget(value, bound);
  return {
    ...plain("fresh", passes, outcomeOf("stale")),
    subject: "scan",
    value,
    bound,
    unit: "ms",
    says: `the scan was ${figure(value, "ms")} old when it came, budget ${figure(bound, "ms")}`,
  };
}

function strategyFacts({ strategy, windows }: Trader) {
  const checks = strategy.explain?.(windows) ?? [];
  const factsAbout = (of: StrategyCheck["of"]) =>
    checks.filter((check) => check.of === of).map((check) => strategyFact(check));
  const isWarm = strategy.isWarm();
  const says = isWarm ? "every window is full" : `${strategy.name} is not warm yet`;
  const warm: Evidence = { ...plain("warm", isWarm, outcomeOf("warming")), says };
  // What a strategy says about itself counts only where its own answer decided.
  return {
    warm: [...(isWarm ? factsAbout("warm").map(passing) : factsAbout("warm")), warm],
    signal: factsAbout("signal"),
  };
}

function passing(fact: Evidence): Evidence {
  return { ...fact, passes: true, leads: null };
}

function strategyFact({ name, of, passes, value, bound, says }: StrategyCheck): Evidence {
  const outcome = outcomeOf(of === "warm" ? "warming" : "no_signal");
  return { ...plain(name, passes, outcome), value, bound, unit: "none", says };
}

function signalFact({ strategy, windows }: Trader, signal: EntrySignal | null): Evidence {
  const readings = Object.entries(strategy.readings())
    .map(([name, value]) => `${name} ${typeof value === "number" ? figure(value, "none") : value}`)
    .join(", ");
  const says =
    signal === null
      ? `${strategy.name} sees nothing to enter${readings === "" ? "" : ` (${readings})`}`
      : `${strategy.name} wants ${signal.direction} ${windows.nameOf(signal.column)}, strength ${figure(signal.strength, "none")}`;
  return { ...plain("signal", signal !== null, outcomeOf("no_signal")), says };
}
