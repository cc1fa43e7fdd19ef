/** The activity of an incident's mirror: sends an acknowledgement to the watchdog's local socket. */
import type { AcknowledgeAnswer, AcknowledgeOrder } from "../workflows/messages/alerts.ts";

export type AlertWorld = {
  /** Rejects while no watchdog answers. */
  readonly acknowledge: (order: AcknowledgeOrder) => Promise<AcknowledgeAnswer>;
};

export function createAlertActivities(world: AlertWorld) {
  return {
    /** Idempotent: a second acknowledgement is answered as already done. */
    acknowledgeIncident: (order: AcknowledgeOrder): Promise<AcknowledgeAnswer> =>
      world.acknowledge(order),
  };
}

export type AlertActivities = ReturnType<typeof createAlertActivities>;
