/** What a strategy is given and what it answers, as values. */
import type { Direction, ExitPlan } from "../orders.ts";

export type ParameterValue = number | boolean | string;
export type Parameters = { readonly [name: string]: ParameterValue };

export type EntrySignal = {
  /** The column of the asset in the present universe. */
  readonly column: number;
  readonly direction: Direction;
  /** Share of the cash to put in, before posture sizes it down. */
  readonly share: number;
  /** What made it a signal, for the record. */
  readonly strength: number;
  readonly plan: ExitPlan;
};

/** As strategies were written before `column` had its name. */
export type FormerSignal = Omit<EntrySignal, "column"> & {
  /** @deprecated say `column` */
  readonly asset: number;
};

/** One thing that a strategy looks at before it wants in. */
export type StrategyCheck = {
  readonly name: string;
  /** Whether `isWarm` asks for it, or `decide` does. */
  readonly of: "warm" | "signal";
  readonly passes: boolean;
  readonly value: number;
  readonly bound: number;
  /** One line with the figures. */
  readonly says: string;
};
