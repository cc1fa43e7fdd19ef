/** After a long time without a posture open positions are closed at the next fresh scan; an alert comes first. */
import { POSTURE_MISSING_CLOSES_AFTER_MS } from "../posture.ts";
import { emitNote, type Trader } from "../state.ts";

export function isPostureMissing({ data, configuration }: Trader): boolean {
  if (configuration.configuredPosture !== null) return false;
  return POSTURE_MISSING_CLOSES_AFTER_MS < data.nowMs - data.posture.knownAtMs;
}

/** Once, and only while something is open. */
export function alertMissingPosture(trader: Trader): void {
  const { positions, posture } = trader.data;
  if (positions.length === 0 || posture.isMissingAlerted || !isPostureMissing(trader)) return;
  posture.isMissingAlerted = true;
  emitNote(trader, "posture_missing", {
    severity: "alert",
    subject: "posture",
    detail: "no posture for ten minutes: open positions are closed at the next fresh scan",
  });
}
