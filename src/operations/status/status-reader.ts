/**
 * Reads the state of the whole system for `dolphin status` and the dashboard: each server is asked by protocol with
 * its own deadline, and a silent one only costs what it alone knows.
 */
import { join } from "node:path";
import { overall } from "../../domain/supervision/overall.ts";
import type { RestartPolicy } from "../../domain/supervision/restart-policy.ts";
import type { ServiceSpec } from "../../domain/supervision/services.ts";
import { isoFromMicros } from "../../domain/time.ts";
import type {
  SafetyRow,
  ScheduleRow,
  ServerRow,
  ServiceRow,
  SystemStatus,
} from "../../wire/system-status.ts";
import { wallMicros, wallMs } from "../../adapters/clock.ts";
import type { TemporalReads } from "../../adapters/temporal/temporal-reads.ts";
import type { ThinClient } from "../../adapters/hazelcast/thin-client.ts";
import { isProcessAlive, processUsage } from "../../adapters/process/process-facts.ts";
import { readRunFile } from "../../adapters/process/run-file.ts";
import { freeBytes, fullText, isFull } from "../../adapters/files/disk-room.ts";
import type { SafetyView } from "../../wire/safety/safety-control.ts";
import { askWatchdog, wasWatched } from "../safety/ask-watchdog.ts";
import { endedProcess } from "./ended-process.ts";
import { type HazelcastView, readHazelcast } from "./hazelcast-view.ts";
import { listenFor } from "./patience.ts";
import {
  type LocalSigns,
  rowFromSigns,
  rowFromSupervision,
  type Supervision,
} from "./service-row.ts";
import { readSupervision } from "./temporal-view.ts";

/** The contract's time limit, counted while this process can receive the answer. */
const ANSWER_MS = 400;
/** The calls' own deadline, after which nobody waits for them. */
export const CALL_DEADLINE_MS = 1_500;

export type StatusSources = {
  readonly temporal: { readonly reads: Pick<TemporalReads, "describe">; readonly where: string };
  readonly hazelcast: { readonly texts: Pick<ThinClient, "get">; readonly address: string };
  readonly dataDir: string;
  readonly archive: string;
  /** As configured. */
  readonly services: readonly ServiceSpec[];
  readonly policy: RestartPolicy;
  /** Whether a watchdog should run. */
  readonly isWatched: boolean;
  readonly temporalUi: string | null;
  readonly dashboard: string | null;
  readonly schedules: () => Promise<readonly ScheduleRow[]>;
};

/** Stopped, and not by anybody's command: an optional service does not affect the overall word. */
function isUnasked({ service, status }: ServiceRow, specs: readonly ServiceSpec[]): boolean {
  const spec = specs.find(({ name }) => name === service);
  return status === "Stopped" && spec?.autostart === false;
}

export async function readStatus(
  sources: StatusSources,
  /** Called with every request, which may outlive its deadline. */
  onAsked: (question: Promise<unknown>) => void,
): Promise<SystemStatus> {
  const { services: specs } = sources;
  const ask = <T>(start: () => Promise<T>) => {
    const question = start();
    onAsked(question);
    return answerTo(question);
  };
  const [temporal, hazelcast, room, schedules, safety] = await Promise.all([
    ask(() => readTemporal(sources.temporal, specs)),
    ask(() =>
      readHazelcast(
        sources.hazelcast.texts,
        specs.map((spec) => spec.name),
      ),
    ),
    ask(() => freeBytes(sources.dataDir)),
    ask(() => sources.schedules()),
    !sources.isWatched
      ? null
      : wasWatched(sources.dataDir)
        ? ask(() => askWatchdog(sources.dataDir, { withinMs: CALL_DEADLINE_MS })).then(safetyRow)
        : NEVER_STARTED,
  ]);
  const services = specs.map((spec) => {
    const about = { spec, policy: sources.policy, nowMs: wallMs() };
    const supervision = temporal.value?.get(spec.name);
    return supervision === undefined
      ? rowFromSigns(signsOf(sources.dataDir, spec, hazelcast.value), about)
      : rowFromSupervision(supervision, {
          ...about,
          ended: endedProcess(sources.dataDir, spec.name),
        });
  });
  const servers: ServerRow[] = [
    { server: "temporal", address: sources.temporal.where, ...temporal.answer },
    { server: "hazelcast", address: sources.hazelcast.address, ...hazelcast.answer },
  ];
  const words = services
    .filter((service) => !isUnasked(service, specs))
    .map(({ status }) => status);
  if (room.value !== null && isFull(room.value)) words.push("Warning");
  // Half a minute later no trader makes an entry.
  if (safety !== NEVER_STARTED && safety?.answered_ms === null) words.push("Down");
  const { word, exit } = overall(
    words,
    servers.every((server) => server.answered_ms !== null),
  );
  return {
    checked_at: isoFromMicros(wallMicros()),
    status: word,
    exit,
    services,
    servers,
    archive: { path: sources.archive, state: archiveState(services) },
    safety,
    disk: { path: sources.dataDir, state: diskState(sources.dataDir, room) },
    latest_scan: hazelcast.value?.latestScan ?? null,
    schedules: schedules.value,
    temporal_ui: sources.temporalUi,
    dashboard: sources.dashboard,
  };
}

/** No process here is down because of it: it is reported because no trader makes entries without it. */
export const NEVER_STARTED: SafetyRow = {
  pid: null,
  posture: "UNKNOWN",
  entries: "stop",
  reasons: ["it was not started, or was stopped on request: traders make no entries without it"],
  answered_ms: null,
};

function safetyRow({ value, answer }: Asked<SafetyView>): SafetyRow {
  const { answered_ms } = answer;
  if (value === null) {
    const reasons = ["the watchdog does not answer: traders make no entries without it"];
    return { pid: null, posture: "UNKNOWN", entries: "stop", reasons, answered_ms };
  }
  const { pid, posture, entries, reasons } = value;
  return { pid, posture, entries, reasons, answered_ms };
}

const BYTES_PER_GB = 1e9;
/** grpc.status.DEADLINE_EXCEEDED */
const GRPC_DEADLINE_EXCEEDED = 4;

function diskState(folder: string, { value, answer }: Asked<number>): string {
  if (value === null) return `not known: ${answer.problem ?? "it does not answer"}`;
  return isFull(value) ? fullText(folder) : `ok, ${(value / BYTES_PER_GB).toFixed(1)} GB free`;
}

type Asked<T> = {
  readonly value: T | null;
  readonly answer: Pick<ServerRow, "answered_ms" | "problem">;
};

async function answerTo<T>(question: Promise<T>): Promise<Asked<T>> {
  const heard = await listenFor(question, ANSWER_MS);
  switch (heard.kind) {
    case "answered": {
      const answered_ms = Math.round(heard.ms * 10) / 10;
      return { value: heard.value, answer: { answered_ms, problem: null } };
    }
    case "failed":
      return { value: null, answer: { answered_ms: null, problem: problemOf(heard.error) } };
    case "silent":
      return { value: null, answer: { answered_ms: null, problem: null } };
  }
}

/** Null where there is nothing to say but that no answer came in time. */
export function problemOf(error: unknown): string | null {
  if (!(error instanceof Error)) return String(error);
  // On a busy machine the call's own deadline is noticed before ours.
  if (isPastDeadline(error) || isPastDeadline(error.cause)) return null;
  const cause = error.cause instanceof Error ? error.cause.message : "";
  return [error.message, cause].filter((text) => text !== "").join(": ") || null;
}

function isPastDeadline(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === GRPC_DEADLINE_EXCEEDED;
}

async function readTemporal(
  { reads }: StatusSources["temporal"],
  specs: readonly ServiceSpec[],
): Promise<ReadonlyMap<string, Supervision>> {
  const nowMs = wallMs();
  // Settled, not raced, so that the caller waits for every call.
  const answers = await Promise.allSettled(
    specs.map(({ name }) => readSupervision(reads, name, nowMs)),
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

/** As the bridge reports it: a status that accessed a hung archive would hang with it. */
function archiveState(services: readonly ServiceRow[]): string {
  const bridge = services.find(({ role }) => role === "bridge");
  const isHeard = bridge?.source === "temporal" || bridge?.source === "hazelcast";
  if (bridge?.pid == null || !isHeard) return "not known until the bridge reports it";
  if (bridge.cause === "mount") return bridge.why;
  return "ok, as the bridge sees it";
}
