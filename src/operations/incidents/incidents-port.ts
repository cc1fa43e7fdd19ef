/** The interface of the incident engine for the watchdog's loop, its socket and the delivery. */
import type { Facts } from "../../domain/incidents/facts.ts";
import type { Incident, Mute } from "../../domain/incidents/incident.ts";

export type IncidentsPort = {
  /** Called once a second. Decisions and notifications are on disk when it returns. Never throws. */
  step(facts: Facts, nowMs: number): void;
  /** A sentence for the requester; `ok` is false where there is no such incident. */
  acknowledge(
    order: { readonly incident: string; readonly by: string; readonly via: string },
    nowMs: number,
  ): IncidentAnswer;
  mute(order: MuteOrder, nowMs: number): IncidentAnswer;
  unmute(
    order: { readonly id: string; readonly by: string; readonly request: string },
    nowMs: number,
  ): IncidentAnswer;
  open(): readonly Incident[];
  mutes(): readonly Mute[];
  /** Why nothing can be written now, or what was lost; null while all is well. */
  trouble(): string | null;
  /** Why nothing can be written now; null while it can, whatever was lost before. */
  unwritten(): string | null;
  close(): void;
};

export type IncidentAnswer = { readonly ok: boolean; readonly says: string };

export type MuteOrder = {
  readonly rule: string;
  /** Null: all subjects of the rule. */
  readonly subject: string | null;
  readonly forMs: number;
  readonly by: string;
  readonly reason: string;
  /** Its id: asked twice, it is done once. */
  readonly request: string;
};
