import { expect, test } from "vitest";
import { DEFAULT_PAPER_SETTINGS } from "../../../src/domain/trading/broker/paper-broker.ts";
import { createPaperDesk } from "../../../src/domain/trading/broker/paper-desk.ts";
import { stepDesk, type TraderAtDesk } from "../../../src/domain/trading/broker/step-desk.ts";
import type { TraderNote, TraderCommand } from "../../../src/domain/trading/commands.ts";
import type { TraderConfiguration } from "../../../src/domain/trading/configuration.ts";
import type { ScanEvent } from "../../../src/domain/trading/events.ts";
import type { Trade } from "../../../src/domain/trading/orders.ts";
import { restoreFrom, snapshotOf } from "../../../src/domain/trading/snapshot/snapshot.ts";
import { createTrader } from "../../../src/domain/trading/trader.ts";
import { standingOf, traderStatusOf, notesOf } from "../../../src/services/book-status.ts";
import { CONFIGURATION, DAY_START_MS } from "../../helpers/trading/random-day.ts";
import { scanNumbered } from "../../helpers/trading/scripted.ts";

const { margin: __, ...USUAL } = CONFIGURATION;
const { scanOffsetMaxMs: _, ...UNMEASURED } = USUAL;
const FALLEN = Float64Array.of(50, 10, 2.5);

/** A book with its paper broker that gets a scan every five seconds; only an operator enters. */
function stage(configuration: TraderConfiguration = USUAL) {
  const trader = createTrader({
    ...configuration,
    configuredPosture: "APEX",
    limits: { ...CONFIGURATION.limits, dailyLossMax: 1, drawdownMax: 1, entriesPerMinuteMax: 1e6 },
  });
  const commands: TraderCommand[] = [];
  const desk: TraderAtDesk = {
    trader,
    desk: createPaperDesk(DEFAULT_PAPER_SETTINGS),
    beforeReport() {},
    onCommands: (_event, some) => void commands.push(...some),
  };
  let seq = 0;
  let nowMs = DAY_START_MS;
  const played = {
    trader,
    /** `offMs`: how far the scan is behind. Returns its class and outcome. */
    scan: (offMs: number, facts: Partial<ScanEvent> = {}): string => {
      seq += 1;
      nowMs += 5_000;
      const place = () => ({ index: trader.nextIndex, nowMs });
      stepDesk(desk, { kind: "feature", name: "mood", value: 1, asOfMs: nowMs, ...place() });
      stepDesk(desk, { ...scanNumbered(seq, nowMs - offMs), ...place(), ...facts });
      const { decision } = trader.data;
      return `${decision.class} ${decision.outcome}`;
    },
    scans: (count: number, offMs: number): readonly string[] =>
      Array.from({ length: count }, () => played.scan(offMs)),
    enter: (): void => {
      const plan = { takeProfit: 1, stopLoss: 0.2, holdScansMax: 1e6, bucket: "operator" };
      const command = { kind: "enter", asset: "AAA", direction: "long", share: 0.1, plan } as const;
      const place = { index: trader.nextIndex, nowMs };
      stepDesk(desk, { kind: "operator", commandId: `e${seq}`, by: "ops", command, ...place });
    },
    trades: () =>
      commands.flatMap((one): Trade[] => (one.kind === "book_trade" ? [one.trade] : [])),
    news: () =>
      commands.flatMap((one): TraderNote[] =>
        one.kind === "note" && one.note.code === "scans_off" ? [one.note] : [],
      ),
    entries: () =>
      commands.filter((one) => one.kind === "submit_order" && one.order.purpose === "entry").length,
  };
  return played;
}

test.each([
  [-40_000, "scans are 40 s ahead of the clock: that is taken off their age"],
  [45_000, "scans are 45 s behind the clock: that is taken off their age"],
])(
  "scans that are all %i ms off are fresh again after a few, and it is reported",
  (offMs, note) => {
    const { trader, scans, entries, news } = stage();
    expect(new Set(scans(4, offMs).map((said) => said.split(" ")[0]))).toEqual(new Set(["stale"]));
    expect(standingOf(trader)).toBe(`no decisions: scans are ${Math.abs(offMs) / 1_000} s off`);
    expect(scans(8, offMs).every((said) => said.startsWith("fresh"))).toBe(true);
    expect(entries()).toBeGreaterThan(0);
    expect(standingOf(trader)).toBe("running");
    expect(notesOf(trader)).toEqual([{ of: "scans", says: note, isAlert: true }]);
    expect(traderStatusOf(trader)).toMatchObject({ scan_offset_s: offMs / 1_000 });
    expect(news()).toMatchObject([{ severity: "alert", detail: note }]);
    // The age in an order's record is what is left, too.
    expect(trader.data.working.flatMap(({ order }) => order.ages[0] ?? [])).toEqual(
      trader.data.working.map(() => ({ input: "scan", ageMs: 0 })),
    );
  },
);

test.each([[60_000], [0]])(
  "beyond a bound of %i ms it says so: no entries, and exits all the same",
  (bound) => {
    const { trader, scan, scans, enter, entries, trades, news } = stage({
      ...USUAL,
      scanOffsetMaxMs: bound,
    });
    scan(0);
    enter();
    scan(0);
    expect(trader.data.positions).toHaveLength(1);
    scans(32, 100_000);
    expect(standingOf(trader)).toBe("no decisions: scans are 100 s off");
    expect(notesOf(trader)[0]?.says).toBe(
      `scans are 100 s behind the clock, and up to ${bound / 1_000} s are set right: nothing is ` +
        "entered, exits are judged at each scan as it comes",
    );
    expect(news()).toMatchObject([{ severity: "alert" }]);
    const before = entries();
    enter();
    expect(scan(100_000, { prices: FALLEN })).toBe("stale exited");
    expect(scan(100_000, { prices: FALLEN })).toBe("stale stale");
    expect(trades()).toMatchObject([{ asset: "AAA", exitReason: "stop_loss" }]);
    expect(trades()[0]?.exitPrice).toBeLessThan(51);
    expect(entries()).toBe(before);
    expect(scans(32, 0).at(-1)).toMatch(/^fresh/);
    expect(news().at(-1)).toMatchObject({ severity: "info", detail: "scans are in time again" });
  },
);

test("at the very scan at which a clock jumps, a position that has halved is left", () => {
  const { scan, enter, trades } = stage();
  scan(0);
  enter();
  scan(0);
  expect(scan(45_000, { prices: FALLEN })).toBe("stale exited");
  scan(45_000, { prices: FALLEN });
  expect(trades()).toMatchObject([{ exitReason: "stop_loss" }]);
});

test.each([{ isReplayed: true }, { isRepaired: true }, { isLate: true }])(
  "a scan that is %j judges no exit, and says nothing of a clock",
  (facts) => {
    const { trader, scan, scans, enter, trades } = stage();
    scan(0);
    enter();
    scan(0);
    const { clock } = structuredClone(trader.data);
    scan(45_000, { ...facts, prices: FALLEN });
    expect(trader.data.clock).toEqual(clock);
    expect(trader.data.working.filter(({ order }) => order.purpose === "exit")).toEqual([]);
    scans(1, 0);
    expect(trades()).toEqual([]);
  },
);

test("no entry fills at a scan that is off, an exit does", () => {
  const { trader, scan, enter } = stage();
  scan(0);
  enter();
  scan(45_000);
  expect(trader.data.positions).toEqual([]);
});

test.each([
  ["one that was long under way", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 50_000]],
  // A scan a second later each: what waited is caught up with.
  ["a backlog", Array.from({ length: 31 }, (_unused, at) => 150_000 - at * 5_000)],
  ["a long way that all of them take", Array.from({ length: 12 }, () => 4_900)],
])("%s is no wrong clock", (_name, offsets) => {
  const { trader, scan } = stage();
  for (const offMs of offsets) scan(offMs);
  expect(trader.data.clock).toMatchObject({ takenMs: 0 });
});

test("it is folded on from a snapshot as from the start", () => {
  const { trader, scans } = stage();
  scans(3, 45_000);
  const other = restoreFrom(trader.configuration, snapshotOf(trader));
  expect(other.data.clock).toEqual(trader.data.clock);
});

test("a book without the setting folds as before: stale, and kept", () => {
  const { trader, scan, scans, enter, trades } = stage(UNMEASURED);
  scan(0);
  enter();
  scan(0);
  expect(scan(45_000, { prices: FALLEN })).toBe("stale stale");
  scans(20, 45_000);
  expect(trades()).toEqual([]);
  expect(standingOf(trader)).toBe("running");
  expect(JSON.stringify(snapshotOf(trader))).not.toContain("clock");
});
