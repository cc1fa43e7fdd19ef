/** An alert rule as data: its condition, how long it must hold, who is notified, and which rules inhibit it. */
import { type Expression, ExpressionError, factNamesIn, parseExpression } from "./expression.ts";
import type { Severity } from "../notification.ts";

export type AlertRule = {
  readonly name: string;
  /** The condition as text, and parsed. */
  readonly when: string;
  readonly expression: Expression;
  /** How long it must hold before it fires. */
  readonly forMs: number;
  /** How long it must be false before the incident is resolved. */
  readonly keepMs: number;
  readonly severity: Severity;
  readonly teams: readonly string[];
  /** Empty: chosen by team and severity. */
  readonly channels: readonly string[];
  /** With `{fact}` for values. */
  readonly summary: string;
  /** What is done about it automatically. */
  readonly action: string;
  /** Names of rules whose open incident inhibits this one; with `@same` only one of the same subject does. */
  readonly inhibitedBy: readonly string[];
  /** Null: notified once. */
  readonly renotifyMs: number | null;
  readonly escalation: readonly EscalationStep[];
  readonly muted: readonly MuteWindow[];
  /** After this long without data an incident of its own reports that; null: never. */
  readonly noDataMs: number | null;
};

/** Taken when nobody acknowledges; with neither team nor channel: all channels that take the severity. */
export type EscalationStep = {
  readonly afterMs: number;
  readonly teams: readonly string[];
  readonly channels: readonly string[];
};

/** Daily UTC times in minutes from midnight; one that ends before it begins spans midnight. */
export type MuteWindow = { readonly fromMinute: number; readonly untilMinute: number };

export type ChannelRoute = {
  readonly name: string;
  /** Empty: it gets incidents of all teams. */
  readonly teams: readonly string[];
  readonly severityMin: Severity;
};

export type RuleText = Omit<AlertRule, "expression">;

/** @throws {Error} that names the rule and the position. */
export function ruleFrom(text: RuleText): AlertRule {
  try {
    const expression = parseExpression(text.when);
    checkSubjects(expression);
    return { ...text, expression };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    throw new Error(`rule '${text.name}': when: ${error.message}, in: ${text.when}`, {
      cause: error,
    });
  }
}

function checkSubjects(expression: Expression): void {
  for (const name of factNamesIn(expression)) {
    const stars = name.split(".").filter((segment) => segment.includes("*"));
    if (1 < stars.length || stars.some((segment) => segment !== "*")) {
      throw new ExpressionError(`'${name}': one whole segment may be '*', no more`, 1);
    }
  }
}

/** For a rule without `*`: the middle of its first name, such as `scan` of `feed.scan.age_s`. */
export function fixedSubjectOf({ expression }: Pick<AlertRule, "expression">): string | null {
  const names = factNamesIn(expression);
  if (names.some((name) => name.includes("*"))) return null;
  const segments = (names[0] ?? "").split(".");
  return segments[2 < segments.length ? 1 : 0] ?? "";
}

/**
 * Rules that inhibit each other would both be silent. `known` also holds rules that are switched off. @throws {Error}
 * that names them.
 */
export function checkInhibition(rules: readonly AlertRule[], known: ReadonlySet<string>): void {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const done = new Set<AlertRule>();
  const walk = (rule: AlertRule, way: readonly string[]): void => {
    if (way.includes(rule.name)) {
      throw new Error(`rules excuse each other: ${[...way, rule.name].join(" <- ")}`);
    }
    if (done.has(rule)) return;
    for (const cause of rule.inhibitedBy) {
      const found = byName.get(causeName(cause));
      if (found === undefined && !known.has(causeName(cause))) {
        throw new Error(`rule '${rule.name}': inhibited_by names no rule: '${causeName(cause)}'`);
      }
      if (found !== undefined) walk(found, [...way, rule.name]);
    }
    done.add(rule);
  };
  for (const rule of rules) walk(rule, []);
}

const SAME = "@same";

export function causeName(cause: string): string {
  return isOfSameSubject(cause) ? cause.slice(0, -SAME.length) : cause;
}

export function isOfSameSubject(cause: string): boolean {
  return cause.endsWith(SAME);
}
