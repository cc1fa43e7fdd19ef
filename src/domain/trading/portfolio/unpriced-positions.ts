/** Open positions whose asset has no price: they keep their last mark, and no exit can be ordered. */
import { isoFromMs } from "../../time.ts";
import type { ExitReason } from "../orders.ts";
import type { Position, Trader } from "../state.ts";

/** A scan or two without a price are not worth a warning. */
export const UNPRICED_REPORTED_AFTER_MS = 60_000;

export type UnpricedPosition = {
  readonly id: string;
  readonly asset: string;
  /** Time of the last scan with a price; of the entry decision where there was none since. */
  readonly sinceMs: number;
  /** Duration since then, at the last event. */
  readonly silentMs: number;
  /** The last price. */
  readonly mark: number;
  /** The exit that is due and waits for a price; null where none is due. */
  readonly exitDue: ExitReason | null;
};

/** By the newest scan in the windows; an upstream that is silent altogether does not count. */
export function unpricedPositions(trader: Trader): readonly UnpricedPosition[] {
  const { data } = trader;
  return data.positions
    .filter((position) => isUnpriced(trader, position))
    .map((position) => ({
      id: position.id,
      asset: position.asset,
      sinceMs: position.markedAtMs,
      silentMs: Math.max(0, data.nowMs - position.markedAtMs),
      mark: position.mark,
      exitDue: exitDue(trader, position),
    }));
}

export function isUnpriced({ windows }: Trader, { column }: Position): boolean {
  return !(windows.at(column) > 0);
}

function exitDue({ data }: Trader, position: Position): ExitReason | null {
  const heldScans = data.scans.barIndex - position.openedBar;
  return position.exitWanted ?? (position.plan.holdScansMax <= heldScans ? "max_hold" : null);
}

/** The sentence for an operator; the times are the journal's. */
export function unpricedWords({ asset, sinceMs, mark, exitDue: due }: UnpricedPosition): string {
  const since = `${isoFromMs(sinceMs).slice(0, 19)}Z`;
  const waits = due === null ? "" : `, and its exit (${due}) waits for a price`;
  return `no price for ${asset} since ${since}: the position stays at ${mark}${waits}`;
}
