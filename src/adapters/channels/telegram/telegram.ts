/**
 * A Telegram bot: one message per incident with a button to acknowledge it, kept up to date. News that must be
 * noticed is sent as a reply to the first message.
 */
import type { SendResult } from "../../../domain/incidents/delivery/delivery-policy.ts";
import { cutTo, notificationText } from "../../../domain/incidents/delivery/message-text.ts";
import type { Notification } from "../../../domain/incidents/notification.ts";
import { handleOf } from "../../incident-store/notifications.ts";
import type { Channel, ChannelMessage, SettingsOf } from "../channel.ts";
import type { Outside } from "../outside/outside.ts";
import {
  callTelegram,
  descriptionOf,
  movedTo,
  type Telegram,
  telegramAnswer,
} from "./telegram-api.ts";

export const BUTTON = "ack:";
const TEXT_CHARACTERS_MAX = 4_000;
const AS_IT_IS = /message is not modified/i;
const NO_MORE = /message (to edit not found|can't be edited)|MESSAGE_ID_INVALID/i;

export function telegramChannel(settings: SettingsOf<"telegram">): Channel {
  return {
    // The limit for a group.
    budget: { perMinute: 18, burst: 3 },
    settles: false,
    async send(message, outside) {
      const { reference, notification } = message;
      const changes = notification.kind === "acknowledge" || notification.kind === "resolve";
      if (reference === null || !changes) return post(message, { settings, outside });
      const outcome = await callTelegram(
        "editMessageText",
        { settings, outside },
        {
          body: {
            chat_id: settings.chat_id,
            message_id: Number(reference),
            text: telegramText(notification),
            // Removes the button: it is acknowledged, or over.
            reply_markup: { inline_keyboard: [] },
          },
        },
      );
      const description = descriptionOf(outcome);
      if (AS_IT_IS.test(description)) {
        return { kind: "accepted", says: "it was already sent", reference };
      }
      return NO_MORE.test(description) || movedTo(outcome) !== null
        ? post({ notification, reference: null }, { settings, outside })
        : telegramAnswer(outcome);
    },
  };
}

async function post(
  message: ChannelMessage,
  at: Telegram & { readonly outside: Outside },
): Promise<SendResult> {
  const { chat_id } = at.settings;
  const outcome = await callTelegram("sendMessage", at, { body: bodyOf(message, at, chat_id) });
  const moved = movedTo(outcome);
  if (moved !== null) {
    const answer = telegramAnswer(
      await callTelegram("sendMessage", at, { body: bodyOf(message, at, moved) }),
    );
    return { ...answer, says: `${answer.says}; the chat is ${moved} now: set chat_id` };
  }
  const answer = telegramAnswer(outcome);
  // The first message remains the one that is edited.
  return answer.kind === "accepted" && message.reference !== null
    ? { ...answer, reference: message.reference }
    : answer;
}

function bodyOf(
  { notification, reference }: ChannelMessage,
  { settings }: Telegram,
  chatId: number,
): Readonly<Record<string, unknown>> {
  const button = {
    text: "Acknowledge",
    callback_data: `${BUTTON}${handleOf(notification.incident)}`,
  };
  return {
    chat_id: chatId,
    text: telegramText(notification),
    disable_notification: notification.severity === "info" || notification.state !== "firing",
    link_preview_options: { is_disabled: true },
    ...(settings.message_thread_id === undefined
      ? {}
      : { message_thread_id: settings.message_thread_id }),
    ...(notification.state === "firing" ? { reply_markup: { inline_keyboard: [[button]] } } : {}),
    ...(reference === null
      ? {}
      : {
          reply_parameters: { message_id: Number(reference), allow_sending_without_reply: true },
        }),
  };
}

function telegramText(notification: Notification): string {
  const { title, lines } = notificationText(notification);
  return cutTo([title, ...lines].join("\n"), TEXT_CHARACTERS_MAX);
}
