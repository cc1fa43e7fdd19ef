/** The sentence of an incident: the rule's text with the present facts inserted. */
import { type FactTable, isUnknown } from "../facts.ts";
import type { AlertRule } from "./rule.ts";

const FIGURES = 4;

/** `{subject}`, or the name of a fact as the condition has it, such as `{service.*.rss_mb}`. */
export function summaryOf(
  { summary }: Pick<AlertRule, "summary">,
  subject: string,
  values: FactTable,
): string {
  return summary.replaceAll(/\{([^{}]+)\}/g, (_whole, name: string) => {
    if (name === "subject") return subject;
    const fact = values[name.replace("*", subject)];
    if (fact === undefined) return "?";
    if (isUnknown(fact)) return `? (${fact.unknown})`;
    return typeof fact === "number" ? String(Number(fact.toPrecision(FIGURES))) : String(fact);
  });
}
