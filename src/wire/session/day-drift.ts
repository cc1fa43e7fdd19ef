/**
 * The drift of a day from its backtest, as `dolphin backtest drift --json` prints it and paperTrade reports it.
 */
import type { DriftCause, DriftCounts } from "../../domain/backtest/drift/drift.ts";

type About = { readonly book: string; readonly day: string };

export type DayDrift =
  | (About & { readonly measured: false; readonly reason: string })
  | (About & {
      readonly measured: true;
      /** `unnumbered`: in the archive, but not in the bridge's journal. */
      readonly scans: {
        readonly recorded: number;
        readonly archived: number;
        readonly unnumbered: number;
      };
      readonly decisions: DriftCounts;
      readonly trades: DriftCounts;
      readonly pnl: { readonly recorded: number; readonly archived: number };
      readonly first: readonly {
        readonly what: "decision" | "trade";
        readonly cause: DriftCause;
        readonly seq: number;
        readonly recorded: string | null;
        readonly archived: string | null;
      }[];
    });
