/**
 * Facts that only Temporal knows: skipped runs of schedules, and the results of the last replays. The worker of layer
 * health writes them to a file once a minute, because the watchdog has no Temporal client.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { wallMs } from "../../adapters/clock.ts";
import { replaceFile } from "../../adapters/files/replace-file.ts";
import { safetyFolder } from "../../adapters/safety/posture-file.ts";
import { readsWithin, type TemporalClient } from "../../adapters/temporal-client.ts";
import { type Fact, segmentOf } from "../../domain/incidents/facts.ts";
import { MS_PER_DAY } from "../../domain/time.ts";
import type { ScheduleRow } from "../../wire/system-status.ts";
import { PAPER_TRADE } from "../../workflows/names.ts";
import { createScheduleView } from "../status/schedule-view.ts";
import { temporalFactsFile } from "./facts.ts";

type Table = Record<string, Fact>;

const ANSWER_MS = 5_000;
const DAYS_READ = 20;

export function createTemporalFacts(temporal: TemporalClient, dataDir: string) {
  const { client } = temporal;
  const schedules = createScheduleView(readsWithin(temporal, ANSWER_MS));
  const file = temporalFactsFile(dataDir);
  let before = readBefore(file);
  /** Rejects while Temporal does not answer. */
  return async (): Promise<void> => {
    const table: Table = {
      ...skippedIn(await schedules(), before, wallMs()),
      ...(await client.withDeadline(wallMs() + ANSWER_MS, () => lastDays(client))),
    };
    mkdirSync(safetyFolder(dataDir), { recursive: true, mode: 0o700 });
    replaceFile(file, JSON.stringify(table));
    before = table;
  };
}

function readBefore(file: string): Table {
  try {
    return Object(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return {};
  }
}

/** Temporal counts from a schedule's creation on: runs skipped more than a day ago are not reported. */
export function skippedIn(rows: readonly ScheduleRow[], before: Table, nowMs: number): Table {
  const table: Table = {};
  for (const { schedule, schedule_skipped: total } of rows) {
    const name = `schedule.${segmentOf(schedule)}`;
    const was = numberIn(before, `${name}.total`) ?? total;
    const base = Math.min(numberIn(before, `${name}.base`) ?? total, total);
    const roseMs = was < total ? nowMs : (numberIn(before, `${name}.rose_ms`) ?? 0);
    const isOld = MS_PER_DAY <= nowMs - roseMs;
    table[`${name}.total`] = total;
    table[`${name}.base`] = isOld ? total : base;
    table[`${name}.rose_ms`] = roseMs;
    table[`${name}.skipped`] = isOld ? 0 : total - base;
  }
  return table;
}

function numberIn(table: Table, name: string): number | null {
  const found = table[name];
  return typeof found === "number" ? found : null;
}

/** For each book the newest replayed day. */
async function lastDays(client: TemporalClient["client"]): Promise<Table> {
  const days = new Map<string, { readonly day: string; readonly facts: Table }>();
  let seen = 0;
  for await (const { memo } of client.workflow.list({ query: `WorkflowType = '${PAPER_TRADE}'` })) {
    const found = dayFacts(memo?.["result"]);
    if (found !== null && (days.get(found.book)?.day ?? "") < found.day)
      days.set(found.book, found);
    seen += 1;
    if (DAYS_READ <= seen) break;
  }
  return Object.assign({}, ...[...days.values()].map(({ facts }) => facts));
}

/** Null: not the result of a day. */
export function dayFacts(result: unknown) {
  const { book, day, replay, broker_parity, backtest_drift }: Fields = Object(result);
  if (typeof book !== "string" || typeof day !== "string") return null;
  const { verdict }: Fields = Object(replay);
  const { differences }: Fields = Object(broker_parity);
  const { decisions, trades }: Fields = Object(backtest_drift);
  const unexplained = unexplainedIn(decisions) + unexplainedIn(trades);
  const facts: Table = {
    [`parity.${book}.broken`]: verdict === "different" || (numberOf(differences) ?? 0) > 0,
    [`parity.${book}.day`]: day,
    [`drift.${book}.unexplained`]: unexplained,
    [`drift.${book}.day`]: day,
  };
  return { book, day, facts };
}

type Fields = Readonly<Partial<Record<string, unknown>>>;

function unexplainedIn(counts: unknown): number {
  const { causes }: Fields = Object(counts);
  const { unexplained }: Fields = Object(causes);
  return numberOf(unexplained) ?? 0;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
