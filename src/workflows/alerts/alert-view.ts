/**
 * An incident as the Web UI shows it, and as it arrives by signal, which anybody with access to Temporal can send.
 */
import type { AlertNews, AlertView } from "../messages/alerts.ts";

const TEXTS = [
  "incident",
  "rule",
  "subject",
  "severity",
  "state",
  "summary",
  "started_at",
] as const;
const ROWS_MAX = 50;

/** Null: not valid. */
export function readNews(raw: unknown): AlertNews | null {
  if (typeof raw !== "object" || raw === null) return null;
  const fields = new Map<string, unknown>(Object.entries(raw));
  const view = fields.get("view");
  if (!isView(view)) return null;
  return { view, has_search_attributes: fields.get("has_search_attributes") === true };
}

function isView(value: unknown): value is AlertView {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const isTexts = (field: string): boolean => {
    const found = fields.get(field);
    return Array.isArray(found) && found.every((one) => typeof one === "string");
  };
  return (
    TEXTS.every((field) => typeof fields.get(field) === "string") &&
    isTexts("told") &&
    isTexts("story")
  );
}

/** Markdown. */
export function alertText(view: AlertView): string {
  const { severity, state, summary, cause, held, started_at, resolved_at, told, story } = view;
  return [
    `## ${severity}, ${state}: ${summary}`,
    `- incident \`${view.incident}\` of rule **${view.rule}**, subject **${view.subject}**`,
    `- since ${started_at}${resolved_at === null ? "" : `, resolved ${resolved_at}`}`,
    `- cause: ${cause ?? "not known"}`,
    `- notified: ${told.length === 0 ? "nobody" : told.join(", ")}${held === null ? "" : ` (held: ${held})`}`,
    "",
    "### History",
    ...story.slice(-ROWS_MAX).map((line) => `- ${line}`),
  ].join("\n");
}
