/** What HTTP answers mean for a notification, for channels without rules of their own. */
import type { SendResult } from "../../../domain/incidents/delivery/delivery-policy.ts";
import { cutTo } from "../../../domain/incidents/delivery/message-text.ts";
import type { AskOutcome } from "./ask.ts";

export type AnsweredRequest = Extract<AskOutcome, { kind: "answered" }>;

/** May be accepted later: too early, rate limited, or temporarily unable. */
const PASSING = new Set([408, 421, 423, 425, 429]);
/** Permanent refusals of the message; any other refusal may be a key or a route that is being changed. */
const FINAL = new Set([400, 410, 413, 422]);
const BODY_CHARACTERS_MAX = 160;

/** `accepted` interprets an answer of 2xx. */
export function sendResultOf(
  outcome: AskOutcome,
  accepted: (answered: AnsweredRequest) => SendResult,
): SendResult {
  if (outcome.kind === "unheard") {
    return { kind: "failed", says: outcome.says, outcome: outcome.outcome, afterMs: null };
  }
  const { status } = outcome;
  if (200 <= status && status < 300) return accepted(outcome);
  if (300 <= status && status < 400) {
    return {
      kind: "refused",
      says: `${saysOf(outcome)}: a redirect, which is not followed; configure the address that it points to`,
      mayPass: true,
    };
  }
  if (PASSING.has(status))
    return passing(outcome, { afterMs: outcome.afterMs, outcome: "refused" });
  // A server that failed may have accepted the request.
  if (500 <= status) return passing(outcome, { afterMs: outcome.afterMs, outcome: "unknown" });
  return { kind: "refused", says: saysOf(outcome), mayPass: !FINAL.has(status) };
}

export function passing(
  answered: AnsweredRequest,
  of: { readonly afterMs: number | null; readonly outcome: "refused" | "unknown" },
): SendResult {
  return { kind: "failed", says: saysOf(answered), ...of };
}

/** The status, and the beginning of the body. */
export function saysOf({ status, text, isWhole }: AnsweredRequest): string {
  const body = cutTo(text.replaceAll(/[\s\p{Cc}]+/gu, " ").trim(), BODY_CHARACTERS_MAX);
  const cut = isWhole ? "" : ", and its answer was incomplete";
  return body === "" ? `it answered ${status}${cut}` : `it answered ${status}${cut}: ${body}`;
}

/** The JSON object in an answer; null for anything else. */
export function objectIn({
  text,
  isWhole,
}: AnsweredRequest): Readonly<Record<string, unknown>> | null {
  if (!isWhole) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
