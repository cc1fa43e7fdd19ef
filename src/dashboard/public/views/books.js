/** BLUE beside GREEN, and the positions of each at their marks. */
import { age } from "../age.js";
import { bookCommands } from "../commands.js";
import { element, facts, panel, table } from "../dom.js";
import { badge, count, time, toneOf } from "../format.js";
import { figure, gain, money, percent } from "./figures.js";

/** A trader publishes its state after each scan. */
const STATE_BUDGET_S = 30;

export function bookPanel() {
  const tiles = element("section", { class: "pair" });
  const positions = table(
    ["Book", "Asset", "Side", "Quantity", "Entry", "Mark and gain", "Leaves at", "Opened"],
    "Open positions with live marks",
  );
  const open = panel("Open positions", {}, positions.node);
  const boxes = new Map();
  const boxOf = (book, isCounted) => {
    if (!boxes.has(book)) {
      const head = element("h2", {}, book);
      // The other books follow the commands to the counted one.
      const commands = isCounted ? bookCommands(book) : null;
      const label = { "aria-label": `Book ${book}` };
      const box = element("article", label, head, commands, element("div"));
      boxes.set(book, box);
      tiles.append(box);
    }
    return boxes.get(book);
  };
  const draw = ({ names, counted, blue, books }) => {
    const rows = [];
    for (const book of names) {
      const pushed = books?.find((one) => one.book === book)?.state ?? null;
      const own = book === counted && blue.absent === undefined ? ofLog(blue) : null;
      const state = own ?? pushed;
      const box = boxOf(book, book === counted);
      age(box.firstChild, state?.updated_at ?? null, STATE_BUDGET_S);
      box.lastChild.replaceWith(
        state === null
          ? element("p", { class: "dim" }, absence(book, books))
          : figures(state, own !== null),
      );
      rows.push(...(state?.open_positions ?? []).map((one) => positionRow(book, one)));
    }
    const { absent, isCaughtUp, atMs } = blue;
    age(open.head, absent === undefined && isCaughtUp ? atMs : null, STATE_BUDGET_S);
    const unknown = `${counted} holds nothing; the positions of other books are not known now`;
    positions.show(rows, books === null ? unknown : "nothing is held");
  };
  return { tiles, positions: open, draw };
}

/** BLUE's own log provides this while Hazelcast is away. */
function ofLog({ state, atMs, isCaughtUp }) {
  return {
    strategy: state.strategy,
    equity: state.equity,
    capital: state.capital,
    realized: state.day.realized,
    drawdown: state.day.maxDrawdown,
    posture: state.posture,
    warm: state.warm,
    halted: state.halted,
    latched: state.latched,
    trades_executed: state.tradesExecuted,
    margin_ratio: state.marginRatio,
    last_seq: state.lastSeq,
    updated_at: isCaughtUp ? atMs : null,
    open_positions: state.positions.map((one) => ({
      ...one,
      entry_price: one.entryPrice,
      unrealized_pnl: one.unrealized,
      marked_at: one.markedAtMs,
      no_price_since: one.noPriceSinceMs,
      opened_at: one.openedAtMs,
      take_profit: one.takeProfit,
      stop_loss: one.stopLoss,
    })),
  };
}

function absence(book, books) {
  if (books === null) return "Hazelcast does not answer, and no log here has it.";
  return `No state of it was pushed: 'dolphin start trader-${book.toLowerCase()}' starts it.`;
}

function figures(state, isOfLog) {
  const { posture, halted, latched = [] } = state;
  const words = [
    ...(halted ? ["halted"] : []),
    ...latched.map((limit) => `latched: ${limit}`),
    ...(state.warm ? [] : ["warming up"]),
  ];
  return element(
    "div",
    {},
    element("p", { class: "figure" }, money(state.equity)),
    element("p", { class: "dim" }, `equity by ${state.strategy}`),
    facts([
      ["Cash", money(state.capital)],
      ...(isOfLog
        ? [
            ["Today, before fees", gain(state.realized)],
            ["Deepest fall today", percent(state.drawdown)],
          ]
        : []),
      ["Trades", count(state.trades_executed)],
      ["Posture", badge(posture, toneOf(posture))],
      [
        "State",
        words.length === 0 ? "decides" : element("strong", { class: "loss" }, words.join(", ")),
      ],
      [
        "Margin used",
        state.margin_ratio === null ? "nothing held" : percent(state.margin_ratio, 1),
      ],
      ["Newest scan", `seq ${count(state.last_seq)}`],
    ]),
  );
}

function positionRow(book, one) {
  // The gain follows its mark: both turn grey together.
  const mark = age(element("span", {}, figure(one.mark)), one.marked_at, STATE_BUDGET_S);
  const leaves = `+${percent(one.take_profit)} or -${percent(one.stop_loss)}`;
  const without =
    one.no_price_since === null ? null : element("strong", { class: "loss" }, "no price");
  return [
    book,
    one.asset,
    one.direction,
    figure(one.quantity),
    figure(one.entry_price),
    element("span", { class: "row" }, mark, gain(one.unrealized_pnl), without),
    leaves,
    time(one.opened_at, "short"),
  ];
}
