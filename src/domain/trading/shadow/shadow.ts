/**
 * GREEN beside BLUE: BLUE is folded from what its log recorded, GREEN is told the same facts of the
 * market at the same index and time, and answers with a paper desk of its own.
 *
 * Invariant: nothing that GREEN does reaches BLUE, and with equal code, configuration and cash both
 * decide the same, always.
 */
import { createPaperBroker, type PaperSettings } from "../broker/paper-broker.ts";
import { type PaperDesk, stepDesk } from "../broker/paper-desk.ts";
import type { TraderCommand } from "../commands.ts";
import { isBrokerEvent, type TraderEvent } from "../events.ts";
import type { Trader } from "../state.ts";
import { stepTrader, workingOrdersOf } from "../trader.ts";
import {
  beforeOf,
  type Comparison,
  compareStances,
  createComparison,
  type Divergence,
  noteReport,
  stanceOf,
} from "./comparison.ts";

export type Shadow = {
  /** May be ahead of GREEN: until GREEN is there too, GREEN is stepped alone. */
  blue: Trader;
  readonly green: Trader;
  readonly comparison: Comparison;
  readonly desk: PaperDesk;
  /** Of the event that the desk steps: what GREEN decided, before its broker said anything. */
  readonly decided: { commands: readonly TraderCommand[] };
  /** Whether features that travel with BLUE's scans are those that GREEN's strategy reads. */
  isCarriedAlike: boolean;
};

export type ShadowDeps = {
  readonly blue: Trader;
  /** Between two events of the market, as it was made or restored. */
  readonly green: Trader;
  readonly paper: PaperSettings;
  readonly comparison: Comparison;
  /** Told of GREEN's commands. */
  readonly onCommands: (commands: readonly TraderCommand[]) => void;
};

export function createShadow({ blue, green, paper, comparison, onCommands }: ShadowDeps): Shadow {
  const decided: Shadow["decided"] = { commands: [] };
  return {
    blue,
    green,
    comparison,
    decided,
    isCarriedAlike: isAlike(blue, green),
    desk: {
      trader: green,
      broker: createPaperBroker(paper, workingOrdersOf(green)),
      beforeReport: (event) => noteReport(comparison.greenFills, event),
      onCommands: (event, commands) => {
        if (!isBrokerEvent(event)) decided.commands = commands;
        onCommands(commands);
      },
    },
  };
}

/** BLUE goes on as another version: what differed from the one before says nothing of it. */
export function changeBlue(shadow: Shadow, blue: Trader): void {
  shadow.blue = blue;
  shadow.isCarriedAlike = isAlike(blue, shadow.green);
  Object.assign(shadow.comparison, createComparison());
}

function isAlike(blue: Trader, green: Trader): boolean {
  return blue.strategy.carried.join("\n") === green.strategy.carried.join("\n");
}

/** An event of BLUE's log, each one in order; returns the divergence when it is the first. */
export function stepShadow(shadow: Shadow, event: TraderEvent): Divergence | null {
  const { blue, green, comparison, decided } = shadow;
  if (event.index < blue.nextIndex) {
    stepGreen(shadow, event);
    return null;
  }
  if (isBrokerEvent(event)) {
    noteReport(comparison.blueFills, event);
    stepTrader(blue, event);
    return null;
  }
  const before = {
    blue: beforeOf(blue, comparison.blueFills),
    green: beforeOf(green, comparison.greenFills),
  };
  const commands = stepTrader(blue, event);
  const { index } = event;
  stepGreen(shadow, event);
  if (event.kind !== "scan" && event.kind !== "scan_lost" && event.kind !== "operator") return null;
  return compareStances(
    comparison,
    { blue, green },
    {
      blue: stanceOf(blue, { index, before: before.blue }, commands),
      green: stanceOf(green, { index, before: before.green }, decided.commands),
    },
  );
}

function stepGreen(shadow: Shadow, event: TraderEvent): void {
  // Of BLUE's process and its orders, not of the market.
  if (event.kind === "started" || isBrokerEvent(event)) return;
  const { green, desk, decided } = shadow;
  decided.commands = [];
  // GREEN's orders have other fates, so its reports fill other places than BLUE's.
  green.nextIndex = event.index;
  stepDesk(desk, toldToGreen(shadow, event));
}

function toldToGreen({ green, isCarriedAlike }: Shadow, event: TraderEvent): TraderEvent {
  if (event.kind !== "scan" || isCarriedAlike) return event;
  const carried = new Float64Array(green.strategy.carried.length).fill(Number.NaN);
  return { ...event, carried, carriedAt: 0 };
}
