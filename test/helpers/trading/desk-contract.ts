/** The contract of every desk with the book that sends it orders: paper, venue, and later ones. */
import { describe, expect, test } from "vitest";
import { type Desk, giveCommands } from "../../../src/domain/trading/broker/desk.ts";
import { commandsAgain } from "../../../src/domain/trading/broker/reconcile.ts";
import {
  stepDesk,
  stepReports,
  type TraderAtDesk,
} from "../../../src/domain/trading/broker/step-desk.ts";
import { WIDE_LIMITS } from "../../../src/domain/trading/configuration.ts";
import type { BrokerEvent } from "../../../src/domain/trading/events.ts";
import type { WorkingOrder } from "../../../src/domain/trading/state.ts";
import { velocityDivergence } from "../../../src/domain/trading/strategies/velocity-divergence.ts";
import { createTrader, stepTrader, workingOrdersOf } from "../../../src/domain/trading/trader.ts";
import { CONFIGURATION, DAY_START_MS } from "./random-day.ts";
import { scanNumbered, type Unstamped } from "./scripted.ts";

export type DeskStage = {
  /** The desk of a process that starts; `working`: what its log leaves without an outcome. */
  readonly open: (working: readonly WorkingOrder[]) => Desk;
  /** Makes working orders fill where no scan does it. */
  readonly fill: () => void;
};

export function deskContract(name: string, stageOf: () => DeskStage): void {
  describe(`the desk of ${name}`, () => {
    test("an order that is placed twice is one order", () => {
      const book = bookAt(stageOf());
      const [order] = book.enter("AAA");
      book.desk().place(order!.order);
      book.fill();
      expect(book.filled()).toEqual({ AAA: order!.order.quantity });
      expect(book.surprises).toEqual([]);
    });

    test("what happens to an order is reported in its sequence, and once", () => {
      const book = bookAt(stageOf());
      book.enter("AAA");
      book.fill();
      book.fill();
      expect(book.reports.map(({ kind }) => kind)).toEqual(["order_accepted", "order_filled"]);
    });

    test("a cancel ends an order with a report, and nothing of it fills afterwards", () => {
      const book = bookAt(stageOf());
      const [order] = book.enter("AAA");
      book.desk().cancel(order!.order.clientOrderId);
      book.drain();
      book.fill();
      expect(book.reports.at(-1)).toMatchObject({ kind: "order_cancelled" });
      expect([book.working(), book.filled()]).toEqual([[], {}]);
    });

    test("after a restart it tells of every order, those whose answer was lost included", async () => {
      const book = bookAt(stageOf());
      book.enter("AAA");
      const [, lost] = book.enter("BBB", "its answer is lost");
      expect(lost!.status).toBe("submitted");
      await book.restart();
      expect(book.working().map(({ status }) => status)).toEqual(["accepted", "accepted"]);
      book.fill();
      expect(Object.keys(book.filled())).toEqual(["AAA", "BBB"]);
      expect([book.working(), book.surprises]).toEqual([[], []]);
    });

    test("after a restart nothing that the log has is reported again", async () => {
      const book = bookAt(stageOf());
      book.enter("AAA");
      await book.restart();
      book.fill();
      await book.restart();
      expect(book.reports.map(({ kind }) => kind)).toEqual(["order_accepted", "order_filled"]);
      expect(book.surprises).toEqual([]);
    });

    test("an order that is cancelled in the log alone is cancelled after a restart, and not placed", async () => {
      const book = bookAt(stageOf());
      book.enter("AAA", "its answer is lost");
      book.working()[0]!.isCancelling = true;
      await book.restart();
      book.fill();
      expect([book.working(), book.filled()]).toEqual([[], {}]);
    });
  });
}

/** A trader at the desk, its clock a scan a second. */
function bookAt(stage: DeskStage) {
  // A strategy that waits for its windows: nothing is entered but by hand.
  const choice = { strategy: velocityDivergence, parameters: {} };
  const trader = createTrader({ ...CONFIGURATION, ...choice, limits: WIDE_LIMITS });
  const reports: BrokerEvent[] = [];
  /** Notes of what no desk should ever lead to. */
  const surprises: string[] = [];
  let seq = 0;
  const open = (working: readonly WorkingOrder[]): TraderAtDesk => ({
    trader,
    desk: stage.open(working),
    beforeReport: (event) => reports.push(event),
    onCommands(_event, commands) {
      for (const command of commands) {
        if (command.kind !== "note") continue;
        if (/unfamiliar|repeated|excess/.test(command.note.code)) surprises.push(command.note.code);
      }
    },
  });
  let at = open([]);
  const placed = (unstamped: Unstamped) => ({
    ...unstamped,
    index: trader.nextIndex,
    nowMs: DAY_START_MS + seq * 1_000,
  });
  const drain = () => stepReports(at, at.desk.takeReports(), DAY_START_MS + seq * 1_000);
  const tell = (unstamped: Unstamped) => {
    stepDesk(at, placed(unstamped));
    drain();
  };
  const scan = () => {
    seq += 1;
    tell({ kind: "posture", posture: "APEX", asOfMs: DAY_START_MS + seq * 1_000, source: "test" });
    tell(scanNumbered(seq, DAY_START_MS + seq * 1_000));
  };
  const enter = (asset: string, end?: "its answer is lost") => {
    const plan = { takeProfit: 1, stopLoss: 1, holdScansMax: 100, bucket: "" };
    const command = { kind: "enter", asset, direction: "long", share: 0.1, plan } as const;
    const event = { kind: "operator", commandId: asset, by: "test", command } as const;
    if (end === undefined) tell(event);
    else {
      giveCommands(at.desk, stepTrader(trader, placed(event)));
      at.desk.takeReports();
    }
    return workingOrdersOf(trader);
  };
  scan();
  return {
    reports,
    surprises,
    enter,
    drain,
    desk: () => at.desk,
    working: () => workingOrdersOf(trader),
    filled: () =>
      Object.fromEntries(trader.data.positions.map(({ asset, quantity }) => [asset, quantity])),
    fill() {
      stage.fill();
      drain();
      scan();
      scan();
    },
    async restart() {
      at = open(workingOrdersOf(trader));
      const found = await at.desk.reconcile(workingOrdersOf(trader));
      expect(found.unexplained).toEqual([]);
      stepReports(at, found.reports, DAY_START_MS + seq * 1_000);
      giveCommands(at.desk, commandsAgain(workingOrdersOf(trader), found.unsent));
      drain();
    },
  };
}
