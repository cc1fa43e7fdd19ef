/** Publishes a supervisor's state: memo, search attributes, current details, log. */
import { log, setCurrentDetails, upsertMemo, upsertSearchAttributes } from "@temporalio/workflow";
import { defineSearchAttributeKey, SearchAttributeType } from "@temporalio/common";
import type { SearchAttributePair } from "@temporalio/common";
import type { ServiceStatus } from "../wire/supervision.ts";
import type { ServiceBrief } from "../domain/supervision/supervisor/records.ts";
import { runIdOf } from "./names.ts";
import type { SupervisorState } from "../domain/supervision/supervisor/supervisor-state.ts";
import { serviceStatusOf, withStory } from "./supervision/supervisor-status.ts";

export const LAYER = defineSearchAttributeKey("DolphinLayer", SearchAttributeType.KEYWORD);
const SERVICE = defineSearchAttributeKey("DolphinService", SearchAttributeType.KEYWORD);
export const STATUS = defineSearchAttributeKey("DolphinStatus", SearchAttributeType.KEYWORD);

/** Empty where the server does not know them: that would block the workflow forever. */
export function searchAttributesOf(
  brief: Pick<ServiceBrief, "layer" | "service" | "hasSearchAttributes">,
  status: string,
): SearchAttributePair[] {
  if (!brief.hasSearchAttributes) return [];
  return [
    { key: LAYER, value: brief.layer },
    { key: SERVICE, value: brief.service },
    { key: STATUS, value: status },
  ];
}

export function createPublisher() {
  let published = "";
  return {
    /** Publishes if more has changed than values that depend on the time; returns the state that records it. */
    publish(state: SupervisorState, brief: ServiceBrief, nowMs: number): SupervisorState {
      const now = serviceStatusOf(state, brief, nowMs);
      const { reason: _reason, updated_at: _at, restarts_in_window: _in, ...facts } = now;
      const key = JSON.stringify([facts, brief.hasSearchAttributes]);
      if (key === published) return state;
      published = key;
      const sentence = `${state.word}: ${state.reason}${state.pid === null ? "" : ` (pid ${state.pid})`}`;
      const noted = withStory(state, nowMs, sentence);
      log.info(`${brief.service}: ${sentence}`);
      const status = serviceStatusOf(noted, brief, nowMs);
      upsertMemo({ status });
      const attributes = searchAttributesOf(brief, state.word);
      if (0 < attributes.length) upsertSearchAttributes(attributes);
      setCurrentDetails(detailsText(status, noted.story));
      return noted;
    },
  };
}

function detailsText(status: ServiceStatus, story: readonly string[]): string {
  const end = status.last_end;
  const lines = [
    `## ${status.service}: ${status.word}`,
    status.reason,
    "",
    "| | |",
    "|---|---|",
    `| wanted | ${status.intent}, ${status.mode} |`,
    `| life | ${status.life}, pid ${status.pid ?? "none"} on ${status.host ?? "no host"} |`,
    `| run | workflow \`${runIdOf(status.service)}\` |`,
    `| restarts that count | ${status.restarts_in_window} |`,
    `| next try | ${status.next_try_at ?? "none needed"} |`,
    `| last end | ${end === null ? "none" : `life ${end.life}, ${end.at}: ${end.why}`} |`,
    "",
    ...story.map((line) => `- ${line}`),
  ];
  if (end !== null && 0 < end.last_log.length) {
    lines.push("", `Last lines of life ${end.life}:`, "```", ...end.last_log, "```");
  }
  return lines.join("\n").slice(0, DETAILS_CHARS_MAX);
}

const DETAILS_CHARS_MAX = 15_000;
