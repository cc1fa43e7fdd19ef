import { expect, test } from "vitest";
import {
  DEFAULT_PAPER_SETTINGS,
  type PaperSettings,
} from "../../../src/domain/trading/broker/paper-broker.ts";
import { createPaperDesk } from "../../../src/domain/trading/broker/paper-desk.ts";
import { stepDesk } from "../../../src/domain/trading/broker/step-desk.ts";
import {
  type TraderConfiguration,
  WIDE_LIMITS,
} from "../../../src/domain/trading/configuration.ts";
import type { OperatorCommand, ScanEvent } from "../../../src/domain/trading/events.ts";
import { createTrader } from "../../../src/domain/trading/trader.ts";
import { CONFIGURATION, DAY_START_MS } from "../../helpers/trading/random-day.ts";
import { scanNumbered, type Unstamped } from "../../helpers/trading/scripted.ts";

/** A desk that has decided an entry into AAA at scan 3, three seconds into the day. */
function deskWithEntry(
  paper: Partial<PaperSettings> = {},
  overrides: Partial<TraderConfiguration> = {},
) {
  const trader = createTrader({ ...CONFIGURATION, limits: WIDE_LIMITS, ...overrides });
  const notes: string[] = [];
  const desk = {
    trader,
    desk: createPaperDesk({ ...DEFAULT_PAPER_SETTINGS, ...paper }),
    beforeReport: () => {},
    onCommands: (_: unknown, commands: readonly { readonly kind: string }[]) => {
      for (const command of commands)
        if ("note" in command) notes.push(JSON.stringify(command.note));
    },
  };
  const tell = (unstamped: Unstamped, atS: number) =>
    stepDesk(desk, { ...unstamped, index: trader.nextIndex, nowMs: DAY_START_MS + atS * 1_000 });
  const scan = (seq: number, facts: Partial<ScanEvent> = {}, atS = seq) =>
    tell({ ...scanNumbered(seq, DAY_START_MS + atS * 1_000), ...facts }, atS);
  const posture = (step: "APEX" | "HIBERNATE" | "UNKNOWN", atS: number) =>
    tell({ kind: "posture", posture: step, asOfMs: DAY_START_MS + atS * 1_000, source: "t" }, atS);
  const mood = (atS: number) =>
    tell({ kind: "feature", name: "mood", value: 1, asOfMs: DAY_START_MS + atS * 1_000 }, atS);
  const operator = (command: OperatorCommand, atS: number) =>
    tell({ kind: "operator", commandId: command.kind, by: "ops", command }, atS);
  posture("APEX", 0);
  mood(0);
  for (const seq of [1, 2, 3]) scan(seq);
  const first = () => {
    const position = trader.data.positions.find(({ id }) => id === "BLUE-s3-1");
    return position?.quantity ?? 0;
  };
  const opens = () => first() > 0;
  return { trader, notes, tell, scan, posture, mood, operator, opens, first };
}
type Stage = ReturnType<typeof deskWithEntry>;

const OTHERS = { assets: ["AAA", "BBB", "CCC"], prices: Float64Array.of(Number.NaN, 20, 5) };

test.each<[string, (stage: Stage) => void, boolean]>([
  ["at the next scan", () => {}, true],
  ["under HIBERNATE", (stage) => stage.posture("HIBERNATE", 3.5), false],
  ["under HIBERNATE that did not last", hibernateForAMoment, false],
  ["under an unknown posture", (stage) => stage.posture("UNKNOWN", 3.5), false],
  ["after a halt", (stage) => stage.operator({ kind: "halt" }, 3.5), false],
])("an entry on its way opens %s: %s", (_, meanwhile, opens) => {
  const stage = deskWithEntry();
  meanwhile(stage);
  stage.scan(4);
  expect(stage.opens()).toBe(opens);
});

function hibernateForAMoment(stage: Stage): void {
  stage.posture("HIBERNATE", 3.3);
  stage.posture("APEX", 3.6);
}

/** Scans each second; posture and mood at these seconds. */
test.each<[string, readonly number[], boolean]>([
  ["with posture all the while", [10, 20, 30, 40, 50, 60], true],
  ["with a posture of half a minute ago", [10, 20], false],
])("an entry of sixty seconds' latency %s: %s", (_, latencies, opens) => {
  const stage = deskWithEntry({ convention: { kind: "latency", latencyMs: 60_000 } });
  for (let seq = 4; seq <= 63; seq += 1) {
    stage.mood(seq);
    if (latencies.includes(seq)) stage.posture("APEX", seq);
    stage.scan(seq);
  }
  expect(stage.opens()).toBe(opens);
});

test("an entry is withdrawn when an input of its strategy grows old", () => {
  const stage = deskWithEntry({ convention: { kind: "latency", latencyMs: 20_000 } });
  for (let seq = 4; seq <= 24; seq += 1) stage.scan(seq);
  expect(stage.opens()).toBe(false);
  expect(stage.notes.join()).toContain("input_old");
});

test.each([
  ["after 30 s", 33, {}, true],
  ["after three hours", 3 * 3_600, {}, false],
  ["after three hours, replayed first", 3 * 3_600, { isReplayed: true }, false],
])("an entry decided before a silence, filled %s: %s", (_, atS, facts, opens) => {
  const stage = deskWithEntry();
  stage.mood(atS);
  stage.posture("APEX", atS);
  stage.scan(4, facts, atS);
  stage.scan(5, {}, atS + 1);
  expect(stage.opens()).toBe(opens);
});

test("scans that always come five minutes apart are no silence", () => {
  const ageBudgetsMs = { scan: 30_000, posture: 1e9, mood: 1e9 };
  const stage = deskWithEntry({}, { ageBudgetsMs });
  for (let seq = 4; seq < 24; seq += 1) stage.scan(seq, {}, seq * 300);
  expect(stage.trader.data.account.trades).toBeGreaterThan(2);
});

test("a silence is reported by the clock, too: the order does not wait for the next scan", () => {
  const stage = deskWithEntry();
  stage.mood(40);
  stage.posture("APEX", 40);
  stage.tell({ kind: "tick" }, 40);
  expect(stage.trader.data.working).toEqual([]);
  expect(stage.notes.join()).toContain("entries_withdrawn");
});

test("an entry into an asset without a price is withdrawn, not kept for its return", () => {
  const stage = deskWithEntry();
  stage.scan(4, OTHERS);
  stage.scan(5);
  expect(stage.opens()).toBe(false);
});

test("what is left of a part-filled entry goes no further once a limit latched", () => {
  // The first part's fee alone is a day's loss.
  const stage = deskWithEntry({ partialShare: 1, feeBps: 900 }, { limits: CONFIGURATION.limits });
  stage.scan(4);
  const part = stage.first();
  expect(part).toBeGreaterThan(0);
  expect(stage.trader.data.risk.latched).toContain("limit_daily_loss");
  stage.scan(5);
  expect(stage.first()).toBe(part);
});

test("an entry that breaks a limit is refused alone: the one on its way fills", () => {
  const stage = deskWithEntry(
    { convention: { kind: "latency", latencyMs: 2_000 } },
    { limits: { ...CONFIGURATION.limits, entriesPerMinuteMax: 1 } },
  );
  stage.scan(4);
  expect(stage.trader.data.refusals).toMatchObject({ limit_order_rate: 1 });
  expect(stage.trader.data.risk.latched).toEqual([]);
  stage.scan(5);
  expect(stage.opens()).toBe(true);
});
