/**
 * A Slack bot: one message per incident, kept up to date. News that must be noticed (still firing, nobody
 * acknowledged) is posted in the thread, because an edited message makes no sound.
 */
import type { SendResult } from "../../domain/incidents/delivery/delivery-policy.ts";
import type { Channel, ChannelMessage, SettingsOf } from "./channel.ts";
import {
  type AnsweredRequest,
  sendResultOf,
  objectIn,
  passing,
  saysOf,
} from "./outside/answers.ts";
import type { Outside } from "./outside/outside.ts";
import { slackText } from "./slack-webhook.ts";

/** Slack answers every request with status 200: these error codes may succeed later. */
const PASSING_WORDS = new Set([
  "fatal_error",
  "internal_error",
  "ratelimited",
  "rate_limited",
  "request_timeout",
  "service_unavailable",
  "team_added_to_org",
]);
/** The message is gone or too old to edit: a new one is posted. */
const NO_MORE = new Set(["message_not_found", "edit_window_closed", "cant_update_message"]);

export function slackBotChannel(settings: SettingsOf<"slack-bot">): Channel {
  return {
    budget: { perMinute: 50, burst: 3 },
    settles: false,
    async send(message, outside) {
      if (!changes(message)) return post(message, { settings, outside });
      const { answer, word } = await call(
        "chat.update",
        { settings, outside },
        {
          channel: settings.conversation,
          ts: message.reference,
          text: slackText(message.notification),
        },
      );
      return word !== null && NO_MORE.has(word)
        ? post({ ...message, reference: null }, { settings, outside })
        : answer;
    },
  };
}

function changes({ notification: { kind }, reference }: ChannelMessage): boolean {
  return reference !== null && (kind === "acknowledge" || kind === "resolve");
}

type At = { readonly settings: SettingsOf<"slack-bot">; readonly outside: Outside };

async function post({ notification, reference }: ChannelMessage, at: At): Promise<SendResult> {
  const { answer } = await call("chat.postMessage", at, {
    channel: at.settings.conversation,
    text: slackText(notification),
    unfurl_links: false,
    ...(reference === null ? {} : { thread_ts: reference, reply_broadcast: true }),
  });
  // The first message remains the one that is edited.
  return answer.kind === "accepted" && reference !== null ? { ...answer, reference } : answer;
}

async function call(
  method: string,
  { settings, outside }: At,
  body: Readonly<Record<string, unknown>>,
): Promise<{ readonly answer: SendResult; readonly word: string | null }> {
  const token = await outside.secret({ env: settings.token_env, file: settings.token_file });
  const outcome = await outside.ask({
    url: `${settings.url}/${method}`,
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json; charset=utf-8",
    },
    body: JSON.stringify(body),
  });
  let word: string | null = null;
  const answer = sendResultOf(outcome, (answered) => {
    word = wordIn(answered);
    return meaningOf(answered, word);
  });
  return { answer, word };
}

function wordIn(answered: AnsweredRequest): string | null {
  const found = objectIn(answered);
  return typeof found?.["error"] === "string" ? found["error"] : null;
}

function meaningOf(answered: AnsweredRequest, word: string | null): SendResult {
  const found = objectIn(answered);
  if (found?.["ok"] === true) {
    const ts = found["ts"];
    return {
      kind: "accepted",
      says: "it answered ok",
      reference: typeof ts === "string" ? ts : null,
    };
  }
  const isPassing = word === null || PASSING_WORDS.has(word);
  return isPassing
    ? passing(answered, {
        afterMs: answered.afterMs,
        outcome: word === null ? "unknown" : "refused",
      })
    : { kind: "refused", says: saysOf(answered), mayPass: true };
}
