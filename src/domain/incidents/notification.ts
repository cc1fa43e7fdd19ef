/**
 * A notification of an incident to a channel. The engine decides it and stores it on disk; the delivery sends it
 * later. It holds everything that the message says.
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
  /** The same from firing to resolved; made of rule, subject and opening time. */
  readonly incident: string;
  /** 1, 2, 3, ... within the incident: the order in which a channel gets them. */
  readonly number: number;
  readonly channel: string;
  readonly kind: NotificationKind;
  readonly state: IncidentState;
  readonly rule: string;
  readonly subject: string;
  readonly severity: Severity;
  readonly summary: string;
  /** The cause of the incident; null: not known. */
  readonly cause: string | null;
  readonly startedAtMs: number;
  readonly atMs: number;
  readonly teams: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
};

export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(least) <= SEVERITIES.indexOf(severity);
}
