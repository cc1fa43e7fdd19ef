/** What prevents a book's entries: its limits with the used share of each, and the refused entries. */
import { age } from "../age.js";
import { element, panel, table } from "../dom.js";
import { count, time } from "../format.js";
import { command, figure, money, percent, usage } from "./figures.js";

const BUDGET_S = 30;

export function limitPanel() {
  const list = element("div", { class: "limits" });
  const node = panel("Limits of BLUE, and how much of each is used", {}, list);
  const draw = ({ limits, atMs, isCaughtUp }) => {
    age(node.head, isCaughtUp ? atMs : null, BUDGET_S);
    list.replaceChildren(
      ...limits.flatMap(({ limit, about, used, allowed, unit, isLatched }) => {
        const share = 0 < allowed ? used / allowed : 1;
        const text = `${inUnit(used, unit)} of ${inUnit(allowed, unit)}`;
        const meter = usage(share, `${about}: ${text}`, unit === "share");
        const latch = isLatched
          ? element("strong", { class: "loss" }, " latched: 'dolphin resume BLUE'")
          : null;
        const name = element("span", { title: limit }, about);
        return [element("div", { class: "limit" }, name, meter, element("span", {}, text, latch))];
      }),
    );
  };
  return { node, draw };
}

function inUnit(value, unit) {
  if (unit === "share") return percent(value);
  return unit === "quote" ? money(value) : count(value);
}

export function refusalPanel(live) {
  const reasons = table(["Reason", "So far"], "Refused entries of BLUE by reason");
  const outcomes = table(["Decided", "Scans"], "How the scans of the newest day were decided");
  const newest = table(
    ["Seq", "At", "Reason", "About", "Signal", "Why"],
    "The newest refusals of BLUE",
  );
  const node = panel(
    "Refused entries",
    {},
    element("div", { class: "pair" }, reasons.node, outcomes.node),
    newest.node,
  );
  /** Rows stay while the user reads one of them. */
  let shown = "";
  const draw = ({ state, refusals, atMs, isCaughtUp }) => {
    age(node.head, isCaughtUp ? atMs : null, BUDGET_S);
    const counts = Object.entries(state.refusals).toSorted(([, one], [, other]) => other - one);
    reasons.show(
      counts.map(([reason, n]) => [reason, count(n)]),
      "BLUE refused no entry",
    );
    const key = JSON.stringify(refusals[0] ?? null);
    if (key === shown && node.querySelector(".why") !== null) return;
    shown = key;
    newest.show(
      refusals
        .slice(0, 30)
        .map((one) => [
          count(one.seq),
          time(one.atMs, "short"),
          one.reason,
          one.subject,
          figure(one.signal),
          whyCell(live, one.seq),
        ]),
      "none among the scans that were read",
    );
  };
  const drawLedger = (ledger) => {
    outcomes.show(
      (ledger?.outcomes ?? []).map(({ outcome, refusal, count: n }) => [
        refusal === null ? outcome : `${outcome}: ${refusal}`,
        count(n),
      ]),
      ledger === null ? "not known: BLUE's log is not projected yet" : "no scan was decided yet",
    );
  };
  return { node, draw, drawLedger };
}

/** The command line's verb, and its answer on demand. */
function whyCell(live, seq) {
  const cell = element("div", {}, command(`dolphin why no-trade --seq ${seq}`), " ");
  const button = element("button", { type: "button", on: { click: () => void show() } }, "show");
  const show = async () => {
    button.disabled = true;
    const list = element("ul", { class: "why" });
    try {
      const why = await live.get(`/api/trading/why?seq=${seq}`);
      const facts = why.absent === undefined ? why.facts : [{ passes: null, says: why.absent }];
      list.append(...facts.map(factLine));
    } catch (error) {
      list.append(element("li", {}, error.message));
    }
    button.replaceWith(list);
  };
  cell.append(button);
  return cell;
}

/** The first rule that does not pass is the reason. */
function factLine({ passes, says, rule }) {
  const mark = passes === null ? "--" : passes ? "ok" : "NO";
  const kind = passes === false ? "is-no" : "";
  return element("li", { class: kind }, `${mark} ${rule === undefined ? "" : `${rule}: `}${says}`);
}
