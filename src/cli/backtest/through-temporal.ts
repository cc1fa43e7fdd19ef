/** Backtests through the batch workers: starts the workflow, or joins the one that runs, and waits. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { WorkflowFailedError } from "@temporalio/client";
import { connectTemporal, temporalAnswers } from "../../adapters/temporal-client.ts";
import type { LoadedStrategy } from "../../adapters/backtest/load-strategy.ts";
import type { ArchiveRange } from "../../adapters/backtest/archive-chunks.ts";
import { messageOf } from "../../domain/failure.ts";
import type { RunSettings } from "../../domain/backtest/run-settings.ts";
import { progressQuery, type BacktestReference } from "../../workflows/messages.ts";
import { BACKTEST_ID_PREFIX, taskQueueOf } from "../../workflows/names.ts";
import { CliError, type CliContext } from "../context.ts";
import { printable } from "../rendering/terminal.ts";
import { fillsText } from "./run-options.ts";

export type BatchOrder = {
  readonly workflow: string;
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** Said on stderr while it runs. */
  readonly isWatched: boolean;
};

const EXIT_SERVER_SILENT = 3;
/** A first call also connects, on a machine that may be busy. */
const ANSWER_MS_MAX = 5_000;
const LOOK_EVERY_MS = 1_000;

/** The input of a workflow in the words of its contract. */
export function inputOf(asked: {
  readonly range: ArchiveRange;
  readonly settings: RunSettings;
  readonly strategy: LoadedStrategy;
  readonly name: string;
}): Readonly<Record<string, unknown>> {
  const { range, settings, strategy, name } = asked;
  return {
    name,
    archive: range.archive,
    from: range.from,
    to: range.to,
    strategy: strategy.source,
    parameters: settings.parameters,
    posture: settings.posture,
    fills: fillsText(settings.convention),
    capital: settings.capital,
    fee_bps: settings.feeBps,
    slippage_bps: settings.slippageBps,
    seed: settings.seed,
  };
}

/** Returns what the referenced file holds. @throws {CliError} when the run fails. */
export async function runThroughTemporal(
  context: CliContext,
  order: BatchOrder,
): Promise<{ readonly reference: BacktestReference; readonly text: string }> {
  const temporal = connectTemporal(context.temporalAddress);
  const watching = new AbortController();
  try {
    if (!(await temporalAnswers(temporal, ANSWER_MS_MAX))) {
      const { address } = temporal.address;
      const what = "start it ('dolphin up'), set TEMPORAL_ADDRESS, or add --local";
      throw new CliError(`Temporal at ${address} does not answer; ${what}`, EXIT_SERVER_SILENT);
    }
    const workflowId = `${BACKTEST_ID_PREFIX}${order.name}`;
    const handle = await temporal.client.workflow.start<Batch>(order.workflow, {
      workflowId,
      taskQueue: taskQueueOf("batch"),
      args: [order.input],
      workflowIdConflictPolicy: "USE_EXISTING",
      staticSummary: `${order.workflow} ${order.name}`,
    });
    if (order.isWatched) void watch(() => handle.query(progressQuery), workflowId, watching.signal);
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

type Batch = (input: BatchOrder["input"]) => Promise<BacktestReference>;

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
  throw new CliError(`${file} is not what the worker wrote: another run took its place`);
}

async function watch(
  ask: () => Promise<{
    readonly chunks: number;
    readonly chunks_total: number;
    readonly seconds_left: number | null;
  }>,
  workflowId: string,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) break;
    const line = await ask().then(
      ({ chunks, chunks_total, seconds_left }) =>
        `${chunks} of ${chunks_total} chunks, ${seconds_left ?? "?"} s left`,
      // A single run has no chunks to tell of; its heartbeat says how far it is.
      () => "running",
    );
    process.stderr.write(`\r\u001b[K${workflowId}: ${line}`);
  }
  process.stderr.write("\r\u001b[K");
}
