/**
 * Reads the state of the whole system for `dolphin status` and the dashboard: each server is asked
 * by protocol under a deadline of its own, and one that is silent costs only what it alone knows.
 */
import { join } from "node:path";
import type { Client } from "@temporalio/client";
import { overall } from "../../domain/supervision/overall.ts";
import type { RestartPolicy } from "../../domain/supervision/restart-policy.ts";
import { SERVICES, type ServiceSpec } from "../../domain/supervision/services.ts";
import { isoFromMicros } from "../../domain/time.ts";
import type { ServerRow, ServiceRow, SystemStatus } from "../../wire/system-status.ts";
import { monotonicMs, wallMicros, wallMs } from "../clock.ts";
import type { HazelcastHandle } from "../hazelcast/hazelcast-client.ts";
import { isProcessAlive, processUsage } from "../process/process-facts.ts";
import { readRunFile } from "../process/run-file.ts";
import { type HazelcastView, readHazelcast } from "./hazelcast-view.ts";
import {
  type LocalSigns,
  rowFromSigns,
  rowFromSupervision,
  type Supervision,
} from "./service-row.ts";
import { readSupervision } from "./temporal-view.ts";

/** The contract's time for an answer. */
const ANSWER_MS = 400;
const TICK_MS = 20;
/** The calls' own deadline: by then nobody waits for them any more. */
export const CALL_DEADLINE_MS = 1_500;

export type StatusSources = {
  readonly temporal: { readonly client: Client; readonly address: string };
  readonly hazelcast: { readonly handle: HazelcastHandle; readonly address: string };
  readonly dataDir: string;
  readonly archive: string;
  readonly policy: RestartPolicy;
  readonly temporalUi: string | null;
  readonly dashboard: string | null;
};

/** Stopped, and nobody asked for it: a service for who wants it says nothing of the system. */
function isUnasked({ service, status }: ServiceRow): boolean {
  const spec = Object.values(SERVICES).find(({ name }) => name === service);
  return status === "Stopped" && spec?.autostart === false;
}

export async function readStatus(
  sources: StatusSources,
  /** Told of every question, which may go on after its deadline. */
  onAsked: (question: Promise<unknown>) => void,
): Promise<SystemStatus> {
  const specs = Object.values(SERVICES);
  const ask = <T>(start: () => Promise<T>) => {
    const question = start();
    onAsked(question);
    return answerTo(question);
  };
  const [temporal, hazelcast] = await Promise.all([
    ask(() => readTemporal(sources.temporal.client, specs)),
    ask(() =>
      readHazelcast(
        sources.hazelcast.handle,
        specs.map((spec) => spec.name),
        CALL_DEADLINE_MS,
      ),
    ),
  ]);
  const services = specs.map((spec) => {
    const about = { spec, policy: sources.policy, nowMs: wallMs() };
    const supervision = temporal.value?.get(spec.name);
    return supervision === undefined
      ? rowFromSigns(signsOf(sources.dataDir, spec, hazelcast.value), about)
      : rowFromSupervision(supervision, about);
  });
  const servers: ServerRow[] = [
    { server: "temporal", address: sources.temporal.address, ...temporal.answer },
    { server: "hazelcast", address: sources.hazelcast.address, ...hazelcast.answer },
  ];
  const { word, exit } = overall(
    services.filter((service) => !isUnasked(service)).map((service) => service.status),
    servers.every((server) => server.answered_ms !== null),
  );
  return {
    checked_at: isoFromMicros(wallMicros()),
    status: word,
    exit,
    services,
    servers,
    archive: { path: sources.archive, state: archiveState(services) },
    latest_scan: hazelcast.value?.latestScan ?? null,
    temporal_ui: sources.temporalUi,
    dashboard: sources.dashboard,
  };
}

type Asked<T> = {
  readonly value: T | null;
  readonly answer: Pick<ServerRow, "answered_ms" | "problem">;
};

async function answerTo<T>(question: Promise<T>): Promise<Asked<T>> {
  const startedMs = monotonicMs();
  const patience = startPatience();
  try {
    const value = await Promise.race([question, patience.spent]);
    const answered_ms = Math.round((monotonicMs() - startedMs) * 10) / 10;
    return { value, answer: { answered_ms, problem: null } };
  } catch (error) {
    return { value: null, answer: { answered_ms: null, problem: problemOf(error) } };
  } finally {
    patience.stop();
  }
}

/**
 * Runs out after 400 ms in which this process was free to hear an answer: while it starts up, or
 * on a machine that is busy, an answer may lie unread, and that is not the server's silence.
 */
function startPatience(): { readonly spent: Promise<never>; stop(): void } {
  let ticks = 0;
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setInterval(() => {
    ticks += 1;
    if (ANSWER_MS <= ticks * TICK_MS) reject(new Error(""));
  }, TICK_MS);
  return { spent: promise, stop: () => clearInterval(timer) };
}

function problemOf(error: unknown): string | null {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? error.cause.message : "";
  return [error.message, cause].filter((text) => text !== "").join(": ") || null;
}

async function readTemporal(
  client: Client,
  specs: readonly ServiceSpec[],
): Promise<ReadonlyMap<string, Supervision>> {
  const nowMs = wallMs();
  const answers = await client.withDeadline(nowMs + CALL_DEADLINE_MS, () =>
    // Settled, not raced: whoever waits for this question waits for every call of it.
    Promise.allSettled(specs.map(({ name }) => readSupervision(client, name, nowMs))),
  );
  return new Map(
    answers.map((answer, index) => {
      if (answer.status === "rejected") throw answer.reason;
      return [specs[index]!.name, answer.value];
    }),
  );
}

function signsOf(dataDir: string, spec: ServiceSpec, view: HazelcastView | null): LocalSigns {
  const run = readRunFile(join(dataDir, "run"), spec.name);
  const lives = run !== null && isProcessAlive(run.pid, run.started_ticks);
  return {
    process: lives
      ? {
          pid: run.pid,
          life: run.life,
          startedAtMs: Date.parse(run.started_at),
          rssBytes: processUsage(run.pid)?.rssBytes ?? null,
        }
      : null,
    heartbeat: view?.heartbeats.get(spec.name) ?? null,
  };
}

/** As the bridge sees it: a status that touched a hung archive would hang with it. */
function archiveState(services: readonly ServiceRow[]): string {
  const bridge = services.find((service) => service.service === "scan-bridge");
  const isHeard = bridge?.source === "temporal" || bridge?.source === "hazelcast";
  if (bridge?.pid == null || !isHeard) return "not known without word from the bridge";
  if (bridge.cause === "mount") return bridge.why;
  return "ok, as the bridge sees it";
}
