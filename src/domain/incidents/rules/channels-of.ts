/** The channels that a rule notifies, at first and with each step of its escalation. */
import { isAtLeast } from "../notification.ts";
import type { ChannelRoute, EscalationStep, AlertRule } from "./rule.ts";

export function firstChannels(
  rule: AlertRule,
  channels: readonly ChannelRoute[],
): readonly string[] {
  if (0 < rule.channels.length) return named(channels, rule.channels);
  return namesOf(channels.filter((one) => takes(one, rule) && isFor(one, rule.teams)));
}

/** The channels of the next step; where all were notified before, they are notified again. */
export function channelsOfStep(
  rule: AlertRule,
  step: EscalationStep,
  { channels, told: before }: { channels: readonly ChannelRoute[]; told: readonly string[] },
): readonly string[] {
  const wanted =
    0 < step.channels.length
      ? named(channels, step.channels)
      : namesOf(channels.filter((one) => takes(one, rule) && isFor(one, step.teams)));
  const next = wanted.filter((name) => !before.includes(name));
  return 0 < next.length ? next : wanted;
}

function takes({ severityMin }: ChannelRoute, { severity }: AlertRule): boolean {
  return isAtLeast(severity, severityMin);
}

function isFor({ teams }: ChannelRoute, wanted: readonly string[]): boolean {
  return teams.length === 0 || wanted.length === 0 || teams.some((team) => wanted.includes(team));
}

function named(channels: readonly ChannelRoute[], names: readonly string[]): readonly string[] {
  return namesOf(channels).filter((name) => names.includes(name));
}

function namesOf(channels: readonly ChannelRoute[]): readonly string[] {
  return channels.map(({ name }) => name);
}
