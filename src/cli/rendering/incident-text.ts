/** Incidents as text. */
import type { DeliveryStatus } from "../../adapters/incident-store/notifications.ts";
import { type Incident, type Mute, shownState } from "../../domain/incidents/incident.ts";
import { isoFromMs, MS_PER_SECOND } from "../../domain/time.ts";
import { aligned } from "./columns.ts";
import { duration } from "./durations.ts";
import { type Colour, paint, printable } from "./terminal.ts";

const COLOURS: Readonly<Record<Incident["severity"], Colour>> = {
  critical: "red",
  warning: "yellow",
  info: "plain",
};

export function incidentLines(incidents: readonly Incident[], nowMs: number): readonly string[] {
  if (incidents.length === 0) return [paint("green", "no incident is open")];
  return aligned(
    incidents.map((one) => [
      one.severity,
      shownState(one),
      duration(Math.max(0, (one.resolvedAtMs ?? nowMs) - one.startedAtMs) / MS_PER_SECOND),
      one.id,
      paint(
        one.state === "resolved" ? "dim" : COLOURS[one.severity],
        printable(one.held === null ? one.summary : `${one.summary} [not notified: ${one.held}]`),
      ),
    ]),
  );
}

export function muteLines(mutes: readonly Mute[]): readonly string[] {
  return mutes.map(({ id, untilAtMs, by, reason }) =>
    printable(`muted: ${id} until ${shortIso(untilAtMs)} by ${by}: ${reason}`),
  );
}

export function incidentText(
  incident: Incident,
  deliveries: readonly DeliveryStatus[],
  nowMs: number,
): string {
  const {
    id,
    severity,
    state,
    summary,
    cause,
    teams,
    acknowledged,
    story,
    held: withheld,
  } = incident;
  return [
    paint(COLOURS[severity], printable(`${severity}, ${state}: ${summary}`)),
    ...aligned([
      ["incident", id],
      ["started", shortIso(incident.startedAtMs)],
      [
        "lasted",
        duration(((incident.resolvedAtMs ?? nowMs) - incident.startedAtMs) / MS_PER_SECOND),
      ],
      ["teams", teams.join(", ") || "-"],
      ["cause", printable(cause ?? "not known")],
      ...(withheld === null ? [] : [["not notified", printable(withheld)]]),
      ...(acknowledged === null
        ? []
        : [["acknowledged", printable(`${acknowledged.by}, through ${acknowledged.via}`)]]),
    ]),
    "",
    ...story.map(({ atMs, says }) => printable(`${shortIso(atMs)}  ${says}`)),
    ...(deliveries.length === 0 ? [] : ["", ...aligned(deliveries.map(deliveryRow))]),
  ].join("\n");
}

function deliveryRow(delivery: DeliveryStatus): readonly string[] {
  const at = delivery.lastAttemptMs === null ? "not tried yet" : shortIso(delivery.lastAttemptMs);
  return [
    delivery.channel,
    `${delivery.number} ${delivery.kind}`,
    delivery.delivery,
    `${delivery.attempts} attempts`,
    at,
    printable(delivery.answer ?? ""),
  ];
}

function shortIso(ms: number): string {
  return `${isoFromMs(ms).slice(0, 19)}Z`;
}
