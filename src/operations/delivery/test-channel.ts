/** Sends one test alert straight to a channel: without rules, queue and rate limit, and without retries. */
import { openChannel, type World } from "../../adapters/channels/open-channel.ts";
import { monotonicMs } from "../../adapters/clock.ts";
import type { SendResult } from "../../domain/incidents/delivery/delivery-policy.ts";
import type { Notification } from "../../domain/incidents/notification.ts";
import { isoFromMs } from "../../domain/time.ts";
import type { ChannelSettings } from "../../wire/alerts/channel-settings.ts";

export type ChannelTest = {
  readonly channel: string;
  readonly kind: ChannelSettings["kind"];
  readonly accepted: boolean;
  readonly sent: readonly {
    readonly kind: Notification["kind"];
    readonly outcome: SendResult["kind"];
    readonly says: string;
    readonly took_ms: number;
  }[];
};

export async function testChannel(of: {
  readonly channel: string;
  readonly settings: ChannelSettings;
  readonly world: World;
  readonly nowMs: number;
}): Promise<ChannelTest> {
  const open = openChannel(of.settings, of.world);
  const { signal } = new AbortController();
  const sent: ChannelTest["sent"][number][] = [];
  let reference: string | null = null;
  for (const notification of alertsOf(of, open.settlesInMs !== null)) {
    const startedMs = monotonicMs();
    const answer = await open.send({ notification, reference }, signal);
    const took_ms = Math.round(monotonicMs() - startedMs);
    sent.push({ kind: notification.kind, outcome: answer.kind, says: answer.says, took_ms });
    if (answer.kind !== "accepted") break;
    reference = answer.reference;
  }
  const accepted = sent.every(({ outcome }) => outcome === "accepted");
  return { channel: of.channel, kind: of.settings.kind, accepted, sent };
}

/** What opens an incident at the channel also closes it. */
function alertsOf(
  { channel, nowMs }: { readonly channel: string; readonly nowMs: number },
  opens: boolean,
): Notification[] {
  const fire: Notification = {
    incident: `test/${channel}/${isoFromMs(nowMs)}`,
    number: 1,
    channel,
    kind: "fire",
    state: "firing",
    rule: "test",
    subject: channel,
    severity: "info",
    summary: "This is a test of the channel; nothing is wrong.",
    cause: null,
    startedAtMs: nowMs,
    atMs: nowMs,
    teams: [],
    labels: {},
  };
  return opens ? [fire, { ...fire, number: 2, kind: "resolve", state: "resolved" }] : [fire];
}
