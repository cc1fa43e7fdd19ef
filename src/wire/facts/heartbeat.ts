/** A service's heartbeat in Hazelcast, as others read it; its own counters stand beside these fields. */
import { z } from "zod";
import { ServiceFacts } from "./service-facts.ts";

const Heartbeat = z.looseObject({
  updated_at: z.string(),
  state: z.string().nullable().catch(null).default(null),
  facts: ServiceFacts.nullable().catch(null).default(null),
});
export type Heartbeat = z.infer<typeof Heartbeat>;

/** Null: no heartbeat, whatever stands there. */
export function parseHeartbeat(text: unknown): Heartbeat | null {
  if (typeof text !== "string") return null;
  try {
    return Heartbeat.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
