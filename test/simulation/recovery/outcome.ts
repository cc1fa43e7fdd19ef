/** The outcome of a simulated month, as the checkers read it. */
import type { RecoveryDecision, News, RecoveryState } from "../../../src/domain/health/recovery.ts";
import type { RecoveryPolicy } from "../../../src/domain/health/recovery-rules.ts";
import type { EndKind } from "../../../src/domain/supervision/next-step.ts";
import type { Blow, Hurt, MonthScript } from "./month-script.ts";

export type Truth = Blow | "lost" | "bad-start" | "nothing";
export type Ended = {
  readonly service: Hurt;
  readonly atS: number;
  readonly kind: EndKind;
  readonly truth: Truth;
  readonly by: "itself" | "supervisor" | "metaHealth" | "operator";
};
/** A fault of ours, from when it was there and could be mended until a healthy process ran in its place. */
export type Repair = {
  readonly service: Hurt;
  readonly truth: Truth;
  isUnseen: boolean;
  readonly hurtS: number;
  /** Later than that where nobody could see or mend it at first: an outage, a bad release, an operator's stop. */
  fromS: number;
  /** Null: never. */
  toS: number | null;
};
export type Considered = {
  readonly before: RecoveryState;
  readonly news: News;
  readonly decisions: readonly RecoveryDecision[];
};
export type Outcome = {
  readonly script: MonthScript;
  readonly policy: RecoveryPolicy;
  /** Restarts that count, by service. */
  readonly restarts: readonly { readonly service: Hurt; readonly atS: number }[];
  readonly ends: readonly Ended[];
  readonly repairs: readonly Repair[];
  readonly considered: readonly Considered[];
  readonly clockForwardS: readonly number[];
  readonly lookedAt: number;
  readonly words: ReadonlySet<string>;
  /** Of each service at the end; null: as it should be. */
  readonly wrong: readonly string[];
};
