/**
 * The declared configuration of one service, as its supervisor keeps it. A declaration is compared with the previous
 * one, and only changed values take effect, so that an operator's command holds until the declaration changes.
 */
import type { Intent } from "../next-step.ts";

export type ServiceDeclaration = {
  /** False: the service is stopped, and no command starts it. */
  readonly enabled: boolean;
  /** Whether a new supervisor starts it. */
  readonly autostart: boolean;
  readonly restarts_max: number;
  readonly memory_max_mb: number;
  /** Percent of one core. */
  readonly cpu_max_percent: number;
  readonly tasks_max: number;
};

export type DeclarationChange = {
  readonly what: string;
  readonly from: string;
  readonly to: string;
};

/** What became of a declaration that was sent to a workflow. */
export type DeclarationOutcome =
  | { readonly kind: "created" | "unchanged" }
  | { readonly kind: "changed"; readonly changes: readonly DeclarationChange[] }
  | {
      readonly kind: "refused";
      readonly changes: readonly DeclarationChange[];
      readonly why: string;
    };

export function intentAtFirst({ enabled, autostart }: ServiceDeclaration): Intent {
  return enabled && autostart ? "running" : "stopped";
}

/** The intent that a changed declaration sets; null: the present intent stays. */
export function intentAnew(
  before: ServiceDeclaration | null,
  after: ServiceDeclaration,
): Intent | null {
  if (!after.enabled) return "stopped";
  if (before === null) return null;
  const intent = intentAtFirst(after);
  return intent === intentAtFirst(before) ? null : intent;
}

/** `before` is null for a service that was never declared: then each value is a change. */
export function declarationChanges(
  before: ServiceDeclaration | null,
  after: ServiceDeclaration,
): readonly DeclarationChange[] {
  const was: Readonly<Record<string, boolean | number>> = before ?? {};
  return Object.entries(after).flatMap(([what, to]) =>
    was[what] === to ? [] : [{ what, from: String(was[what] ?? "not declared"), to: String(to) }],
  );
}
