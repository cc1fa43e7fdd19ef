/**
 * A day of paper trading: waits for a healthy bridge, starts the trader if necessary, waits for the end of the day,
 * settles it, and has it replayed. Fails where the day can't be trusted, with all findings.
 */
import {
  proxyActivities,
  setCurrentDetails,
  sleep,
  upsertMemo,
  upsertSearchAttributes,
} from "@temporalio/workflow";
import { ActivityFailure, ApplicationFailure } from "@temporalio/common";
import type { PaperDayActivities, ReplayedDay } from "../../activities/trading/paper-day.ts";
import { countsText } from "../../domain/backtest/drift/drift.ts";
import type { SessionPnl } from "../../wire/session/trade-session.ts";
import { dayFromMicros, US_PER_MS } from "../../domain/time.ts";
import { DAY, integerFrom, oneOf, openInput } from "../input.ts";
import { scheduledMs } from "../logical-time.ts";
import type { PaperTradeInput, PaperTradeResult } from "../messages/trading.ts";
import { searchAttributesOf } from "../publisher.ts";
import { BOOKS, COUNTED_BOOK } from "../../domain/trading/books.ts";

const { beginPaperDay, bridgeStatus } = proxyActivities<PaperDayActivities>({
  startToCloseTimeout: "20 seconds",
  retry: { maximumInterval: "10 seconds" },
});
const { startTrader } = proxyActivities<PaperDayActivities>({
  startToCloseTimeout: "2 minutes",
  scheduleToCloseTimeout: "5 minutes",
});
const { readBook } = proxyActivities<PaperDayActivities>({
  startToCloseTimeout: "20 seconds",
  scheduleToCloseTimeout: "2 minutes",
  retry: { initialInterval: "500 milliseconds", maximumInterval: "5 seconds" },
});
const { tellSession } = proxyActivities<PaperDayActivities>({
  startToCloseTimeout: "1 minute",
  retry: { maximumInterval: "10 seconds" },
});
const { replayRecordedDay } = proxyActivities<PaperDayActivities>({
  startToCloseTimeout: "1 hour",
  heartbeatTimeout: "30 seconds",
  retry: { maximumAttempts: 3 },
});

const POLL_EVERY_S = 5;
const MS_PER_S = 1_000;

type Settings = Required<Omit<PaperTradeInput, "day" | "run_s">> &
  Pick<PaperTradeInput, "day" | "run_s">;
type Begun = Awaited<ReturnType<PaperDayActivities["beginPaperDay"]>>;

export async function paperTrade(raw?: unknown): Promise<PaperTradeResult> {
  const settings = readInput(raw);
  const { book } = settings;
  const begun = await beginPaperDay(book, settings.day ?? dueDay()).catch(asOwnFailure);
  const { day } = begun;
  note(begun, "Waiting", `Waits for a healthy scan bridge, to trade **${book}** on ${day}.`);
  const checks = 0 < begun.dayEndsInMs ? await runDay(settings, begun) : [];
  note(begun, "Settling", `Settles **${book}** ${day}.`);
  const session = await settle(settings, day);
  note(begun, "Replaying", `Replays **${book}** ${day}: ${session.trades} trades.`);
  const result = resultOf(checks, session, await replayRecordedDay(book, day));
  upsertMemo({ result });
  const problems = problemsOf(result, settings);
  note(begun, problems.length === 0 ? "Done" : "Failed", textOf(result, problems));
  if (problems.length === 0) return result;
  throw ApplicationFailure.nonRetryable(problems.join("; "), "PaperDayFailed", result);
}

/** Null where no schedule requested it: then the present day is meant. */
function dueDay(): string | null {
  const ms = scheduledMs();
  return ms === null ? null : dayFromMicros(ms * US_PER_MS);
}

/** Returns the findings before the day's wait. */
async function runDay(settings: Settings, begun: Begun): Promise<readonly string[]> {
  const { book } = settings;
  const bridge = await awaitBridge(settings.bridge_wait_s);
  const trader = await startTrader(book).catch(asOwnFailure);
  const found = await readBook(book).catch(asOwnFailure);
  const checks = [
    `bridge: ${bridge}`,
    `trader: ${trader}`,
    `book: ${found.positions} positions, equity ${found.equity}, posture ${found.posture}` +
      (found.halted ? ", halted" : "") +
      (found.latched.length === 0 ? "" : `, latched ${found.latched.join(" ")}`),
  ];
  note(begun, "Running", [`**${book}** trades ${begun.day}.`, "", ...checks].join("\n"));
  const runMs = settings.run_s === undefined ? Infinity : settings.run_s * MS_PER_S;
  await sleep(Math.max(1, Math.min(begun.dayEndsInMs, runMs)));
  return checks;
}

/** Time is counted in waits, so that the workflow's clock decides nothing. */
async function awaitBridge(waitS: number): Promise<string> {
  for (let waitedS = 0; ; waitedS += POLL_EVERY_S) {
    const { isHealthy, sentence } = await bridgeStatus();
    if (isHealthy) return sentence;
    if (waitS <= waitedS) {
      throw ApplicationFailure.nonRetryable(
        `the scan bridge was not healthy within ${waitS} s: ${sentence}`,
        "BridgeNotHealthy",
      );
    }
    await sleep(POLL_EVERY_S * MS_PER_S);
  }
}

/** A day that ends early can't be settled: then all booked trades must have reached the session. */
async function settle({ book, settle_wait_s }: Settings, day: string): Promise<SessionPnl> {
  for (let waitedS = 0; ; waitedS += POLL_EVERY_S) {
    const session = await tellSession(book, day);
    const isSent = session.status === "settled" || session.pending === 0;
    if (isSent || settle_wait_s <= waitedS) return session;
    await sleep(POLL_EVERY_S * MS_PER_S);
  }
}

function resultOf(
  checks: readonly string[],
  session: SessionPnl,
  found: ReplayedDay,
): PaperTradeResult {
  const { broker, drift, ...replay } = found;
  return {
    book: found.book,
    day: found.day,
    checks,
    session,
    replay,
    broker_parity: { compared: found.compared.fills, ...broker },
    backtest_drift: drift,
  };
}

function problemsOf(result: PaperTradeResult, { run_s }: Settings): readonly string[] {
  const { session, replay, broker_parity } = result;
  const isSent = session.status === "settled" || (run_s !== undefined && session.pending === 0);
  return [
    isSent ? "" : `${session.status}: ${session.reason}`,
    0 < session.gaps.length ? `${session.gaps.length} ranges of trades were not received` : "",
    session.went_back === undefined
      ? ""
      : "the session has counted trades of a log that was restored or cut since",
    replay.verdict === "not_comparable" ? `not comparable: ${replay.reason}` : "",
    0 < replay.differences
      ? `the replay differs, first at event ${replay.first_difference?.index}`
      : "",
    0 < broker_parity.differences
      ? `the paper broker differs, first at event ${broker_parity.first_difference?.index}`
      : "",
  ].filter((problem) => problem !== "");
}

function textOf(result: PaperTradeResult, problems: readonly string[]): string {
  const { book, day, checks, session, replay, broker_parity } = result;
  return [
    `## ${book} ${day}: ${problems.length === 0 ? "done" : "failed"}`,
    ...problems.map((problem) => `- **${problem}**`),
    `- session: ${session.status}, ${session.trades} trades, ${session.pnl} after fees`,
    `- replay: ${replay.verdict}, ${replay.events} events, ${replay.compared.digests} compared`,
    `- paper broker: ${broker_parity.compared} reports, ${broker_parity.differences} differ`,
    `- backtest drift: ${driftText(result.backtest_drift)}`,
    ...checks.map((check) => `- ${check}`),
  ].join("\n");
}

function driftText(drift: PaperTradeResult["backtest_drift"]): string {
  if (!drift.measured) return `not measured (${drift.reason})`;
  const { decisions, trades } = drift;
  return `decisions ${countsText(decisions)}; trades ${countsText(trades)}`;
}

function note(begun: Begun, status: string, details: string): void {
  setCurrentDetails(details);
  const attributes = searchAttributesOf(begun, status);
  if (0 < attributes.length) upsertSearchAttributes(attributes);
}

function readInput(raw: unknown): Settings {
  const read = openInput(raw, ["book", "day", "bridge_wait_s", "run_s", "settle_wait_s"]);
  const day = read("day", DAY);
  const run_s = read("run_s", integerFrom(1));
  return {
    book: read("book", oneOf(...BOOKS)) ?? COUNTED_BOOK,
    bridge_wait_s: read("bridge_wait_s", integerFrom(0)) ?? 1_800,
    settle_wait_s: read("settle_wait_s", integerFrom(0)) ?? 600,
    ...(day === undefined ? {} : { day }),
    ...(run_s === undefined ? {} : { run_s }),
  };
}

function asOwnFailure(error: unknown): never {
  if (!(error instanceof ActivityFailure)) throw error;
  const { cause } = error;
  throw ApplicationFailure.nonRetryable(
    cause?.message ?? error.message,
    cause instanceof ApplicationFailure && cause.type ? cause.type : "DependencyFailed",
  );
}
