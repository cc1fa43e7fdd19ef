/** What every channel is: it sends one notification and says what came of it. It never throws what is of the outside. */
import { type Answer } from "../../domain/incidents/delivery/delivery-policy.ts";
import type { Budget } from "../../domain/incidents/delivery/pace.ts";
import type { Notification } from "../../domain/incidents/notification.ts";
import type { ChannelSettings } from "../../wire/alerts/channel-settings.ts";
import type { Outside } from "./outside/outside.ts";

export type Message = {
  readonly notification: Notification;
  /** What this channel called its message on the incident; null: it has none. */
  readonly reference: string | null;
};

export type Channel = {
  readonly budget: Budget;
  /** Whether the incident's id opens and closes an incident of the other side. */
  readonly settles: boolean;
  send(message: Message, outside: Outside): Promise<Answer>;
};

export type SettingsOf<Kind extends ChannelSettings["kind"]> = Extract<
  ChannelSettings,
  { kind: Kind }
>;
