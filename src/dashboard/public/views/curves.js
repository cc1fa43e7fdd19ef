/** Equity and drawdowns: scan by scan for the folded part of BLUE's log, or from fill to fill since its beginning. */
import { age } from "../age.js";
import { lines } from "../charts.js";
import { element } from "../dom.js";
import { count } from "../format.js";
import { besidePanel } from "./beside.js";
import { choice, columns } from "./figures.js";

const EQUITY_BUDGET_S = 30;
const KINDS = [
  ["scans", "at each scan"],
  ["fills", "all, from fill to fill"],
];

export function curvePanel(live) {
  const equityNode = element("div");
  const fallNode = element("div");
  const equityHead = element("h2", {}, "Equity");
  const fallHead = element("h2", {}, "Drawdown, %");
  const under = element("p", { class: "dim" });
  const equity = lines(
    equityNode,
    [
      { label: "lowest", colour: "--line", width: 1 },
      { label: "equity", colour: "--accent", width: 2 },
      { label: "highest", colour: "--line", width: 1 },
    ],
    { label: "Equity of BLUE over time" },
  );
  const fall = lines(fallNode, [{ label: "below the peak", colour: "--bad", width: 1.5 }], {
    label: "How far BLUE's equity lies below its peak, in percent",
  });
  live.onEnd(() => equity.end());
  live.onEnd(() => fall.end());
  const beside = besidePanel(live);
  let now = null;
  let ledger = null;
  const kind = choice("Which equity", KINDS, { choose: () => draw() });
  const draw = () => {
    const isNow = kind.value() === "scans";
    const [worth, below] = isNow
      ? [now?.equity, now?.drawdown]
      : [ledger?.cash, ledger?.cashDrawdown];
    if (worth === undefined || below === undefined) {
      under.textContent = isNow
        ? "No scan was processed yet."
        : "BLUE's log is not projected yet: the bookkeeper does that ('dolphin start bookkeeper').";
      equity.set([[], [], [], []]);
      fall.set([[], []]);
      return;
    }
    equity.set(columns([worth], [["low", "last", "high"]]));
    const [seconds, lowest] = columns([below], [["low"]]);
    fall.set([seconds, lowest.map((share) => share * 100)]);
    under.textContent = underText(isNow ? null : ledger, worth.count);
  };
  const node = element(
    "section",
    {},
    element("p", { class: "row" }, kind.node),
    element(
      "div",
      { class: "pair" },
      element("article", {}, equityHead, equityNode, under),
      element("article", {}, fallHead, fallNode),
    ),
    beside.node,
  );
  return {
    node,
    draw(answer) {
      const { blue } = answer;
      now = blue;
      beside.draw(answer);
      const at = blue.isCaughtUp ? blue.atMs : null;
      for (const head of [equityHead, fallHead]) age(head, at, EQUITY_BUDGET_S);
      if (kind.value() === "scans") draw();
    },
    drawLedger(next) {
      ledger = next ?? null;
      if (kind.value() === "fills") draw();
    },
  };
}

/** Of the ledger; null: of the scans. */
function underText(ledger, points) {
  if (ledger === null) {
    return `With open positions at their marks, at ${count(points)} scans; each point of the line represents all scans of its interval.`;
  }
  const whole = `Cash after each of ${count(points)} fills and days; open positions count when they are closed.`;
  return ledger.isWhole ? whole : `Being read. ${whole}`;
}
