/** BLUE's trades: on the price of their asset, as a list, and the results by day, with GREEN's beside them. */
import { age } from "../age.js";
import { lines } from "../charts.js";
import { element, panel, table } from "../dom.js";
import { count, time } from "../format.js";
import { workflowLink } from "../links.js";
import { command, figure, gain, money, notice, percent, picker } from "./figures.js";

/** The rows that fit on a screen, or on a phone; the others are shown on demand. */
const TRADES_SHOWN = 12;
const TRADES_MAX = 100;
const DAYS_SHOWN = 60;
const PRICES_EVERY_MS = 5_000;
const LEDGER_BUDGET_S = 60;
const NOT_TRADED = "No trade of it was closed in the period of these prices.";
const NOT_PROJECTED = "not known: BLUE's log is not projected yet";
const PRICE_BUDGET_S = 30;

export function tradePanel(live) {
  const priced = pricedTrades(live, () => known.ledger !== null);
  const list = table(
    ["Asset", "Side", "In", "Out", "From", "To", "Scans", "Left by", "Net PnL", "Fees", "See"],
    "Trades of BLUE, the newest first",
  );
  const total = element("p", { class: "dim" });
  const more = element("button", { type: "button", hidden: true, on: { click: () => showMore() } });
  const listPanel = panel("Trades", {}, total, list.node, element("p", {}, more));
  let isAll = false;
  const drawList = (trades) => {
    const shown = trades.slice(0, isAll ? TRADES_MAX : TRADES_SHOWN);
    const nothing = known.ledger === null ? NOT_PROJECTED : "no trade was closed yet";
    list.show(shown.map(tradeRow), nothing);
    const left = Math.min(trades.length, TRADES_MAX) - shown.length;
    more.hidden = left === 0;
    more.textContent = `Show ${left} more`;
  };
  const showMore = () => {
    isAll = true;
    drawList(known.ledger?.trades ?? []);
    // The button is gone: the focus moves to the rows that it has loaded.
    list.node.focus();
  };
  const days = table(
    [
      "Day",
      "BLUE before fees",
      "Fees",
      "Trades",
      "Won",
      "Deepest fall",
      "GREEN before fees",
      "GREEN's trades",
    ],
    "Profit and loss by day",
  );
  const dayPanel = panel("By day, UTC", {}, days.node);
  let known = { ledger: null, now: null };
  const drawDays = () => days.show(dayRows(live, known), "no day has a result yet");
  const draw = (ledger, nowMs) => {
    known = { ...known, ledger };
    for (const { head } of [listPanel, dayPanel]) age(head, nowMs, LEDGER_BUDGET_S);
    total.textContent =
      ledger === null
        ? "BLUE's log is not projected yet: the bookkeeper does that ('dolphin start bookkeeper')."
        : `${count(ledger.tradesTotal)} in all; 'dolphin export trades' has every one.`;
    const trades = ledger?.trades ?? [];
    drawList(trades);
    priced.offer(trades.map(({ asset }) => asset));
    drawDays();
  };
  return {
    priced: priced.node,
    list: listPanel,
    byDay: dayPanel,
    draw,
    drawNow(now) {
      const isNew = known.now === null;
      known = { ...known, now };
      if (isNew) drawDays();
      const { blue } = now;
      priced.offer(blue.state.positions.map(({ asset }) => asset));
    },
  };
}

function tradeRow(trade) {
  return [
    trade.asset,
    trade.direction,
    figure(trade.entry_price),
    figure(trade.exit_price),
    time(trade.entered_at_ms, "short"),
    time(trade.exited_at_ms, "short"),
    count(trade.held_scans),
    trade.exit_reason,
    gain(trade.pnl),
    money(trade.fees),
    command(`dolphin trace ${trade.position_id}`),
  ];
}

/** Newest first; BLUE's current day comes from its log, GREEN's days from Hazelcast. */
function dayRows(live, { ledger, now }) {
  const blue = new Map((ledger?.days ?? []).map((day) => [day.day, day]));
  const running = now?.blue?.state?.day;
  if (running !== undefined && running.day !== "") {
    blue.set(running.day, { ...running, max_drawdown: running.maxDrawdown });
  }
  const green = new Map(
    (now?.books?.find(({ book }) => book === now.shadow)?.days ?? []).map((day) => [day.date, day]),
  );
  const names = [...new Set([...blue.keys(), ...green.keys()])].toSorted((one, other) =>
    one < other ? 1 : -1,
  );
  return names.slice(0, DAYS_SHOWN).map((name) => {
    const own = blue.get(name);
    const other = green.get(name);
    return [
      now === null ? name : workflowLink(live, `trades-${now.counted}-${name}`, name),
      gain(own?.realized),
      money(own?.fees),
      count(own?.trades),
      own === undefined ? "-" : `${count(own.wins)} of ${count(own.wins + own.losses)}`,
      percent(own?.max_drawdown),
      gain(other?.realized_pnl),
      count(other?.trades),
    ];
  });
}

function pricedTrades(live, areTradesKnown) {
  const said = notice();
  const chartNode = element("div", { hidden: true });
  const points = { show: true, size: 9 };
  const chart = lines(
    chartNode,
    [
      { label: "price", colour: "--accent", spanGaps: true },
      { label: "in", colour: "--good", paths: () => null, points },
      { label: "out", colour: "--bad", paths: () => null, points },
    ],
    { label: "Price of the asset, with the entries and exits of BLUE", height: 220 },
  );
  live.onEnd(() => chart.end());
  const draw = (view) => {
    const isAbsent = view.absent !== undefined;
    const isUntraded = view.trades?.length === 0;
    const untraded = areTradesKnown() ? NOT_TRADED : `Its trades are ${NOT_PROJECTED}.`;
    said.say(isAbsent ? `${view.absent}.` : isUntraded ? untraded : null);
    chartNode.hidden = isAbsent;
    chart.set(isAbsent ? [[], [], [], []] : withTrades(view));
    age(node.head, view.prices?.atMs.at(-1) ?? null, PRICE_BUDGET_S);
  };
  const picked = picker(live, {
    label: "Asset",
    path: (asset) => `/api/trading/prices?asset=${asset}`,
    everyMs: PRICES_EVERY_MS,
    draw,
    fail: (error) => said.say(`Not read: ${error.message}`),
  });
  const row = element("p", { class: "row" }, picked.node);
  const node = panel("Trades on the price of their asset", {}, row, said.node, chartNode);
  said.say("No asset was traded yet.");
  return { node, offer: picked.offer };
}

/** Entries and exits at their own times, between those of the prices. */
function withTrades({ prices, trades }) {
  const points = new Map(prices.atMs.map((ms, at) => [ms, [prices.last[at], null, null]]));
  const put = (ms, place, price) => {
    const row = points.get(ms) ?? [undefined, null, null];
    row[place] = price;
    points.set(ms, row);
  };
  const [firstMs] = prices.atMs;
  for (const trade of trades) {
    if (firstMs <= trade.entered_at_ms) put(trade.entered_at_ms, 1, trade.entry_price);
    put(trade.exited_at_ms, 2, trade.exit_price);
  }
  const rows = [...points].toSorted(([one], [other]) => one - other);
  return [rows.map(([ms]) => ms / 1_000), ...[0, 1, 2].map((at) => rows.map(([, row]) => row[at]))];
}
