/**
 * Saves the states of a running book without delaying its decisions: only the copy is made synchronously, into
 * preallocated memory.
 */
import { snapshotOf } from "../../../domain/trading/snapshot/snapshot.ts";
import type { Trader } from "../../../domain/trading/trader.ts";
import { traderSnapshotParts } from "../../../wire/trading/trader-snapshot.ts";
import type { KeepBegin } from "../outcome-file.ts";
import { saveSnapshotAside } from "../snapshots.ts";
import type { TradeFile } from "../trade-file.ts";
import type { SegmentLog } from "../segment-log.ts";
import { SpareDoubles } from "./spare-doubles.ts";
import { writeWholeAside } from "./write-aside.ts";

export type StateSaver = {
  readonly prepare: (trader: Trader) => Promise<void>;
  /** Copies what it needs before it returns. */
  readonly save: (trader: Trader, index: number) => Promise<void>;
  readonly keepBegin: KeepBegin;
};

export function createStateSaver(deps: {
  readonly journal: Pick<SegmentLog, "folder" | "nextIndex" | "syncAside">;
  readonly trades: Pick<TradeFile, "syncAside">;
  readonly configurationHash: string;
}): StateSaver {
  const { journal, trades, configurationHash } = deps;
  const spare = new SpareDoubles();
  return {
    prepare: ({ windows }) => spare.prepare(windows.dump().ring.length),
    async save(trader, index) {
      const copies = spare.begin();
      try {
        const parts = traderSnapshotParts(snapshotOf(trader, copies.copy), configurationHash);
        // After a restart from this state the fold does not produce these trades again.
        await trades.syncAside();
        await saveSnapshotAside(journal, index, parts);
      } finally {
        copies.end();
      }
    },
    keepBegin(path, begin) {
      const copies = spare.begin();
      const keep = async (): Promise<void> => {
        try {
          await writeWholeAside(path, begin(copies.copy));
        } finally {
          copies.end();
        }
      };
      // A replay then folds from an earlier state, or reports that it can't.
      void keep().catch(() => undefined);
    },
  };
}
