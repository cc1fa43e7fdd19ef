/** The present losses as facts for alert rules. */
import type { PostureState } from "./step-posture.ts";
import { lostOf, middleOf } from "./equity-base.ts";

/** Shares; null before three readings. */
export function lossFacts({ base }: Pick<PostureState, "base">): {
  readonly drawdown: number | null;
  readonly daily_loss: number | null;
} {
  const equity = middleOf(base.recent);
  if (equity === null) return { drawdown: null, daily_loss: null };
  return { drawdown: lostOf(base.peak, equity), daily_loss: lostOf(base.dayStart, equity) };
}
