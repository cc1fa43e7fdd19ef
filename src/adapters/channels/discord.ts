/** A Discord webhook, called with `wait`: otherwise a message that Discord does not save returns no error. */
import type { SendResult } from "../../domain/incidents/delivery/delivery-policy.ts";
import { cutTo, notificationText } from "../../domain/incidents/delivery/message-text.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import type { Channel, SettingsOf } from "./channel.ts";
import { type AnsweredRequest, sendResultOf, objectIn, passing } from "./outside/answers.ts";

const CONTENT_CHARACTERS_MAX = 2_000;
/** A longer delay was meant in milliseconds. */
const SECONDS_MAX = 3_600;
const TOO_MANY = 429;

export function discordChannel(settings: SettingsOf<"discord">): Channel {
  return {
    budget: { perMinute: 25, burst: 4 },
    settles: false,
    async send({ notification }, outside) {
      const url = await outside.secret({ env: settings.url_env, file: settings.url_file });
      const { title, lines } = notificationText(notification);
      const body = JSON.stringify({
        username: "DOLPHIN",
        content: cutTo([`**${title}**`, ...lines].join("\n"), CONTENT_CHARACTERS_MAX),
        // A summary must not mention (ping) anybody.
        allowed_mentions: { parse: [] },
        // Suppresses link previews.
        flags: 4,
      });
      const outcome = await outside.ask({ url: waiting(url), body });
      if (outcome.kind === "answered" && outcome.status === TOO_MANY) {
        return passing(outcome, { afterMs: askedMs(outcome), outcome: "refused" });
      }
      return sendResultOf(outcome, saved);
    },
  };
}

function waiting(url: string): string {
  if (!URL.canParse(url)) return url;
  const asked = new URL(url);
  asked.searchParams.set("wait", "true");
  return asked.href;
}

/** The header has whole seconds, the body a fraction. */
function askedMs(outcome: AnsweredRequest): number | null {
  const after = Number(objectIn(outcome)?.["retry_after"]);
  if (!(after >= 0)) return outcome.afterMs;
  return after < SECONDS_MAX ? Math.ceil(after * MS_PER_SECOND) : (outcome.afterMs ?? after);
}

function saved(answered: AnsweredRequest): SendResult {
  const id = objectIn(answered)?.["id"];
  return typeof id === "string"
    ? { kind: "accepted", says: `it answered ${answered.status}, message ${id}`, reference: null }
    : passing(answered, { afterMs: null, outcome: "unknown" });
}
