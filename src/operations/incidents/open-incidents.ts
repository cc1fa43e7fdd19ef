/**
 * The incident engine with its database: the watchdog calls it each second. Invariant: no decision is sent before it
 * is written, and nothing here throws or waits for long.
 */
import { IncidentStore } from "../../adapters/incident-store/incident-store.ts";
import { incidentsFile } from "../../adapters/incident-store/incident-database.ts";
import type { Logger } from "../../adapters/logger.ts";
import { acknowledge, type CommandResult, mute, unmute } from "../../domain/incidents/commands.ts";
import type { Setup, Stepped } from "../../domain/incidents/draft.ts";
import type { Facts } from "../../domain/incidents/facts.ts";
import {
  type EngineState,
  type Incident,
  initialEngine,
  restarted,
} from "../../domain/incidents/incident.ts";
import { step } from "../../domain/incidents/step.ts";
import { messageOf } from "../../domain/failure.ts";
import type { IncidentAnswer, IncidentsPort } from "./incidents-port.ts";

export type IncidentsAt = Setup & {
  /** `<data-dir>/safety`. */
  readonly folder: string;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  readonly nowMs: number;
  /** Something was decided, and is on disk. */
  readonly wake?: () => void;
};

export function openIncidents({ folder, log, nowMs, wake, ...setup }: IncidentsAt): IncidentsPort {
  const store = new IncidentStore(incidentsFile(folder));
  let state = initialEngine();
  let isLoaded = false;
  const load = (atMs: number): void => {
    const kept = store.load(atMs);
    isLoaded = kept !== undefined;
    if (isLoaded) state = restarted(kept ?? initialEngine());
  };
  load(nowMs);
  let savedBurn = state.burn.minutes;
  let saidTrouble: string | null = null;
  const open = Object.keys(state.incidents).length;
  if (store.lost !== null) log.error(`[Alerts] the database of incidents: ${store.lost}`);
  else log.info(`[Alerts] ${setup.rules.length} rules, ${open} open incidents`);

  const sayTrouble = (): void => {
    if (store.trouble === saidTrouble) return;
    saidTrouble = store.trouble;
    if (saidTrouble === null) log.info("[Alerts] incidents can be stored again");
    else log.error(`[Alerts] incidents are only kept in memory: ${saidTrouble}`);
  };
  const take = (stepped: Stepped, atMs: number): void => {
    const { notifications, closed } = stepped;
    const changed = changedIncidents(state, stepped.state);
    const isNews = isWorthWriting(state, stepped) || savedBurn !== stepped.state.burn.minutes;
    state = stepped.state;
    if (isNews) {
      savedBurn = state.burn.minutes;
      store.save({ state, incidents: [...changed, ...closed], notifications }, atMs);
    } else {
      store.flush(atMs);
    }
    sayTrouble();
    if (0 < notifications.length) wake?.();
    for (const { kind, channel, incident, summary } of notifications) {
      log.warn({ incident, channel }, `[Alerts] ${kind}: ${summary}`);
    }
  };
  const command = (answered: CommandResult, atMs: number): IncidentAnswer => {
    if (answered.stepped !== null) take(answered.stepped, atMs);
    return { ok: answered.ok, says: answered.says };
  };
  return {
    step(facts, atMs) {
      try {
        // Decisions made since then were neither written nor sent.
        if (!isLoaded) load(atMs);
        take(step(state, { facts: withOwnFacts(facts, store), nowMs: atMs }, setup), atMs);
      } catch (error) {
        // The watchdog has other duties, so an error here must not end it.
        log.error(`[Alerts] a step failed: ${messageOf(error)}`);
      }
    },
    acknowledge: (order, atMs) => command(acknowledge(state, { ...order, atMs }, setup), atMs),
    mute: (order, atMs) => command(mute(state, { ...order, atMs }, setup), atMs),
    unmute: (order, atMs) => command(unmute(state, { ...order, atMs }, setup), atMs),
    open: () => Object.values(state.incidents),
    mutes: () => state.mutes,
    trouble: () => store.trouble ?? store.lost,
    unwritten: () => store.trouble,
    close: () => store.close(),
  };
}

function withOwnFacts(facts: Facts, { lost }: IncidentStore): Facts {
  return lost === null ? facts : { ...facts, values: { ...facts.values, "incidents.lost": true } };
}

/** A change of the engine's clock alone need not be written. */
function isWorthWriting(before: EngineState, { state, notifications, closed }: Stepped): boolean {
  return (
    before.tracks !== state.tracks ||
    before.incidents !== state.incidents ||
    before.mutes !== state.mutes ||
    before.untracked !== state.untracked ||
    0 < notifications.length ||
    0 < closed.length
  );
}

function changedIncidents(before: EngineState, after: EngineState): readonly Incident[] {
  if (before.incidents === after.incidents) return [];
  return Object.values(after.incidents).filter((one) => before.incidents[one.id] !== one);
}
