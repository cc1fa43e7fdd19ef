/** `acknowledge`, `mute` and `unmute`: to the watchdog over its local socket, like the `dolphin alerts` verbs. */
import { z } from "zod";
import { codeOf, messageOf } from "../../../domain/failure.ts";
import { MS_PER_SECOND } from "../../../domain/time.ts";
import { orderIncidents } from "../../../operations/incidents/look-up-incidents.ts";
import { command, type DashboardAnswer } from "./command.ts";

const WITHIN_MS = 10_000;
/** Nobody listens, so nothing was sent. */
const NOBODY = new Set(["ENOENT", "ECONNREFUSED"]);
const text = z.string().min(1).max(500);

export const acknowledge = command(
  z.strictObject({ incident: text }),
  WITHIN_MS,
  ({ incident }, { dataDir, by, id }) =>
    order(dataDir, { command: "acknowledge", incident, by, via: "dashboard" }, id),
);

export const mute = command(
  z.strictObject({
    rule: text,
    subject: text.nullable().default(null),
    for_s: z.number().positive(),
    reason: text.default("no reason given"),
  }),
  WITHIN_MS,
  ({ rule, subject, for_s, reason }, { dataDir, by, id }) => {
    const for_ms = for_s * MS_PER_SECOND;
    return order(dataDir, { command: "mute", rule, subject, for_ms, by, reason }, id);
  },
);

export const unmute = command(
  z.strictObject({ mute: text }),
  WITHIN_MS,
  ({ mute: muted }, { dataDir, by, id }) =>
    order(dataDir, { command: "unmute", mute: muted, by }, id),
);

async function order(...of: Parameters<typeof orderIncidents>): Promise<DashboardAnswer> {
  try {
    return await orderIncidents(...of);
  } catch (error) {
    if (!NOBODY.has(codeOf(error) ?? "")) {
      const says = `the watchdog gave no answer (${messageOf(error)}), so it may or may not have been executed`;
      return { ok: false, says, outcome: "unknown" };
    }
    const says = `no watchdog answers (${messageOf(error)}); 'dolphin up' or 'dolphin watchdog' runs one`;
    return { ok: false, says };
  }
}
