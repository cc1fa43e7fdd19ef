/**
 * Buttons that were pressed in Telegram, heard by long polling: no port is open for it. A press counts in the
 * configured chat alone; it is told again after a death, and acknowledging twice is once.
 */
import type { Answer } from "../../../domain/incidents/delivery/delivery-policy.ts";
import { MS_PER_SECOND } from "../../../domain/time.ts";
import { isObject, objectIn } from "../outside/answers.ts";
import { callTelegram, type Telegram, telegramAnswer } from "./telegram-api.ts";
import { BUTTON } from "./telegram.ts";

export type Press = { readonly channel: string; readonly handle: string; readonly by: string };

/** Where the bot tells, each with who may press. */
type Chats = readonly { readonly channel: string; readonly settings: Telegram["settings"] }[];

type Hearing = { readonly buttons: Buttons; readonly chats: Chats };

export type Buttons = {
  /** How far was heard. */
  cursor(): number;
  moveCursor(position: number): void;
  /** What the one who pressed is told. */
  press(press: Press): Promise<string>;
};

/** A connection that is idle for longer is cut on its way. */
const POLL_S = 25;
/** For what is asked to wait so long. */
export const POLL_DEADLINE_MS = (POLL_S + 10) * MS_PER_SECOND;
/** A message comes with each press. */
const UPDATES_MAX = 20;
const BYTES_MAX = 1_048_576;
const ANSWER_CHARACTERS_MAX = 190;

/** Waits for presses and answers them. What fails is tried again by the next round. */
export async function hearButtons(at: Telegram, hearing: Hearing): Promise<Answer> {
  const { buttons } = hearing;
  const told = await callTelegram("getUpdates", at, {
    bytesMax: BYTES_MAX,
    body: {
      offset: buttons.cursor(),
      timeout: POLL_S,
      limit: UPDATES_MAX,
      allowed_updates: ["callback_query"],
    },
  });
  const answer = telegramAnswer(told);
  const updates = told.kind === "answered" ? objectIn(told)?.["result"] : undefined;
  if (answer.kind !== "accepted" || !Array.isArray(updates)) return answer;
  for (const update of updates.slice(0, UPDATES_MAX)) {
    if (!isObject(update) || typeof update["update_id"] !== "number") continue;
    await answerPress(update["callback_query"], { at, hearing });
    // Only now: who dies before hears it again.
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
  // It is for the eye of who pressed; that it fails changes nothing.
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
  if (chat === undefined) return "you are not among those who may";
  if (typeof data !== "string" || !data.startsWith(BUTTON)) return "this button is not known";
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
