/** A channel of each kind that uses HTTP, configured against a test server. */
import { openChannel } from "../../../src/adapters/channels/open-channel.ts";
import type { Notification } from "../../../src/domain/incidents/notification.ts";
import type { ChannelSettings } from "../../../src/wire/alerts/channel-settings.ts";
import { alertSettings } from "../../../src/wire/alerts/channel-settings.ts";
import { ok } from "./other-side.ts";

/** Stands in every place of a channel in which a secret can stand. */
export const CANARY = "canary-0f2d9a7c";

export const FIRE: Notification = {
  incident: "stale_data/scan_bridge/2026-03-25T10:30:00Z",
  number: 1,
  channel: "c",
  kind: "fire",
  state: "firing",
  rule: "stale_data",
  subject: "scan_bridge",
  severity: "critical",
  summary: "no scan for 61 s",
  cause: null,
  startedAtMs: 1_774_434_600_000,
  atMs: 1_774_434_660_000,
  teams: ["ops"],
  labels: { book: "BLUE" },
};
export const RESOLVE: Notification = { ...FIRE, number: 2, kind: "resolve", state: "resolved" };

export const HTTP_KINDS = [
  "webhook",
  "slack",
  "slack-bot",
  "discord",
  "telegram",
  "pagerduty",
  "ntfy",
] as const satisfies readonly ChannelSettings["kind"][];
export type HttpKind = (typeof HTTP_KINDS)[number];

/** Settings, and the environment with their secrets: `A`, and for a second one, `B`. */
export function channelAt(
  kind: HttpKind,
  url: string,
): { settings: ChannelSettings; env: Readonly<Record<string, string>> } {
  const token = `${CANARY}-token`;
  switch (kind) {
    case "webhook":
      return of({ kind, url_env: "A", token_env: "B" }, { A: `${url}/${CANARY}-path`, B: token });
    case "slack":
    case "discord":
      return of({ kind, url_env: "A" }, { A: `${url}/services/${CANARY}-path` });
    case "slack-bot":
      return of({ kind, token_env: "A", conversation: "C1", url }, { A: token });
    case "telegram":
      return of({ kind, token_env: "A", chat_id: -100, url }, { A: `1:${token}` });
    case "pagerduty":
      return of({ kind, routing_key_env: "A", url }, { A: `${CANARY}-key` });
    case "ntfy":
      return of({ kind, url_env: "A", token_env: "B" }, { A: `${url}/${CANARY}-topic`, B: token });
  }
}

function of(channel: unknown, env: Readonly<Record<string, string>>) {
  const settings = alertSettings.parse({ channels: { c: channel } }).channels["c"]!;
  return { settings, env };
}

/** What the other side says where all is well. */
export function acceptance(kind: HttpKind): ReturnType<typeof ok> {
  switch (kind) {
    case "discord":
      return ok('{"id":"7"}');
    case "slack-bot":
      return ok('{"ok":true,"ts":"7.1"}');
    case "telegram":
      return ok('{"ok":true,"result":{"message_id":7}}');
    case "pagerduty":
      return ok('{"status":"success"}', 202);
    case "webhook":
    case "slack":
    case "ntfy":
      return ok();
  }
}

/** No test waits for it: a limit of what may be slow. */
const AMPLE_MS = 60_000;

export function openAt(kind: HttpKind, url: string, deadlineMs = AMPLE_MS) {
  const { settings, env } = channelAt(kind, url);
  const { signal } = new AbortController();
  const channel = openChannel(settings, { env, deadlineMs });
  return {
    send: (notification: Notification, reference: string | null = null) =>
      channel.send({ notification, reference }, signal),
  };
}
