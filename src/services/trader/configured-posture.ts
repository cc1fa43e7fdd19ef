/**
 * Publishes the configured posture where no safety watchdog is configured: marked `source: static`, and refreshed
 * well before it is too old for an entry. Invariant: a posture of another publisher stays, however old it is, because
 * its silence is a reason not to enter. Only one that a watchdog left behind is replaced once it is too old: the
 * configuration says that there is no watchdog any more.
 */
import type { ScanFeed } from "../../adapters/hazelcast/scan-feed.ts";
import type { Posture } from "../../domain/trading/posture.ts";
import { US_PER_MS } from "../../domain/time.ts";
import { WATCHDOG } from "../../wire/safety/safety-control.ts";
import { encodePosture, parsePosture, type PostureValue } from "../../wire/safety/posture-value.ts";

export type ConfiguredPostureDeps = {
  readonly feed: Pick<ScanFeed, "readPosture" | "replacePosture">;
  readonly posture: Posture;
  readonly nowUs: () => number;
};

const SOURCE = "static";
const REFRESH_MS = 5_000;
/** A running watchdog publishes every second; its posture allows entries for this long. */
const LEFT_BEHIND_MS = 30_000;

export function publishConfiguredPosture(deps: ConfiguredPostureDeps): { stop(): void } {
  let isUnderWay = false;
  const tryOnce = async (): Promise<void> => {
    if (isUnderWay) return;
    isUnderWay = true;
    // While the member is away nobody can read it; the next try follows.
    await offerPosture(deps).catch(() => undefined);
    isUnderWay = false;
  };
  void tryOnce();
  const timer = setInterval(() => void tryOnce(), REFRESH_MS);
  return {
    stop() {
      clearInterval(timer);
    },
  };
}

export async function offerPosture({ feed, posture, nowUs }: ConfiguredPostureDeps): Promise<void> {
  const present = await feed.readPosture();
  if (present !== null && !isReplaceable(parsePosture(present), nowUs() / US_PER_MS)) return;
  const reasons = ["configured: safety.posture"];
  const text = encodePosture({ posture, reasons, source: SOURCE, atUs: nowUs() });
  await feed.replacePosture(present, text);
}

function isReplaceable({ source, asOfMs }: PostureValue, nowMs: number): boolean {
  return source === SOURCE || (source === WATCHDOG && LEFT_BEHIND_MS < nowMs - asOfMs);
}
