/** The subjects of a rule among the facts: one of its own, or one for each name that its `*` matches. */
import type { FactTable } from "../facts.ts";
import { factNamesIn } from "./expression.ts";
import { fixedSubjectOf, type AlertRule } from "./rule.ts";

export type SubjectsOf = (rule: AlertRule) => ReadonlySet<string>;

const SUBJECTS_MAX = 1_000;

/** Within this table of facts; bounded for each rule. */
export function subjectsIn(values: FactTable): SubjectsOf {
  const names = Object.keys(values);
  const found = new Map<string, ReadonlySet<string>>();
  const matching = (pattern: string): ReadonlySet<string> => {
    const known = found.get(pattern);
    if (known !== undefined) return known;
    const [before = "", after = ""] = pattern.split("*");
    const subjects = new Set<string>();
    for (const name of names) {
      if (!name.startsWith(before) || !name.endsWith(after)) continue;
      const subject = name.slice(before.length, name.length - after.length);
      if (subject !== "" && !subject.includes(".") && subjects.size < SUBJECTS_MAX) {
        subjects.add(subject);
      }
    }
    found.set(pattern, subjects);
    return subjects;
  };
  return (rule) => {
    const fixed = fixedSubjectOf(rule);
    if (fixed !== null) return new Set([fixed]);
    const starred = factNamesIn(rule.expression).filter((name) => name.includes("*"));
    return new Set(starred.flatMap((pattern) => [...matching(pattern)]));
  };
}
