/** The values that a strategy is given and that it returns. */
import type { Direction, ExitPlan } from "../orders.ts";

export type ParameterValue = number | boolean | string;
export type Parameters = { readonly [name: string]: ParameterValue };

export type EntrySignal = {
  /** The column of the asset in the present universe. */
  readonly column: number;
  readonly direction: Direction;
  /** Share of the cash to use, before the posture scales it. */
  readonly share: number;
  /** The strength of the signal, for the record. */
  readonly strength: number;
  readonly plan: ExitPlan;
};

/** The form of signals before `column` got its name. */
export type FormerSignal = Omit<EntrySignal, "column"> & {
  /** @deprecated say `column` */
  readonly asset: number;
};

/** One condition that a strategy checks before it wants to enter. */
export type StrategyCheck = {
  readonly name: string;
  /** Whether `isWarm` or `decide` checks it. */
  readonly of: "warm" | "signal";
  readonly passes: boolean;
  readonly value: number;
  readonly bound: number;
  /** One line with the figures. */
  readonly says: string;
};
