/** Every way in which a live day can differ from its backtest is classified correctly. */
import { expect, test } from "vitest";
import { beginArchivedDay, takeArchived } from "../../../src/domain/backtest/drift/archived-day.ts";
import { type Drift, driftBetween } from "../../../src/domain/backtest/drift/drift.ts";
import { beginRecordedDay, takeRecorded } from "../../../src/domain/backtest/drift/recorded-day.ts";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import { createPaperDesk } from "../../../src/domain/trading/broker/paper-desk.ts";
import { stepDesk } from "../../../src/domain/trading/broker/step-desk.ts";
import type {
  OperatorCommand,
  ScanEvent,
  TraderEvent,
} from "../../../src/domain/trading/events.ts";
import { restoreFrom, snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import { createTrader } from "../../../src/domain/trading/trader.ts";
import { programOf } from "../../helpers/trading/recorded-book.ts";

const START_MS = Date.parse("2026-03-25T00:00:00Z");
const SCANS = 400;
/** Scans of the day before. */
const BEFORE = 60;
const PERIOD_MS = 1_000;
const LATENCY_MS = 100;
const ASSETS = ["AAA", "BBB", "CCC", "DDD"];
const PROGRAM = programOf();
const { trader: CONFIGURATION, paper: PAPER } = PROGRAM;

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** A fact as the live shell takes it, and when. */
type Fact = DistributiveOmit<TraderEvent, "index" | "nowMs"> & { readonly atMs: number };
type ScanFact = Omit<ScanEvent, "index" | "nowMs"> & { readonly atMs: number };

const MARKET: readonly ScanFact[] = market();

function market(): readonly ScanFact[] {
  const random = seededRandom(11);
  const prices = ASSETS.map((_, at) => 100 * (at + 1));
  return Array.from({ length: SCANS }, (_, at) => {
    for (const asset of prices.keys()) prices[asset]! *= 1 + (random.uniform() - 0.5) / 100;
    const asOfMs = START_MS + (at - BEFORE) * PERIOD_MS;
    return {
      kind: "scan",
      atMs: asOfMs + LATENCY_MS,
      seq: at + 1,
      scanNumber: at + 1,
      asOfMs,
      isReplayed: false,
      isLate: false,
      isRepaired: false,
      assets: ASSETS,
      prices: Float64Array.from(prices),
      pricesAt: 0,
      eigenvalues: Float64Array.of(random.uniform() * 3, 1),
      eigenvaluesAt: 0,
      eigenvalueCount: 2,
      carried: new Float64Array(0),
      carriedAt: 0,
    };
  });
}

function posture(asOfMs: number, value: "APEX" | "TURTLE" = "APEX", lagMs = 5): Fact {
  return { kind: "posture", atMs: asOfMs + lagMs, asOfMs, posture: value, source: "test" };
}

/** The day's facts as they arrive when nothing goes wrong: a posture before each twentieth scan. */
function undisturbed(scans: readonly ScanFact[]): Fact[] {
  return scans.flatMap((scan, at) => (at % 20 === 0 ? [posture(scan.asOfMs - 500), scan] : [scan]));
}

function live(start: ReturnType<typeof createTrader>, facts: readonly Fact[]): TraderEvent[] {
  const log: TraderEvent[] = [];
  const desk = {
    trader: start,
    desk: createPaperDesk(PAPER, start.data.working),
    beforeReport: (event: TraderEvent) => log.push(event),
    onCommands() {},
  };
  for (const { atMs: nowMs, ...fact } of facts) {
    const event: TraderEvent = { ...fact, nowMs, index: start.nextIndex };
    log.push(event);
    stepDesk(desk, event);
  }
  return log;
}

/** `heard` is what the book received on the day; the archive has `archived`, in its order. */
function driftOf(heard: readonly Fact[], archived: readonly ScanFact[] = MARKET): Drift {
  const trader = createTrader(CONFIGURATION);
  live(trader, undisturbed(MARKET.slice(0, BEFORE)));
  const start = restoreFrom(CONFIGURATION, snapshotOf(trader));
  const rolled: Fact = { kind: "day_rolled", day: "2026-03-25", atMs: START_MS + 1 };
  const day = beginRecordedDay(start);
  for (const event of live(trader, [rolled, ...heard])) takeRecorded(day, event);
  const again = beginArchivedDay(day, PROGRAM);
  for (const scan of archived) takeArchived(again, scan);
  return driftBetween(day.trace, again.trace);
}

const TODAY = MARKET.slice(BEFORE);

/** The day as received if scan `seq` arrived differently, or not at all. */
function heardWith(seq: number, change: (scan: ScanFact) => readonly Fact[]): Fact[] {
  return undisturbed(TODAY).flatMap((fact) =>
    fact.kind === "scan" && fact.seq === seq ? change(fact) : [fact],
  );
}

test("an undisturbed day has none, with positions over midnight", () => {
  const { decisions, trades, pnl, first } = driftOf(undisturbed(TODAY));
  expect(decisions).toMatchObject({ compared: SCANS - BEFORE, differences: 0 });
  expect(trades.compared).toBeGreaterThan(20);
  expect([trades.differences, first]).toEqual([0, []]);
  expect(pnl.recorded).toBe(pnl.archived);
});

function commanded(commandId: string, command: OperatorCommand): Fact {
  return { kind: "operator", commandId, by: "test", command, atMs: 0 };
}

test("a halt, an entry by hand and a resume of the operator keep their places", () => {
  const plan = { takeProfit: 0.01, stopLoss: 0.01, holdScansMax: 5, bucket: "hand" };
  const commands = new Map([
    [150, commanded("a", { kind: "flatten" })],
    [200, commanded("b", { kind: "resume" })],
    [201, commanded("c", { kind: "enter", asset: "BBB", direction: "long", share: 0.1, plan })],
  ]);
  const heard = undisturbed(TODAY).flatMap((fact) => {
    const command = fact.kind === "scan" ? commands.get(fact.seq) : undefined;
    return command === undefined ? [fact] : [{ ...command, atMs: fact.atMs - 1 }, fact];
  });
  const { decisions, trades } = driftOf(heard);
  expect([decisions.differences, trades.differences]).toEqual([0, 0]);
});

const AT = 200;
const lateScan = heardWith(AT, () => []).flatMap((fact) =>
  fact.kind === "scan" && fact.seq === AT + 3
    ? [fact, { ...MARKET[AT - 1]!, atMs: fact.atMs + 10, isRepaired: true }]
    : [fact],
);

test.each([
  ["late", "a scan heard behind newer ones", lateScan],
  ["gap", "a lost scan", heardWith(AT, ({ seq, atMs }) => [{ kind: "scan_lost", seq, atMs }])],
  ["gap", "a repaired scan", heardWith(AT, (scan) => [{ ...scan, isRepaired: true }])],
  ["gap", "a scan from a backlog", heardWith(AT, (scan) => [{ ...scan, isReplayed: true }])],
  ["gap", "a scan that was never decided", heardWith(AT, () => [])],
  ["latency", "a scan too old", heardWith(AT, (scan) => [{ ...scan, atMs: scan.asOfMs + 40_000 }])],
] as const)("%s: %s; what follows from it is a knock-on", (cause, _, heard) => {
  const { decisions, first } = driftOf(heard);
  expect(decisions.causes).toMatchObject({ [cause]: 1, unexplained: 0 });
  expect(decisions.causes[cause] + decisions.causes.knock_on).toBe(decisions.differences);
  expect(first[0]).toMatchObject({ what: "decision", cause, seq: AT });
});

test("late: a scan that the bridge numbered behind newer ones, in its place in the archive", () => {
  const [one, two, three] = [MARKET[AT - 1]!, MARKET[AT]!, MARKET[AT + 1]!];
  // The third is the oldest: its file came last.
  const late = { ...one, seq: three.seq, isLate: true, atMs: three.atMs };
  const renumbered = [
    { ...two, seq: one.seq },
    { ...three, seq: two.seq },
  ];
  const heard = heardWith(AT, () => [...renumbered, late]).filter(
    (fact) => fact.kind !== "scan" || ![two, three].includes(fact),
  );
  const archived = MARKET.flatMap((scan) =>
    scan === one ? [late, ...renumbered] : [two, three].includes(scan) ? [] : [scan],
  );
  const { decisions, first } = driftOf(heard, archived);
  expect(decisions.causes).toMatchObject({ late: 1, unexplained: 0 });
  expect(first[0]).toMatchObject({ cause: "late", seq: three.seq });
});

test("latency: a posture that was not received for too long refuses entries", () => {
  const silentMs = [START_MS + 100_000, START_MS + 220_000] as const;
  const heard = undisturbed(TODAY).map((fact) => {
    const isSilent =
      fact.kind === "posture" && silentMs[0] <= fact.asOfMs && fact.asOfMs < silentMs[1];
    return isSilent ? { ...fact, atMs: silentMs[1] } : fact;
  });
  const { decisions, first } = driftOf(heard.toSorted((a, b) => a.atMs - b.atMs));
  expect(decisions.causes.latency).toBeGreaterThan(0);
  expect(decisions.causes.unexplained).toBe(0);
  expect(first[0]).toMatchObject({ cause: "latency", recorded: /^posture_old/ });
});

test.each([
  ["a posture", (at: number, lagMs?: number) => posture(at, "TURTLE", lagMs)],
  [
    "a stop of entries at the same posture",
    (at: number, lagMs?: number) => ({ ...posture(at, "APEX", lagMs), entries: "stop" }) as const,
  ],
])("feature: %s that was heard long after it was true", (_what, changed) => {
  const changedMs = START_MS + 100_500;
  const heard = [
    ...undisturbed(TODAY).filter(
      (fact) =>
        fact.kind !== "posture" || fact.asOfMs < changedMs || changedMs + 60_000 < fact.asOfMs,
    ),
    changed(changedMs, 20_000),
    changed(changedMs + 25_000),
    changed(changedMs + 50_000),
  ].toSorted((a, b) => a.atMs - b.atMs);
  const { decisions, trades, first } = driftOf(heard);
  expect(decisions.causes.feature).toBeGreaterThan(0);
  expect(decisions.causes.unexplained).toBe(0);
  expect(trades.causes.feature).toBeGreaterThan(0);
  expect(first[0]).toMatchObject({ what: "decision", cause: "feature" });
});

test("gap: a scan that the archive lacks; later orders keep their names", () => {
  const archived = MARKET.filter(({ seq }) => seq !== AT);
  const { decisions, trades } = driftOf(undisturbed(TODAY), archived);
  expect(decisions.causes).toMatchObject({ gap: 1, unexplained: 0 });
  expect(trades.differences).toBeLessThan(trades.compared);
});

test("unexplained: another price in the archive", () => {
  const archived = MARKET.map((scan) =>
    scan.seq === AT ? { ...scan, prices: scan.prices.map((price) => price * 1.05) } : scan,
  );
  const { decisions, first } = driftOf(undisturbed(TODAY), archived);
  expect(decisions.causes.unexplained).toBe(1);
  expect(first[0]?.cause).toBe("unexplained");
});

test("a book without a past takes its first backlog as a warm-up in both runs", () => {
  const heard = undisturbed(MARKET).map((fact) =>
    fact.kind === "scan" && fact.seq <= 100 ? { ...fact, isReplayed: true } : fact,
  );
  const trader = createTrader(CONFIGURATION);
  const day = beginRecordedDay(createTrader(CONFIGURATION));
  for (const event of live(trader, heard)) takeRecorded(day, event);
  const again = beginArchivedDay(day, PROGRAM);
  for (const scan of MARKET) takeArchived(again, scan);
  const { decisions, trades } = driftBetween(day.trace, again.trace);
  expect(decisions).toMatchObject({ compared: SCANS, differences: 0 });
  expect(trades.differences).toBe(0);
});
