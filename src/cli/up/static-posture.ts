/**
 * Publishes the configured posture in the place of a safety watchdog, until there is one: marked
 * `source: static`, and refreshed long before it is too old for an entry.
 */
import { wallMicros } from "../../adapters/clock.ts";
import type { HazelcastHandle } from "../../adapters/hazelcast/hazelcast-client.ts";
import type { Posture } from "../../domain/trading/posture.ts";
import { encodePosture, SAFETY_KEY, SAFETY_MAP } from "../../wire/trading/posture-value.ts";

const REFRESH_MS = 5_000;

export function publishStaticPosture(
  hazelcast: HazelcastHandle,
  posture: Posture,
): { stop(): void } {
  const publish = async () => {
    const reasons = ["configured: safety.posture"];
    const text = encodePosture({ posture, reasons, source: "static", atUs: wallMicros() });
    const map = await hazelcast.client.getMap<string, string>(SAFETY_MAP);
    await hazelcast.call("publish the posture", () => map.set(SAFETY_KEY, text));
  };
  // While the member is away there is nobody to tell; the next one follows.
  const tryOnce = () => void publish().catch(() => undefined);
  tryOnce();
  const timer = setInterval(tryOnce, REFRESH_MS);
  return {
    stop() {
      clearInterval(timer);
    },
  };
}
