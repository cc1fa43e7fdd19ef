/**
 * Button presses in Telegram, received by long polling, so that no port is open. Only presses in the configured chat
 * count. After a crash a press is received again, and acknowledging twice is idempotent.
 */
import type { SendResult } from "../../../domain/incidents/delivery/delivery-policy.ts";
import { MS_PER_SECOND } from "../../../domain/time.ts";
import { isObject, objectIn } from "../outside/answers.ts";
import { callTelegram, type Telegram, telegramAnswer } from "./telegram-api.ts";
import { BUTTON } from "./telegram.ts";

export type Press = { readonly channel: string; readonly handle: string; readonly by: string };

/** The chats in which the bot posts, each with the users who may press. */
type Chats = readonly { readonly channel: string; readonly settings: Telegram["settings"] }[];

type Hearing = { readonly buttons: Buttons; readonly chats: Chats };

export type Buttons = {
  /** Id of the last update that was handled. */
  cursor(): number;
  moveCursor(position: number): void;
  /** Returns the text shown to the user who pressed. */
  press(press: Press): Promise<string>;
};

/** Proxies cut connections that are idle for longer. */
const POLL_S = 25;
/** Deadline of a long poll. */
export const POLL_DEADLINE_MS = (POLL_S + 10) * MS_PER_SECOND;
/** Updates per poll: each press brings a whole message. */
const UPDATES_MAX = 20;
const BYTES_MAX = 1_048_576;
const ANSWER_CHARACTERS_MAX = 190;

/** Waits for presses and answers them. After a failure the next round tries again. */
export async function hearButtons(at: Telegram, hearing: Hearing): Promise<SendResult> {
  const { buttons } = hearing;
  const outcome = await callTelegram("getUpdates", at, {
    bytesMax: BYTES_MAX,
    body: {
      offset: buttons.cursor(),
      timeout: POLL_S,
      limit: UPDATES_MAX,
      allowed_updates: ["callback_query"],
    },
  });
  const answer = telegramAnswer(outcome);
  const updates = outcome.kind === "answered" ? objectIn(outcome)?.["result"] : undefined;
  if (answer.kind !== "accepted" || !Array.isArray(updates)) return answer;
  for (const update of updates.slice(0, UPDATES_MAX)) {
    if (!isObject(update) || typeof update["update_id"] !== "number") continue;
    await answerPress(update["callback_query"], { at, hearing });
    // Only now: after a crash before this line the press is received again.
    buttons.moveCursor(update["update_id"] + 1);
  }
  return answer;
}

async function answerPress(
  query: unknown,
  { at, hearing }: { readonly at: Telegram; readonly hearing: Hearing },
): Promise<void> {
  if (!isObject(query) || typeof query["id"] !== "string") return;
  const text = await sentenceFor(query, hearing);
  // Only informs the user; a failure changes nothing.
  await callTelegram("answerCallbackQuery", at, {
    body: { callback_query_id: query["id"], text: text.slice(0, ANSWER_CHARACTERS_MAX) },
  });
}

async function sentenceFor(
  query: Readonly<Record<string, unknown>>,
  { buttons, chats }: Hearing,
): Promise<string> {
  const { from, message, data } = query;
  const place = isObject(message) ? message["chat"] : undefined;
  const id = isObject(place) ? place["id"] : undefined;
  const ours = chats.filter(({ settings }) => settings.chat_id === id);
  const user = isObject(from) && typeof from["id"] === "number" ? from["id"] : null;
  if (ours.length === 0 || user === null) return "not from this chat";
  const chat = ours.find(({ settings: { acknowledge_by: allowed } }) => {
    return allowed.length === 0 || allowed.includes(user);
  });
  if (chat === undefined) return "you are not allowed to acknowledge";
  if (typeof data !== "string" || !data.startsWith(BUTTON)) return "unknown button";
  const press = {
    channel: chat.channel,
    handle: data.slice(BUTTON.length),
    by: nameOf(from, user),
  };
  return buttons.press(press);
}

function nameOf(from: unknown, user: number): string {
  const name = isObject(from) ? from["username"] : undefined;
  return typeof name === "string" && /^\w{1,64}$/.test(name) ? `@${name} (${user})` : String(user);
}
