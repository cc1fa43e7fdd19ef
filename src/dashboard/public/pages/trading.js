/** Trading: both books as they stand, BLUE's curves, its trades, and why there were none. */
import { element } from "../dom.js";
import { bookPanel } from "../views/books.js";
import { curvePanel } from "../views/curves.js";
import { forecastPanel } from "../views/forecast.js";
import { limitPanel, refusalPanel } from "../views/restraint.js";
import { tradePanel } from "../views/trades.js";
import { notice } from "../views/figures.js";

export const title = "Trading";

const NOW_EVERY_MS = 2_000;
const LEDGER_EVERY_MS = 10_000;
/** It is made once a day, and weighs less with its age. */
const FORECAST_EVERY_MS = 10_000;

export function mount(root, live) {
  const said = notice();
  const books = bookPanel();
  const curves = curvePanel(live);
  const limits = limitPanel();
  const forecast = forecastPanel(live);
  const refusals = refusalPanel(live);
  const trades = tradePanel(live);
  /** Hidden until BLUE has a log. */
  const ofLog = [curves.node, trades.priced, limits.node, refusals.node];
  root.append(
    element("section", {}, said.node),
    books.tiles,
    books.positions,
    curves.node,
    trades.priced,
    trades.list,
    limits.node,
    forecast.node,
    refusals.node,
    trades.byDay,
  );
  live.poll({
    path: "/api/trading",
    everyMs: NOW_EVERY_MS,
    draw(answer) {
      said.say(sentence(answer));
      books.draw(answer, live.now());
      const isAbsent = answer.blue.absent !== undefined;
      for (const node of ofLog) node.hidden = isAbsent;
      if (isAbsent) return;
      curves.draw(answer);
      limits.draw(answer.blue);
      refusals.draw(answer.blue);
      trades.drawNow(answer);
    },
    fail: (error) => said.say(`Not read: ${error.message}`),
  });
  live.poll({
    path: "/api/trading/forecast",
    everyMs: FORECAST_EVERY_MS,
    draw: forecast.draw,
    fail: forecast.fail,
  });
  live.poll({
    path: "/api/trading/ledger",
    everyMs: LEDGER_EVERY_MS,
    draw(ledger) {
      curves.drawLedger(ledger);
      refusals.drawLedger(ledger);
      trades.draw(ledger, live.now());
    },
    fail: (error) => said.say(`Not read: ${error.message}`),
  });
}

export function unmount() {
  // Everything opened for the page ends with it.
}

/** The most important message; null where everything is as it should be. */
function sentence({ blue, books }) {
  if (blue.absent !== undefined) return `No trades yet: ${blue.absent}.`;
  const { warmUp, isCaughtUp, obstacle, state } = blue;
  if (!isCaughtUp) return "BLUE's log is being read: the values shown are of an earlier time.";
  const away = books === null ? " Hazelcast does not answer: GREEN is not known now." : "";
  if (!warmUp.isWarm) {
    const more = warmUp.scansToGo === null ? "more" : `at least ${warmUp.scansToGo} more`;
    return `No trades yet: warm-up needs ${more} scans.${away}`;
  }
  if (obstacle !== null) return `BLUE makes no entries now: ${obstacle.says}.${away}`;
  if (state.tradesExecuted === 0) {
    return `No trades yet: nothing prevents entries, BLUE waits for its signal.${away}`;
  }
  return away === "" ? null : away.trim();
}
