/**
 * The shadow book GREEN beside BLUE: BLUE is folded from its recorded log, while GREEN steps the same market events
 * at the same index and time, with a paper desk of its own. Invariant: nothing that GREEN does reaches BLUE, and with
 * equal code, configuration and cash both always decide the same.
 */
import type { PaperSettings } from "../broker/paper-broker.ts";
import { createPaperDesk } from "../broker/paper-desk.ts";
import { stepDesk, type TraderAtDesk } from "../broker/step-desk.ts";
import type { TraderCommand } from "../commands.ts";
import { isBrokerEvent, type TraderEvent } from "../events.ts";
import type { Trader } from "../state.ts";
import { stepTrader, workingOrdersOf } from "../trader.ts";
import {
  beforeOf,
  type BookComparison,
  compareDecisions,
  createComparison,
  type Divergence,
  noteReport,
  bookDecisionOf,
} from "./comparison.ts";

export type Shadow = {
  /** May be ahead of GREEN: then GREEN alone is stepped until it has caught up. */
  blue: Trader;
  readonly green: Trader;
  readonly comparison: BookComparison;
  readonly desk: TraderAtDesk;
  /** GREEN's decision at the present event, before its desk answered. */
  readonly decided: { commands: readonly TraderCommand[] };
  /** Whether the features carried with BLUE's scans are those that GREEN's strategy reads. */
  isCarriedAlike: boolean;
};

export type ShadowDeps = {
  readonly blue: Trader;
  /** Between two market events, newly created or restored. */
  readonly green: Trader;
  readonly paper: PaperSettings;
  readonly comparison: BookComparison;
  /** Called with GREEN's commands. */
  readonly onCommands: (commands: readonly TraderCommand[]) => void;
};

export function createShadow({ blue, green, paper, comparison, onCommands }: ShadowDeps): Shadow {
  const decided: Shadow["decided"] = { commands: [] };
  return {
    blue,
    green,
    comparison,
    decided,
    isCarriedAlike: readAlike(blue, green),
    desk: {
      trader: green,
      desk: createPaperDesk(paper, workingOrdersOf(green)),
      beforeReport: (event) => noteReport(comparison.greenFills, event),
      onCommands: (event, commands) => {
        if (!isBrokerEvent(event)) decided.commands = commands;
        onCommands(commands);
      },
    },
  };
}

/** BLUE continues as another version: earlier differences say nothing about it. */
export function changeBlue(shadow: Shadow, blue: Trader): void {
  shadow.blue = blue;
  shadow.isCarriedAlike = readAlike(blue, shadow.green);
  Object.assign(shadow.comparison, createComparison());
}

export function readAlike(blue: Trader, green: Trader): boolean {
  return blue.strategy.carried.join("\n") === green.strategy.carried.join("\n");
}

/** Takes an event of BLUE's log, each one in order; returns the divergence when it is the first. */
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
  return compareDecisions(
    comparison,
    { blue, green },
    {
      blue: bookDecisionOf(blue, { index, before: before.blue }, commands),
      green: bookDecisionOf(green, { index, before: before.green }, decided.commands),
    },
  );
}

function stepGreen(shadow: Shadow, event: TraderEvent): void {
  const { green, desk, decided } = shadow;
  const taken = asGreenTakes(green, event, shadow.isCarriedAlike);
  if (taken === null) return;
  decided.commands = [];
  stepDesk(desk, taken);
}

/** The event as GREEN takes it next; null for events of BLUE's process and orders, which are not market events. */
export function asGreenTakes(
  green: Trader,
  event: TraderEvent,
  isCarriedAlike: boolean,
): TraderEvent | null {
  if (event.kind === "started" || isBrokerEvent(event)) return null;
  // GREEN's orders have other fates, so its reports take other indexes than BLUE's.
  green.nextIndex = event.index;
  if (event.kind !== "scan" || isCarriedAlike) return event;
  const carried = new Float64Array(green.strategy.carried.length).fill(Number.NaN);
  return { ...event, carried, carriedAt: 0 };
}
