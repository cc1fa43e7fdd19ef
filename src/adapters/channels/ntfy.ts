/** A topic of ntfy, published as JSON, because headers could hold only ASCII. */
import type { SendResult } from "../../domain/incidents/delivery/delivery-policy.ts";
import type { Severity } from "../../domain/incidents/notification.ts";
import {
  cutTo,
  cutToBytes,
  notificationText,
} from "../../domain/incidents/delivery/message-text.ts";
import type { Channel, SettingsOf } from "./channel.ts";
import { sendResultOf } from "./outside/answers.ts";
import { authorization } from "./webhook.ts";

/** ntfy turns a longer message into an attached file. */
const MESSAGE_BYTES_MAX = 4_000;
const TITLE_CHARACTERS_MAX = 250;
const LOUD: Readonly<Record<Severity, number>> = { info: 2, warning: 4, critical: 5 };
const QUIET = 3;

export function ntfyChannel(settings: SettingsOf<"ntfy">): Channel {
  return {
    // The public server's limit: 60 at once, then one in 5 seconds.
    budget: { perMinute: 12, burst: 30 },
    settles: false,
    async send({ notification }, outside): Promise<SendResult> {
      const place = placeOf(
        await outside.secret({ env: settings.url_env, file: settings.url_file }),
      );
      if (place === null) {
        return {
          kind: "refused",
          says: "the URL must end with a topic, such as https://ntfy.sh/mine",
        };
      }
      const { title, lines } = notificationText(notification);
      const outcome = await outside.ask({
        url: place.server,
        headers: await authorization(settings, outside),
        body: JSON.stringify({
          topic: place.topic,
          title: cutTo(title, TITLE_CHARACTERS_MAX),
          message: cutToBytes(lines.join("\n"), MESSAGE_BYTES_MAX),
          priority: notification.state === "firing" ? LOUD[notification.severity] : QUIET,
          tags: [notification.state],
        }),
      });
      // The answer repeats the topic, which is a secret: whoever knows it can read the messages.
      return sendResultOf(outcome, ({ status }) => ({
        kind: "accepted",
        says: `it answered ${status}`,
        reference: null,
      }));
    },
  };
}

function placeOf(text: string): { readonly server: string; readonly topic: string } | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const topic = /^(.*\/)([\w-]{1,64})$/.exec(url.pathname);
  if (topic?.[1] === undefined || topic[2] === undefined || url.search !== "") return null;
  url.pathname = topic[1];
  return { server: url.href, topic: topic[2] };
}
