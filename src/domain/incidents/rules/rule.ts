/** A rule of incidents, as data: what must hold, for how long, who hears of it, and what excuses it. */
import { type Expression, ExpressionError, namesIn, parseExpression } from "./expression.ts";
import type { Severity } from "../notification.ts";

export type Rule = {
  readonly name: string;
  /** The condition as it is written, and as it is read. */
  readonly when: string;
  readonly expression: Expression;
  /** It must hold for so long before it fires. */
  readonly forMs: number;
  /** It must not hold for so long before it is resolved. */
  readonly keepMs: number;
  readonly severity: Severity;
  readonly teams: readonly string[];
  /** None named: by team and severity. */
  readonly channels: readonly string[];
  /** With `{fact}` for values. */
  readonly summary: string;
  /** What is done about it without a person. */
  readonly action: string;
  /** Names of rules whose incident excuses this one; with `@same`: only that of the same subject. */
  readonly inhibitedBy: readonly string[];
  /** Null: it is told once. */
  readonly renotifyMs: number | null;
  readonly escalation: readonly EscalationStep[];
  readonly muted: readonly MuteWindow[];
  /** After so long without data an incident of its own says so; null: never. */
  readonly noDataMs: number | null;
};

/** When nobody acknowledges; neither team nor channel named: all channels that take the severity. */
export type EscalationStep = {
  readonly afterMs: number;
  readonly teams: readonly string[];
  readonly channels: readonly string[];
};

/** Of each UTC day, in minutes from its begin; one that ends before it begins lasts over midnight. */
export type MuteWindow = { readonly fromMinute: number; readonly untilMinute: number };

export type Channel = {
  readonly name: string;
  /** None named: it hears of all. */
  readonly teams: readonly string[];
  readonly severityMin: Severity;
};

export type RuleText = Omit<Rule, "expression">;

/** @throws {Error} that names the rule and the position. */
export function ruleFrom(text: RuleText): Rule {
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
  for (const name of namesIn(expression)) {
    const stars = name.split(".").filter((segment) => segment.includes("*"));
    if (1 < stars.length || stars.some((segment) => segment !== "*")) {
      throw new ExpressionError(`'${name}': one whole segment may be '*', no more`, 1);
    }
  }
}

/** Of a rule without `*`: the middle of its first name, such as `scan` of `feed.scan.age_s`. */
export function fixedSubjectOf({ expression }: Pick<Rule, "expression">): string | null {
  const names = namesIn(expression);
  if (names.some((name) => name.includes("*"))) return null;
  const segments = (names[0] ?? "").split(".");
  return segments[2 < segments.length ? 1 : 0] ?? "";
}

/**
 * Rules that excuse each other would both be silent. `known`: also those that are not wanted.
 * @throws {Error} that names them.
 */
export function checkInhibition(rules: readonly Rule[], known: ReadonlySet<string>): void {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const done = new Set<Rule>();
  const walk = (rule: Rule, way: readonly string[]): void => {
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
