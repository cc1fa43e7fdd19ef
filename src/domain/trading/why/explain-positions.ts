/** Positions that are open, pending or just closed: why a scan was not even considered for an entry. */
import { gainOf } from "../portfolio/account.ts";
import { hasRoom, openOrOnTheWay } from "../risk/position-room.ts";
import type { Position, Trader } from "../state.ts";
import { type Evidence, NOTHING, outcomeOf } from "./facts.ts";
import { figure, timeText } from "./words.ts";

/** From the orders of the step: what was ordered no longer needs a decision. */
export function exitFact({ commands }: Trader): Evidence {
  const exits = commands.flatMap((command) => {
    if (command.kind === "book_trade") {
      return [`${command.trade.positionId} is closed (${command.trade.exitReason})`];
    }
    if (command.kind !== "submit_order" || command.order.purpose !== "exit") return [];
    return [`${command.order.positionId} is left (${command.order.reason})`];
  });
  const passes = exits.length === 0;
  return {
    rule: "exit",
    subject: "",
    passes,
    ...NOTHING,
    leads: passes ? null : outcomeOf("exited"),
    sinceMs: null,
    says: passes ? "nothing to leave" : `${exits.join(", ")}: nothing is entered at such a scan`,
  };
}

export function roomFact(trader: Trader): Evidence {
  const { data, strategy } = trader;
  const passes = hasRoom(trader);
  const [position] = data.positions;
  const what = [
    ...data.positions.map((one) => positionWords(trader, one)),
    ...data.working.map(({ order, status }) => {
      return `order ${order.clientOrderId} (${order.purpose} ${order.asset}) is ${status}`;
    }),
  ];
  const outcome = data.working.length > 0 ? "waiting" : "held";
  return {
    rule: "room",
    subject: position?.id ?? data.working[0]?.order.clientOrderId ?? "",
    passes,
    value: openOrOnTheWay(trader),
    bound: strategy.positionsMax,
    unit: "none",
    leads: passes ? null : outcomeOf(outcome),
    sinceMs: position?.openedAtMs ?? null,
    says: what.length === 0 ? "no position is open" : what.join("; "),
  };
}

function positionWords({ data }: Trader, position: Position): string {
  const { id, asset, direction, openedAtMs, plan, openedBar, mark, exitOrderId } = position;
  const heldScans = data.scans.barIndex - openedBar;
  const exit = exitOrderId === "" ? "" : `, exit ${exitOrderId} is on its way`;
  return (
    `${id}, ${direction} ${asset}, is open since ${timeText(openedAtMs)}: gain ` +
    `${figure(gainOf(position, mark), "share")} of ${figure(plan.takeProfit, "share")} or ` +
    `-${figure(plan.stopLoss, "share")}, scan ${heldScans} of ${plan.holdScansMax}${exit}`
  );
}
