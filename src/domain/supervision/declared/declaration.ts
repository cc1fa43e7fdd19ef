/**
 * What the configuration says of one service, as its supervisor keeps it. A declaration is held against the one
 * before it: only what it says anew is brought about, so that what an operator told stands until then.
 */
import type { Intent } from "../next-step.ts";

export type ServiceDeclaration = {
  /** False: stopped, and no command starts it. */
  readonly enabled: boolean;
  /** Whether a new supervisor starts it. */
  readonly autostart: boolean;
  readonly restarts_max: number;
  readonly memory_max_mb: number;
  /** Percent of one core. */
  readonly cpu_max_percent: number;
  readonly tasks_max: number;
};

export type Change = {
  readonly what: string;
  readonly from: string;
  readonly to: string;
};

export function intentAtFirst({ enabled, autostart }: ServiceDeclaration): Intent {
  return enabled && autostart ? "running" : "stopped";
}

/** What the service is told to do by a declaration that follows another; null: what it was told before. */
export function intentAnew(
  before: ServiceDeclaration | null,
  after: ServiceDeclaration,
): Intent | null {
  if (!after.enabled) return "stopped";
  if (before === null) return null;
  const intent = intentAtFirst(after);
  return intent === intentAtFirst(before) ? null : intent;
}

/** Null before: it was never declared, and each value is a change. */
export function declarationChanges(
  before: ServiceDeclaration | null,
  after: ServiceDeclaration,
): readonly Change[] {
  const was: Readonly<Record<string, boolean | number>> = before ?? {};
  return Object.entries(after).flatMap(([what, to]) =>
    was[what] === to ? [] : [{ what, from: String(was[what] ?? "not declared"), to: String(to) }],
  );
}
