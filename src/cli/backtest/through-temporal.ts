/** Backtests through the batch workers: starts the workflow, or joins the one in progress, and waits. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { WorkflowFailedError } from "@temporalio/client";
import {
  connectTemporal,
  temporalAnswersFirst,
  type TemporalClient,
} from "../../adapters/temporal-client.ts";
import type { LoadedStrategy } from "../../adapters/strategy-file/load-strategy.ts";
import type { ArchiveRange } from "../../operations/backtest/archive-chunks.ts";
import { type NamedRun, startRun } from "../../operations/backtest/batch-runs.ts";
import { pollersOf } from "../../operations/declared/task-queues.ts";
import { EXIT_SERVER_SILENT } from "../../domain/supervision/overall.ts";
import { messageOf } from "../../domain/failure.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import type { RiskLimits } from "../../domain/trading/configuration.ts";
import type { BookRun } from "../../wire/backtest/book-run.ts";
import {
  progressQuery,
  type BacktestReference,
  type SweepProgress,
} from "../../workflows/messages/backtest.ts";
import { CliError, type CliContext } from "../context.ts";
import { printable } from "../rendering/terminal.ts";
import { fillsText } from "./run-options.ts";

export type BatchOrder = NamedRun & {
  /** Whether progress is shown on stderr. */
  readonly isWatched: boolean;
};

const POLL_EVERY_MS = 1_000;
/** The number of progress checks per check for workers. */
const POLLS_PER_WORKER_CHECK = 10;

/** A workflow's input under the contract's key names. */
export function inputOf(asked: {
  readonly range: ArchiveRange;
  readonly run: BookRun;
  readonly strategy: LoadedStrategy;
  readonly name: string;
}): Readonly<Record<string, unknown>> {
  const { range, strategy, name } = asked;
  const { settings, section } = asked.run;
  return {
    name,
    archive: range.archive,
    from: range.from,
    to: range.to,
    accept_disorder: range.acceptDisorder === true,
    strategy: strategy.source,
    parameters: settings.parameters,
    posture: settings.posture,
    fills: fillsText(settings.convention),
    capital: section.capital,
    fee_bps: section.fee_bps,
    slippage_bps: section.slippage_bps,
    seed: section.seed,
    partial_share: section.partial_share,
    reject_share: section.reject_share,
    instruments: section.instruments,
    age_budgets_s: section.age_budgets_s,
    limits: namedLimits(settings.limits),
    watched: namedLimits(settings.watched),
    margin: section.margin ?? "none",
    delisted_after_s:
      settings.delisting === null ? "never" : settings.delisting.afterMs / MS_PER_SECOND,
    delisted_at: settings.delisting?.share ?? null,
  };
}

/** Under the configuration's key names. */
function namedLimits(limits: Partial<RiskLimits> | null) {
  if (limits === null) return null;
  return Object.fromEntries(
    Object.entries(limits).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}

/** Returns the content of the referenced file. @throws {CliError} when the run fails. */
export async function runThroughTemporal(
  context: CliContext,
  order: BatchOrder,
): Promise<{ readonly reference: BacktestReference; readonly text: string }> {
  const temporal = connectTemporal(context.temporalAddress);
  const watching = new AbortController();
  try {
    if (!(await temporalAnswersFirst(temporal))) {
      const { address } = temporal.address;
      const what = "start it ('dolphin up'), set TEMPORAL_ADDRESS, or add --local";
      throw new CliError(`Temporal at ${address} does not answer; ${what}`, EXIT_SERVER_SILENT);
    }
    const handle = await startRun(temporal, order);
    const { workflowId } = handle;
    const watched = { order, workflowId, signal: watching.signal };
    void watch(temporal, () => handle.query(progressQuery), watched);
    const reference = await handle.result();
    return { reference, text: readReferenced(reference) };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    throw new CliError(printable(causeOf(error)));
  } finally {
    watching.abort();
    await temporal.close();
  }
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? causeOf(error.cause) : error.message;
}

function readReferenced({ file, sha256 }: BacktestReference): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError(`done, but ${file} is not on this machine (${messageOf(error)})`);
  }
  if (createHash("sha256").update(text).digest("hex") === sha256) return text;
  throw new CliError(`${file} is not what the worker wrote: another run replaced it`);
}

type Watched = {
  readonly order: BatchOrder;
  readonly workflowId: string;
  readonly signal: AbortSignal;
};

/** Shows progress if requested, and in any case that no worker is available. */
async function watch(
  temporal: TemporalClient,
  ask: () => Promise<SweepProgress>,
  { order, workflowId, signal }: Watched,
): Promise<void> {
  let isServed = true;
  for (let polls = 0; !signal.aborted; polls += 1) {
    if (polls % POLLS_PER_WORKER_CHECK === 0) {
      const wasServed = isServed;
      // An error of this check proves nothing.
      isServed = await isBatchServed(temporal).catch(() => true);
      if (wasServed && !isServed && !signal.aborted) {
        process.stderr.write(
          `${workflowId} waits: no batch worker is running; start one with 'dolphin worker batch'\n`,
        );
      }
    }
    await delay(POLL_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted || !order.isWatched) continue;
    const line = isServed ? await ask().then(progressText, () => "running") : "no batch worker";
    process.stderr.write(`\r\u001b[K${workflowId}: ${line}`);
  }
  if (order.isWatched) process.stderr.write("\r\u001b[K");
}

async function isBatchServed({ reads }: TemporalClient): Promise<boolean> {
  const [queue] = await pollersOf(reads, ["batch"]);
  return 0 < (queue?.pollers ?? 0);
}

/** A single run has no chunks; its heartbeat shows its progress. */
function progressText({ chunks, chunks_total, seconds_left }: SweepProgress): string {
  return `${chunks} of ${chunks_total} chunks, ${seconds_left ?? "?"} s left`;
}
