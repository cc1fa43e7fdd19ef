/** The activity of an incident's mirror: an acknowledgement goes to the watchdog, by its local socket. */
import type { AcknowledgeAnswer, AcknowledgeOrder } from "../workflows/messages/alerts.ts";

export type AlertWorld = {
  /** Rejects while no watchdog answers. */
  readonly acknowledge: (order: AcknowledgeOrder) => Promise<AcknowledgeAnswer>;
};

export function createAlertActivities(world: AlertWorld) {
  return {
    /** Idempotent: who is known to know is told so. */
    acknowledgeIncident: (order: AcknowledgeOrder): Promise<AcknowledgeAnswer> =>
      world.acknowledge(order),
  };
}

export type AlertActivities = ReturnType<typeof createAlertActivities>;
