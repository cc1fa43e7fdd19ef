/**
 * PagerDuty's Events API v2. The incident's id is the deduplication key under which PagerDuty opens, acknowledges and
 * closes its incident: a repeated event changes nothing, and no event to open follows one to close.
 */
import type { NotificationKind, Severity } from "../../domain/incidents/notification.ts";
import {
  cutTo,
  cutToBytes,
  notificationText,
} from "../../domain/incidents/delivery/message-text.ts";
import { isoFromMs } from "../../domain/time.ts";
import { handleOf } from "../incident-store/notifications.ts";
import type { Channel, ChannelMessage, SettingsOf } from "./channel.ts";
import { sendResultOf, saysOf } from "./outside/answers.ts";

const KEY_CHARACTERS_MAX = 255;
const SUMMARY_CHARACTERS_MAX = 1_024;
const DETAIL_BYTES_MAX = 8_192;
const ACTIONS: Readonly<Record<NotificationKind, "trigger" | "acknowledge" | "resolve">> = {
  fire: "trigger",
  renotify: "trigger",
  escalate: "trigger",
  acknowledge: "acknowledge",
  resolve: "resolve",
};
const SEVERITY: Readonly<Record<Severity, string>> = {
  info: "info",
  warning: "warning",
  critical: "critical",
};

export function pagerdutyChannel(settings: SettingsOf<"pagerduty">): Channel {
  return {
    budget: { perMinute: 100, burst: 20 },
    settles: true,
    async send(message, outside) {
      const key = await outside.secret({
        env: settings.routing_key_env,
        file: settings.routing_key_file,
      });
      const body = JSON.stringify({ routing_key: key, ...eventOf(message) });
      return sendResultOf(await outside.ask({ url: settings.url, body }), (answered) => ({
        kind: "accepted",
        says: saysOf(answered),
        reference: null,
      }));
    },
  };
}

function eventOf({ notification }: ChannelMessage): Readonly<Record<string, unknown>> {
  const event = {
    event_action: ACTIONS[notification.kind],
    dedup_key: keyOf(notification.incident),
  };
  if (event.event_action !== "trigger") return event;
  const { title, lines } = notificationText(notification);
  return {
    ...event,
    client: "DOLPHIN",
    payload: {
      summary: cutTo(`${title}: ${lines[0] ?? ""}`, SUMMARY_CHARACTERS_MAX),
      source: notification.subject === "" ? "dolphin" : notification.subject,
      severity: SEVERITY[notification.severity],
      timestamp: isoFromMs(notification.startedAtMs),
      component: notification.subject,
      group: "dolphin",
      class: notification.rule,
      custom_details: { text: cutToBytes(lines.join("\n"), DETAIL_BYTES_MAX) },
    },
  };
}

/** A longer id keeps its beginning, plus a hash that keeps it unique. */
function keyOf(incident: string): string {
  if (incident.length <= KEY_CHARACTERS_MAX) return incident;
  return `${incident.slice(0, KEY_CHARACTERS_MAX - 40)}#${handleOf(incident)}`;
}
