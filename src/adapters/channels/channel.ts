/**
 * The interface of a channel: it sends one notification and returns the outcome. It never throws because of the
 * outside world.
 */
import { type SendResult } from "../../domain/incidents/delivery/delivery-policy.ts";
import type { Budget } from "../../domain/incidents/delivery/pace.ts";
import type { Notification } from "../../domain/incidents/notification.ts";
import type { ChannelSettings } from "../../wire/alerts/channel-settings.ts";
import type { Outside } from "./outside/outside.ts";

export type ChannelMessage = {
  readonly notification: Notification;
  /** The channel's id of its message on the incident; null: there is none. */
  readonly reference: string | null;
};

export type Channel = {
  readonly budget: Budget;
  /** Whether the incident's id opens and closes an incident at the channel. */
  readonly settles: boolean;
  send(message: ChannelMessage, outside: Outside): Promise<SendResult>;
};

export type SettingsOf<Kind extends ChannelSettings["kind"]> = Extract<
  ChannelSettings,
  { kind: Kind }
>;
