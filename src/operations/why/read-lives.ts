/**
 * The last lives of a service: from the results of its runs in Temporal, or while that is away, from the worker's log
 * and the run file.
 */
import { join } from "node:path";
import type { Client } from "@temporalio/client";
import { wallMs } from "../../adapters/clock.ts";
import { lastLines } from "../../adapters/files/log-files.ts";
import { isProcessAlive } from "../../adapters/process/process-facts.ts";
import { readRunFile, type RunFile } from "../../adapters/process/run-file.ts";
import { temporalAnswers, type TemporalClient } from "../../adapters/temporal-client.ts";
import { messageOf } from "../../domain/failure.ts";
import { type LifeLine, readLifeLine } from "../../wire/facts/life-lines.ts";
import { parseLogLine } from "../../wire/log-line.ts";
import { LifeEnd, RunResult, type ServiceStatus } from "../../wire/supervision.ts";
import { runIdOf } from "../../workflows/names.ts";
import { readSupervision } from "../status/temporal-view.ts";

/** One ended life, and when the next one began. */
export type EndedLife = {
  readonly life: number;
  /** ISO-8601. */
  readonly at: string;
  readonly why: string;
  /** Null: only the worker's log has it. */
  readonly record: LifeEnd | null;
  /** Earlier restarts that cost budget. */
  readonly restartTimes: readonly string[];
  readonly unkillable: number;
  /** Its restart was decided by the worker while Temporal was away. */
  readonly isLocal: boolean;
  readonly nextBeganAt: string | null;
};

export type ServiceLives = {
  readonly service: string;
  /** The present process, or the last one where nobody removed its file: from the run file. */
  readonly present: RunFile | null;
  /** Whether it is a process of this machine. */
  readonly isPresent: boolean;
  readonly status: ServiceStatus | null;
  /** Newest first. */
  readonly ends: readonly EndedLife[];
  /** The source, in words. */
  readonly readFrom: string;
};

export type LivesQuestion = {
  readonly service: string;
  readonly dataDir: string;
  /** Lives that ended until then; null: the last ones. */
  readonly untilMs: number | null;
  readonly count: number;
};

/** On a new connection. */
const ANSWER_MS_MAX = 1_500;
const READ_MS_MAX = 10_000;
const LOG_LINES_MAX = 20_000;

export async function readLives(
  temporal: TemporalClient,
  question: LivesQuestion,
): Promise<ServiceLives> {
  const { service, dataDir } = question;
  const present = readRunFile(join(dataDir, "run"), service);
  const isPresent = present !== null && isProcessAlive(present.pid, present.started_ticks);
  const run = { service, present, isPresent };
  try {
    if (!(await temporalAnswers(temporal, ANSWER_MS_MAX))) throw new Error("no answer");
    const { client, connection, reads } = temporal;
    return await connection.withDeadline(wallMs() + READ_MS_MAX, async () => {
      const { status } = await readSupervision(reads, service, wallMs());
      const ends = await recordedLives(client, question, present);
      const readFrom = `the results of ${runIdOf(service)} in Temporal`;
      return { ...run, status, ends, readFrom };
    });
  } catch (error) {
    const readFrom =
      `${join(dataDir, "logs", "worker.log")} and ${join(dataDir, "run")}, because Temporal at ` +
      `${temporal.address.address} does not answer (${messageOf(error)}): the cost of a life in restart ` +
      "budget is not known";
    return { ...run, status: null, ends: loggedLives(question, present), readFrom };
  }
}

async function recordedLives(
  client: Client,
  { service, untilMs, count }: LivesQuestion,
  present: RunFile | null,
): Promise<readonly EndedLife[]> {
  const until = untilMs === null ? "" : ` AND CloseTime <= "${new Date(untilMs).toISOString()}"`;
  const query = `WorkflowId = "${runIdOf(service)}" AND ExecutionStatus != "Running"${until}`;
  const ends: EndedLife[] = [];
  let following: string | null = untilMs === null ? (present?.started_at ?? null) : null;
  for await (const run of client.workflow.list({ query, pageSize: count })) {
    for (const end of await livesOf(client, run)) {
      ends.push({ ...end, nextBeganAt: following });
      following = end.record?.started_at ?? null;
    }
    if (count <= ends.length) break;
  }
  return ends.slice(0, count);
}

type ListedRun = {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: { readonly name: string };
  readonly closeTime?: Date | undefined;
  readonly memo?: Readonly<Record<string, unknown>> | undefined;
};

/** Newest first: the run's last life, then those that were restarted in place. */
async function livesOf(client: Client, run: ListedRun): Promise<readonly EndedLife[]> {
  const result = await resultOf(client, run);
  if (result === null) return [closedLife(run)];
  const { restart_times, local_lives, unkillable_pids } = result;
  const endOf = (record: LifeEnd, isLocal: boolean): EndedLife => ({
    life: record.life,
    at: record.at,
    why: record.why,
    record,
    restartTimes: restart_times.filter((at) => at <= record.at),
    unkillable: isLocal ? 0 : unkillable_pids.length,
    isLocal,
    nextBeganAt: null,
  });
  return [
    endOf(LifeEnd.parse(result), false),
    ...local_lives.toReversed().map((life) => endOf(life, true)),
  ];
}

async function resultOf(client: Client, run: ListedRun): Promise<RunResult | null> {
  const { workflowId, runId, status, memo } = run;
  if (status.name !== "COMPLETED") return RunResult.safeParse(memo?.["record"]).data ?? null;
  const handle = client.workflow.getHandle(workflowId, runId, { followRuns: false });
  return RunResult.safeParse(await handle.result()).data ?? null;
}

function closedLife({ status, closeTime, memo }: ListedRun): EndedLife {
  const why = `its run was closed from outside (${status.name.toLowerCase()})`;
  return {
    life: Number(memo?.["life"] ?? 0),
    at: closeTime?.toISOString() ?? "",
    why,
    record: null,
    restartTimes: [],
    unkillable: 0,
    isLocal: false,
    nextBeganAt: null,
  };
}

function loggedLives(
  { service, dataDir, untilMs, count }: LivesQuestion,
  present: RunFile | null,
): readonly EndedLife[] {
  const ends: EndedLife[] = [];
  let following = untilMs === null ? (present?.started_at ?? null) : null;
  let isLocal = false;
  for (const { at, line } of linesOf(join(dataDir, "logs", "worker.log")).toReversed()) {
    if (line.service !== service || (untilMs !== null && untilMs < Date.parse(at))) continue;
    if (line.kind === "began") following = at;
    else if (line.kind === "restarted_here") isLocal = true;
    else {
      const { life, why } = line;
      const end = { life, at, why, record: null, restartTimes: [], unkillable: 0 };
      ends.push({ ...end, isLocal, nextBeganAt: following });
      isLocal = false;
      following = null;
    }
    if (count <= ends.length) break;
  }
  return ends;
}

function linesOf(file: string): readonly { readonly at: string; readonly line: LifeLine }[] {
  return lastLines(file, LOG_LINES_MAX).flatMap((text) => {
    if (!text.includes(": life ") && !text.includes("restarted here")) return [];
    const line = parseLogLine(text);
    const life = line === null ? null : readLifeLine(line.msg);
    return line === null || life === null ? [] : [{ at: line.time, line: life }];
  });
}
