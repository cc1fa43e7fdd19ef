/** Opens a configured channel by its kind. Reports of attempts contain none of the secrets that were used. */
import { messageOf } from "../../domain/failure.ts";
import type { SendResult } from "../../domain/incidents/delivery/delivery-policy.ts";
import type { Budget } from "../../domain/incidents/delivery/pace.ts";
import type { ChannelSettings } from "../../wire/alerts/channel-settings.ts";
import { hideSecrets, redactText } from "../../wire/redaction.ts";
import type { Channel, ChannelMessage } from "./channel.ts";
import { discordChannel } from "./discord.ts";
import { emailChannel } from "./email.ts";
import { ntfyChannel } from "./ntfy.ts";
import { SecretError } from "./outside/read-secret.ts";
import { DEADLINE_MS, openAttempt, type Outside } from "./outside/outside.ts";
import { pagerdutyChannel } from "./pagerduty.ts";
import { slackBotChannel } from "./slack-bot.ts";
import { slackWebhookChannel } from "./slack-webhook.ts";
import { telegramChannel } from "./telegram/telegram.ts";
import { webhookChannel } from "./webhook.ts";

export type OpenChannel = {
  readonly budget: Budget;
  /** How long after its start a request may still take effect; null: that is harmless. */
  readonly settlesInMs: number | null;
  /** Never throws. */
  send(message: ChannelMessage, signal: AbortSignal): Promise<SendResult>;
};

export type World = {
  /** The variables that secrets refer to. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Deadline of one request. */
  readonly deadlineMs?: number | undefined;
};

/** In multiples of the request deadline. */
const SETTLING = 3;

export function openChannel(settings: ChannelSettings, world: World): OpenChannel {
  const channel = channelOf(settings);
  return {
    budget: channel.budget,
    settlesInMs: channel.settles ? SETTLING * (world.deadlineMs ?? DEADLINE_MS) : null,
    send: (message, signal) =>
      attempt({ ...world, signal }, (outside) =>
        channel.send({ ...message, notification: withoutSecrets(message.notification) }, outside),
      ),
  };
}

/** A thrown error becomes an outcome, too: a missing secret may exist at the next try. */
export async function attempt(
  of: World & { readonly signal: AbortSignal },
  act: (outside: Outside) => Promise<SendResult>,
): Promise<SendResult> {
  const outside = openAttempt(of);
  const answer = await act(outside).catch((error: unknown): SendResult => ({
    kind: "failed",
    says: messageOf(error),
    outcome: error instanceof SecretError ? "refused" : "unknown",
    afterMs: null,
  }));
  return { ...answer, says: hideSecrets(answer.says, outside.secrets()) };
}

function channelOf(settings: ChannelSettings): Channel {
  switch (settings.kind) {
    case "webhook":
      return webhookChannel(settings);
    case "slack":
      return slackWebhookChannel(settings);
    case "slack-bot":
      return slackBotChannel(settings);
    case "discord":
      return discordChannel(settings);
    case "telegram":
      return telegramChannel(settings);
    case "pagerduty":
      return pagerdutyChannel(settings);
    case "ntfy":
      return ntfyChannel(settings);
    case "email":
      return emailChannel(settings);
  }
}

/** A summary may repeat the text of an error. */
function withoutSecrets(
  notification: ChannelMessage["notification"],
): ChannelMessage["notification"] {
  const { summary, cause, labels } = notification;
  return {
    ...notification,
    summary: redactText(summary),
    cause: cause === null ? null : redactText(cause),
    labels: Object.fromEntries(
      Object.entries(labels).map(([name, value]) => [name, redactText(value)]),
    ),
  };
}
