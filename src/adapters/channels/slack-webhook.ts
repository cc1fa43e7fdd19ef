/** Slack's incoming webhook: one message per second, which can be neither edited nor answered. */
import type { Notification } from "../../domain/incidents/notification.ts";
import { cutTo, notificationText } from "../../domain/incidents/delivery/message-text.ts";
import type { Channel, SettingsOf } from "./channel.ts";
import { sendResultOf, passing, saysOf } from "./outside/answers.ts";

const TEXT_CHARACTERS_MAX = 3_500;

export function slackWebhookChannel(settings: SettingsOf<"slack">): Channel {
  return {
    budget: { perMinute: 50, burst: 3 },
    settles: false,
    async send({ notification }, outside) {
      const url = await outside.secret({ env: settings.url_env, file: settings.url_file });
      const outcome = await outside.ask({
        url,
        body: JSON.stringify({ text: slackText(notification) }),
      });
      return sendResultOf(outcome, (answered) =>
        answered.text.trim() === "ok"
          ? { kind: "accepted", says: saysOf(answered), reference: null }
          : // Another server answered: a captive portal, or a wrong address.
            passing(answered, { afterMs: null, outcome: "unknown" }),
      );
    },
  };
}

/** Slack's markup, escaped so that a summary cannot mention anybody. */
export function slackText(notification: Notification): string {
  const { title, lines } = notificationText(notification);
  const escaped = [`*${title}*`, ...lines]
    .join("\n")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
  return cutTo(escaped, TEXT_CHARACTERS_MAX);
}
