/** Logs when a held asset loses its price, when an exit starts to wait for one, and when it has one again. */
import {
  UNPRICED_REPORTED_AFTER_MS,
  unpricedPositions,
  unpricedWords,
} from "../../domain/trading/portfolio/unpriced-positions.ts";
import type { Trader } from "../../domain/trading/trader.ts";

type Line = { readonly level: "info" | "warn"; readonly line: string };

/** Each once, however often it is called. */
export function createUnpricedNews(): (trader: Trader) => readonly Line[] {
  const reported = new Map<string, { readonly asset: string; readonly exitDue: string | null }>();
  return (trader) => {
    const lines: Line[] = [];
    const unpriced = unpricedPositions(trader);
    for (const position of unpriced) {
      const { id, asset, silentMs, exitDue } = position;
      if (silentMs <= UNPRICED_REPORTED_AFTER_MS || reported.get(id)?.exitDue === exitDue) continue;
      reported.set(id, { asset, exitDue });
      lines.push({ level: "warn", line: unpricedWords(position) });
    }
    for (const [id, { asset }] of reported) {
      if (unpriced.some((position) => position.id === id)) continue;
      reported.delete(id);
      const isOpen = trader.data.positions.some((position) => position.id === id);
      if (isOpen) lines.push({ level: "info", line: `there is a price for ${asset} again` });
    }
    return lines;
  };
}
