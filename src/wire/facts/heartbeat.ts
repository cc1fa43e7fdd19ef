/**
 * A service's heartbeat in Hazelcast, as other processes read it; the service's own counters are beside these
 * fields.
 */
import { z } from "zod";
import { ServiceFacts } from "./service-facts.ts";

const Heartbeat = z.looseObject({
  updated_at: z.string(),
  state: z.string().nullable().catch(null).default(null),
  facts: ServiceFacts.nullable().catch(null).default(null),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

/** Null: the value is not a heartbeat. */
export function parseHeartbeat(text: unknown): Heartbeat | null {
  if (typeof text !== "string") return null;
  try {
    return Heartbeat.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
