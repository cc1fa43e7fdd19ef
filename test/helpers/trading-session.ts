/** A paper trader on a seeded market whose journal is written like the live one: append, then step. */
import { saveSnapshot } from "../../src/adapters/event-log/snapshots.ts";
import type { SegmentLogPlace } from "../../src/adapters/event-log/segment-log.ts";
import { EventLog } from "../../src/adapters/event-log/event-log.ts";
import { seededRandom } from "../../src/domain/simulator/random.ts";
import { dayFromMicros } from "../../src/domain/time.ts";
import { DEFAULT_PAPER_SETTINGS } from "../../src/domain/trading/broker/paper-broker.ts";
import { createPaperDesk } from "../../src/domain/trading/broker/paper-desk.ts";
import { stepDesk } from "../../src/domain/trading/broker/step-desk.ts";
import {
  DEFAULT_AGE_BUDGETS_MS,
  DEFAULT_LIMITS,
  type TraderConfiguration,
} from "../../src/domain/trading/configuration.ts";
import type { ScanEvent, TraderEvent } from "../../src/domain/trading/events.ts";
import { snapshotOf } from "../../src/domain/trading/snapshot/snapshot.ts";
import { defineStrategy } from "../../src/domain/trading/strategy.ts";
import { createTrader } from "../../src/domain/trading/trader.ts";
import { encodeTraderSnapshot } from "../../src/wire/trading/trader-snapshot.ts";

const ASSETS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];
const START_MS = 1_774_400_000_000;

/** Enters every fifth scan, whatever the market does, and leaves after two. */
const eager = defineStrategy<Record<string, never>, { seen: number }>({
  name: "eager",
  version: 1,
  inputs: ["scan"],
  carried: [],
  defaults: {},
  presets: {},
  lookBackScans: () => 2,
  positionsMax: () => 1,
  remember: () => ({ seen: 0 }),
  observe: (memory) => {
    memory.seen += 1;
  },
  isWarm: () => true,
  decide: ({ seen }) =>
    seen % 5 === 0
      ? {
          column: seen % 3,
          direction: seen % 2 === 0 ? "long" : "short",
          share: 0.2,
          strength: seen,
          plan: { takeProfit: 0.01, stopLoss: 0.01, holdScansMax: 2, bucket: "fixed" },
        }
      : null,
  readings: () => ({}),
});

export const SESSION_CONFIGURATION: TraderConfiguration = {
  book: "BLUE",
  capital: 25_000,
  strategy: eager,
  parameters: {},
  slippageBps: 2,
  instruments: {},
  limits: { ...DEFAULT_LIMITS, drawdownMax: 10, dailyLossMax: 10, entriesPerMinuteMax: 1e6 },
  ageBudgetsMs: DEFAULT_AGE_BUDGETS_MS,
  configuredPosture: "APEX",
};

export type Session = {
  readonly log: EventLog;
  /** Appends and steps so many scans, and what the broker says to them. */
  run(scans: number): void;
  /** The index of the last event. */
  readonly lastIndex: number;
  saveSnapshot(): void;
  close(): void;
};

/** `scanPeriodMs` says how many scans a day has. */
export function startSession(place: SegmentLogPlace, scanPeriodMs: number): Session {
  const random = seededRandom(7);
  const log = new EventLog(place, { epoch: 1, carriedCount: 0 });
  const trader = createTrader(SESSION_CONFIGURATION);
  const append = (event: TraderEvent) => log.append(event);
  const settings = { ...DEFAULT_PAPER_SETTINGS, partialShare: 0.3, rejectShare: 0.1 };
  const desk = {
    trader,
    desk: createPaperDesk(settings),
    beforeReport: append,
    onCommands() {},
  };
  const step = (event: TraderEvent) => {
    append(event);
    stepDesk(desk, event);
  };
  const prices = Float64Array.from(ASSETS, (_, at) => 100 * (at + 1));
  let seq = 0;
  let day = "";
  return {
    log,
    run(scans) {
      for (let i = 0; i < scans; i++) {
        seq++;
        const nowMs = START_MS + seq * scanPeriodMs;
        const today = dayFromMicros(nowMs * 1_000);
        if (day !== "" && today !== day) {
          step({ kind: "day_rolled", index: trader.nextIndex, nowMs, day: today });
        }
        day = today;
        for (let at = 0; at < prices.length; at++) {
          prices[at] = prices[at]! * (1 + (random.uniform() - 0.5) / 50);
        }
        step(scanOf({ seq, nowMs, index: trader.nextIndex, prices }));
      }
    },
    get lastIndex() {
      return trader.nextIndex - 1;
    },
    saveSnapshot() {
      saveSnapshot(log.journal, trader.nextIndex - 1, encodeTraderSnapshot(snapshotOf(trader), ""));
    },
    close: () => log.close(),
  };
}

function scanOf(facts: Pick<ScanEvent, "seq" | "nowMs" | "index" | "prices">): ScanEvent {
  return {
    ...facts,
    kind: "scan",
    scanNumber: facts.seq,
    asOfMs: facts.nowMs - 100,
    isReplayed: false,
    isLate: false,
    isRepaired: false,
    assets: ASSETS,
    pricesAt: 0,
    eigenvalues: new Float64Array(0),
    eigenvaluesAt: 0,
    eigenvalueCount: 0,
    carried: new Float64Array(0),
    carriedAt: 0,
  };
}
