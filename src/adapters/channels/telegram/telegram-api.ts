/** A call of Telegram's bot API. The token is part of the URL, so the URL must not appear anywhere. */
import type { SendResult } from "../../../domain/incidents/delivery/delivery-policy.ts";
import { MS_PER_SECOND } from "../../../domain/time.ts";
import type { SettingsOf } from "../channel.ts";
import {
  type AnsweredRequest,
  sendResultOf,
  isObject,
  objectIn,
  passing,
  saysOf,
} from "../outside/answers.ts";
import type { AskOutcome } from "../outside/ask.ts";
import type { Outside } from "../outside/outside.ts";

export type Telegram = {
  readonly settings: SettingsOf<"telegram">;
  readonly outside: Pick<Outside, "ask" | "secret">;
};

const TOO_MANY = 429;

export async function callTelegram(
  method: string,
  { settings, outside }: Telegram,
  of: { readonly body: Readonly<Record<string, unknown>>; readonly bytesMax?: number },
): Promise<AskOutcome> {
  const token = await outside.secret({ env: settings.token_env, file: settings.token_file });
  const url = `${settings.url}/bot${token}/${method}`;
  const limit = of.bytesMax === undefined ? {} : { bytesMax: of.bytesMax };
  return outside.ask({ url, body: JSON.stringify(of.body), ...limit });
}

/** `reference`: the id of the message in the answer. */
export function telegramAnswer(outcome: AskOutcome): SendResult {
  if (outcome.kind === "answered" && outcome.status === TOO_MANY) {
    return passing(outcome, { afterMs: askedMs(outcome), outcome: "refused" });
  }
  return sendResultOf(outcome, (answered) => {
    const found = objectIn(answered);
    const result = found?.["result"];
    if (found?.["ok"] !== true) return passing(answered, { afterMs: null, outcome: "unknown" });
    const id = isObject(result) ? result["message_id"] : undefined;
    const reference = typeof id === "number" ? String(id) : null;
    return {
      kind: "accepted",
      says: `it answered ok, message ${reference ?? "unknown"}`,
      reference,
    };
  });
}

function askedMs(outcome: AnsweredRequest): number | null {
  const seconds = Number(parameterOf(outcome, "retry_after"));
  return seconds >= 0 ? seconds * MS_PER_SECOND : outcome.afterMs;
}

/** The new chat id of a group that was converted into a supergroup. */
export function movedTo(outcome: AskOutcome): number | null {
  const id = parameterOf(outcome, "migrate_to_chat_id");
  return typeof id === "number" ? id : null;
}

function parameterOf(outcome: AskOutcome, name: string): unknown {
  const found = outcome.kind === "answered" ? objectIn(outcome)?.["parameters"] : undefined;
  return isObject(found) ? found[name] : undefined;
}

/** The description in a refusal. */
export function descriptionOf(outcome: AskOutcome): string {
  if (outcome.kind === "unheard") return outcome.says;
  const description = objectIn(outcome)?.["description"];
  return typeof description === "string" ? description : saysOf(outcome);
}
