/**
 * Polls Telegram's bots for button presses, one loop per bot: two pollers of one bot would take presses from each
 * other.
 */
import type Database from "better-sqlite3";
import { attempt, type World } from "../../adapters/channels/open-channel.ts";
import type { SettingsOf } from "../../adapters/channels/channel.ts";
import {
  hearButtons,
  POLL_DEADLINE_MS,
  type Press,
} from "../../adapters/channels/telegram/pressed-buttons.ts";
import { cursorOf, incidentOf, moveCursor } from "../../adapters/incident-store/notifications.ts";
import { messageOf } from "../../domain/failure.ts";
import { askedDelayMs } from "../../domain/incidents/delivery/delivery-policy.ts";
import { MS_PER_MINUTE, MS_PER_SECOND } from "../../domain/time.ts";
import type { ChannelSettings } from "../../wire/alerts/channel-settings.ts";
import { openAlarm } from "./alarm.ts";
import type { Say } from "./channel-queue.ts";

/** The text shown to the user who pressed. */
export type Acknowledge = (request: {
  readonly incident: string;
  readonly by: string;
  readonly via: "telegram";
}) => Promise<string>;

type Bot = {
  readonly name: string;
  readonly chats: readonly {
    readonly channel: string;
    readonly settings: SettingsOf<"telegram">;
  }[];
};

const REST_MS_MAX = MS_PER_MINUTE;

export function hearBots(of: {
  readonly channels: Readonly<Record<string, ChannelSettings>>;
  readonly world: World;
  readonly say: Say;
  readonly acknowledge: Acknowledge;
  readonly signal: AbortSignal;
  open(): Database.Database;
}): Promise<void>[] {
  return botsAmong(of.channels).map(async ({ name, chats }) => {
    const [first] = chats;
    if (first === undefined) return;
    const alarm = openAlarm();
    of.signal.addEventListener("abort", () => alarm.ring(), { once: true });
    const press = async ({ channel, handle, by }: Press): Promise<string> => {
      const incident = incidentOf(of.open(), { channel, handle });
      return incident === null
        ? "this incident is no longer known here"
        : of.acknowledge({ incident, by, via: "telegram" });
    };
    const buttons = {
      cursor: () => cursorOf(of.open(), name),
      moveCursor: (position: number) => moveCursor(of.open(), name, position),
      press,
    };
    const hear = (): ReturnType<typeof attempt> =>
      attempt({ ...of.world, deadlineMs: POLL_DEADLINE_MS, signal: of.signal }, (outside) =>
        hearButtons({ settings: first.settings, outside }, { buttons, chats }),
      );
    let restMs = MS_PER_SECOND;
    while (!of.signal.aborted) {
      const answer = await hear().catch((error: unknown) => ({
        kind: "failed" as const,
        says: messageOf(error),
        afterMs: null,
      }));
      if (answer.kind === "accepted") {
        restMs = MS_PER_SECOND;
        continue;
      }
      if (of.signal.aborted) return;
      if (restMs < REST_MS_MAX)
        of.say("warn", `[Alerts] ${name}: buttons do not work: ${answer.says}`);
      restMs = Math.min(REST_MS_MAX, restMs * 2);
      const asked = askedDelayMs(answer.kind === "failed" ? answer.afterMs : null);
      await alarm.wait(Math.max(restMs, asked));
    }
  });
}

/** Identified by the token's reference: only the bot itself has a name for the token. */
function botsAmong(channels: Readonly<Record<string, ChannelSettings>>): Bot[] {
  const bots = new Map<string, Bot["chats"][number][]>();
  for (const [channel, settings] of Object.entries(channels)) {
    if (settings.kind !== "telegram") continue;
    const key = JSON.stringify([settings.url, settings.token_env, settings.token_file]);
    bots.set(key, [...(bots.get(key) ?? []), { channel, settings }]);
  }
  return [...bots.values()].map((chats) => ({ name: chats[0]?.channel ?? "", chats }));
}
