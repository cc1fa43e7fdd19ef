/**
 * Mirrors incidents in Temporal: asks the watchdog every few seconds, and signals the workflow of each changed
 * incident; also writes down for the watchdog what only Temporal knows. It runs in the worker of layer health, which
 * has a Temporal client anyway, so the watchdog needs none. What is late or lost here is only not shown.
 */
import { setTimeout as delay } from "node:timers/promises";
import { WorkflowNotFoundError } from "@temporalio/client";
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import { readIncidents } from "../../adapters/incident-store/read-incidents.ts";
import { safetyFolder } from "../../adapters/safety/posture-file.ts";
import { hasSearchAttributes, type TemporalClient } from "../../adapters/temporal-client.ts";
import type { Incident } from "../../domain/incidents/incident.ts";
import { isoFromMs, MS_PER_HOUR } from "../../domain/time.ts";
import { type AlertNews, type AlertView, incidentSignal } from "../../workflows/messages/alerts.ts";
import { ALERT, alertIdOf, taskQueueOf } from "../../workflows/names.ts";
import { createTemporalFacts } from "./temporal-facts.ts";
import { lookUpIncidents } from "./look-up-incidents.ts";

export type IncidentMirror = { stop(): Promise<void> };

const EVERY_MS = 3_000;
const FACTS_EVERY_MS = 60_000;
const SEND_MS_MAX = 5_000;
/** A workflow gives up an incident that was not reported for a day. */
const AGAIN_MS = 6 * MS_PER_HOUR;
/** The newest ones; with more of them the rest is not shown. */
const OPEN_MAX = 200;
const RESOLVED_READ_MAX = 200;
const RECALLED_MAX = 50;
const STORY_SHOWN = 30;

type Sent = { readonly key: string; readonly atMs: number };

export function mirrorIncidents(temporal: TemporalClient, dataDir: string): IncidentMirror {
  const over = new AbortController();
  const { signal } = over;
  const sent = new Map<string, Sent>();
  const writeFacts = createTemporalFacts(temporal, dataDir);
  let isBegun = false;
  let factsMs = Number.NEGATIVE_INFINITY;
  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      // Temporal or the watchdog is away: the next look will report it.
      isBegun ||= await recallShown({ temporal, dataDir, sent }).catch(() => false);
      await mirrorOnce({ temporal, dataDir, sent, signal }).catch(() => undefined);
      if (FACTS_EVERY_MS <= monotonicMs() - factsMs) {
        factsMs = monotonicMs();
        await writeFacts().catch(() => undefined);
      }
      await delay(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  };
  const done = run();
  return {
    async stop() {
      over.abort();
      await done;
    },
  };
}

type Mirroring = {
  readonly temporal: TemporalClient;
  readonly dataDir: string;
  /** The last state sent to each incident's workflow. */
  readonly sent: Map<string, Sent>;
};

/** Incidents that were resolved while no worker ran and whose workflow is still open have to be reported. */
async function recallShown({ temporal, dataDir, sent }: Mirroring): Promise<boolean> {
  const kept = readIncidents(safetyFolder(dataDir));
  if (kept === null) return true;
  const newest = kept.list({ isOpenOnly: false, count: RECALLED_MAX });
  kept.close();
  for (const { id, rule, subject, state } of newest) {
    if (state !== "resolved") continue;
    const found = await temporal.client.workflow
      .getHandle(alertIdOf(rule, subject))
      .describe()
      .catch((error: unknown) => {
        if (error instanceof WorkflowNotFoundError) return null;
        throw error;
      });
    const shown: { incident?: unknown } = Object(found?.memo?.["status"]);
    if (found?.status.name === "RUNNING" && shown.incident === id) {
      sent.set(id, { key: "", atMs: Number.NEGATIVE_INFINITY });
    }
  }
  return true;
}

async function mirrorOnce(of: Mirroring & { readonly signal: AbortSignal }): Promise<void> {
  const { temporal, sent } = of;
  const shown = await incidentsShown(of.dataDir, sent);
  const has = shown.length === 0 ? false : await hasSearchAttributes(temporal);
  for (const incident of shown) {
    if (of.signal.aborted) return;
    const view = viewOf(incident);
    const key = JSON.stringify([view.state, view.held, view.told, view.story.at(-1)]);
    const before = sent.get(incident.id);
    const isOld = before === undefined || AGAIN_MS < monotonicMs() - before.atMs;
    if (!isOld && before.key === key) continue;
    await send(temporal, { view, has_search_attributes: has });
    if (view.state === "resolved") sent.delete(incident.id);
    else sent.set(incident.id, { key, atMs: monotonicMs() });
  }
}

/** The open ones, and those that were shown as open and are closed now. */
async function incidentsShown(
  dataDir: string,
  sent: ReadonlyMap<string, Sent>,
): Promise<readonly Incident[]> {
  const { live, kept } = await lookUpIncidents(dataDir);
  try {
    const open = live?.incidents ?? kept?.list({ isOpenOnly: true, count: OPEN_MAX }) ?? [];
    const ids = new Set(open.map(({ id }) => id));
    const gone = [...sent.keys()].filter((id) => !ids.has(id)).slice(0, RESOLVED_READ_MAX);
    const resolved = gone.flatMap((id) => kept?.find(id) ?? []);
    return [...open.slice(-OPEN_MAX), ...resolved.filter(({ state }) => state === "resolved")];
  } finally {
    kept?.close();
  }
}

async function send({ client, connection }: TemporalClient, news: AlertNews): Promise<void> {
  const { rule, subject, summary } = news.view;
  await connection.withDeadline(wallMs() + SEND_MS_MAX, () =>
    client.workflow.signalWithStart(ALERT, {
      workflowId: alertIdOf(rule, subject),
      taskQueue: taskQueueOf("health"),
      args: [],
      signal: incidentSignal,
      signalArgs: [news],
      staticSummary: summary.slice(0, 200),
      staticDetails:
        "Shows an incident of the **watchdog**, which decides and notifies. Update: `acknowledge` " +
        '(`{"by": "ana"}`). Query: `status`.',
    }),
  );
}

function viewOf(incident: Incident): AlertView {
  const { id, rule, subject, severity, state, summary, cause, held, told, story } = incident;
  const { startedAtMs, resolvedAtMs } = incident;
  return {
    incident: id,
    rule,
    subject,
    severity,
    state,
    summary,
    cause,
    held,
    started_at: isoFromMs(startedAtMs),
    resolved_at: resolvedAtMs === null ? null : isoFromMs(resolvedAtMs),
    told,
    story: story
      .slice(-STORY_SHOWN)
      .map(({ atMs, says }) => `${isoFromMs(atMs).slice(0, 19)}Z ${says}`),
  };
}
