/**
 * What a channel is told of an incident. Decided and put on the disk by the engine of incidents,
 * delivered later and by others: it holds all that a message says.
 */

export const SEVERITIES = ["info", "warning", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const NOTIFICATION_KINDS = [
  "fire",
  "renotify",
  "escalate",
  "acknowledge",
  "resolve",
] as const;
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number];

export type IncidentState = "firing" | "acknowledged" | "resolved";

export type Notification = {
  /** The same from firing to resolved; holds rule, subject and opening time. */
  readonly incident: string;
  /** 1, 2, 3, ... within the incident: the order in which a channel is told. */
  readonly number: number;
  readonly channel: string;
  readonly kind: NotificationKind;
  readonly state: IncidentState;
  readonly rule: string;
  readonly subject: string;
  readonly severity: Severity;
  readonly summary: string;
  /** What the incident is put down to; null: nothing is known. */
  readonly cause: string | null;
  readonly startedAtMs: number;
  readonly atMs: number;
  readonly teams: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
};

export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(least) <= SEVERITIES.indexOf(severity);
}
