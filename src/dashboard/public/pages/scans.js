/** Scans: their flow, what the strategy saw in them, and what went wrong. */
import { age } from "../age.js";
import { lines } from "../charts.js";
import { element, panel, table } from "../dom.js";
import { bytes, count, duration, fixed, latency, time } from "../format.js";
import {
  choice,
  columns,
  command,
  notice,
  percent,
  tile,
  withThreshold,
} from "../views/figures.js";

export const title = "Scans";

const PERIODS = [
  ["15m", "15 min"],
  ["1h", "1 h"],
  ["6h", "6 h"],
  ["24h", "24 h"],
  ["7d", "7 d"],
  ["30d", "30 d"],
];
/** The feed's age budget. */
const SCAN_BUDGET_S = 30;
/** A polled value is old when it was not read for this long. */
const READ_BUDGET_S = 20;
const NO_BRIDGE =
  "No scan yet: no bridge has run on this data directory. 'dolphin up --demo' shows one at work.";
const FLOW_EVERY_MS = 5_000;
const SIGNAL_EVERY_MS = 3_000;

export function mount(root, live) {
  const flow = flowPanel(live);
  const signal = signalPanel(live);
  const troubles = troublePanel();
  const period = choice("Period", PERIODS, { first: "1h", choose: () => ask() });
  root.append(
    element("section", { class: "row" }, period.node, flow.notice.node),
    flow.tiles,
    flow.node,
    signal.node,
    troubles.node,
  );
  const ask = live.poll({
    path: () => `/api/scans?since=${period.value()}`,
    everyMs: FLOW_EVERY_MS,
    draw(history) {
      flow.draw(history, live.now());
      troubles.draw(history, live.now());
    },
    fail: (error) => flow.notice.say(`Not read: ${error.message}`),
  });
  live.poll({
    path: "/api/scans/signal",
    everyMs: SIGNAL_EVERY_MS,
    draw: signal.draw,
    fail: (error) => signal.notice.say(`Not read: ${error.message}`),
  });
}

export function unmount() {
  // Everything opened for the page ends with it.
}

function flowPanel(live) {
  const newest = tile("Newest scan");
  const rate = tile("Rate");
  const lag = tile("Lag, file to push");
  const all = tile("In this period");
  const said = notice();
  const shown = [newest, rate, lag, all].map(({ node }) => node);
  const tiles = element("section", { class: "figures" }, ...shown);
  const charts = flowCharts(live);
  const drawNewest = ({ seq, scanNumber, pushedMs }) => {
    newest.set(`seq ${count(seq)}`, `number ${count(scanNumber)}`);
    age(newest.node.firstChild, pushedMs, SCAN_BUDGET_S);
  };
  live.on("scan", ({ seq, scan_number: scanNumber, pushed_us: us }) =>
    drawNewest({ seq, scanNumber, pushedMs: us / 1_000 }),
  );
  const draw = (history, nowMs) => {
    for (const node of [tiles, charts.node]) node.hidden = history === null;
    if (history === null) return said.say(NO_BRIDGE);
    const { total, partMs } = history;
    said.say(total.scans === 0 ? `No scan arrived in this period${lastText(history)}.` : null);
    if (history.newest !== null) drawNewest(history.newest);
    // The current part is incomplete.
    const place = Math.max(0, history.perSecond.length - 2);
    rate.set(`${fixed(history.perSecond[place], 2)} a s`, `over ${duration(partMs / 1_000)}`);
    const mean = history.lagMeanMs.findLast((value) => value !== null) ?? null;
    const highest = history.lagHighMs.reduce((most, one) => (most < one ? one : most), null);
    lag.set(latency(mean), `highest of the period ${latency(highest)}`);
    all.set(
      count(total.scans),
      `${count(total.late)} late, ${count(total.replayed)} from a backlog, ${count(total.missing)} missing`,
    );
    for (const { node } of [rate, lag, all]) age(node.firstChild, nowMs, READ_BUDGET_S);
    charts.draw(history, nowMs);
  };
  return { node: charts.node, tiles, notice: said, draw };
}

function flowCharts(live) {
  const lagNode = element("div");
  const rateNode = element("div");
  const lagHead = element("h2", {}, "Lag, ms (logarithmic)");
  const rateHead = element("h2", {}, "Scans a second");
  const lag = lines(
    lagNode,
    [
      { label: "lowest", colour: "--second", width: 1 },
      { label: "mean", colour: "--accent", width: 2 },
      { label: "highest", colour: "--warn", width: 1 },
    ],
    {
      label: "Lag of scans over time, from the file's last change to the push, in milliseconds",
      // Logarithmic, so that one slow scan does not flatten all others.
      scales: { y: { distr: 3 } },
    },
  );
  const rate = lines(rateNode, [{ label: "scans a second", colour: "--accent" }], {
    label: "Scans a second over time",
  });
  live.onEnd(() => lag.end());
  live.onEnd(() => rate.end());
  const node = element(
    "section",
    { class: "pair" },
    element("article", {}, lagHead, lagNode),
    element("article", {}, rateHead, rateNode),
  );
  const draw = ({ atMs, lagLowMs, lagMeanMs, lagHighMs, perSecond }, nowMs) => {
    const seconds = atMs.map((ms) => ms / 1_000);
    lag.set([seconds, ...[lagLowMs, lagMeanMs, lagHighMs].map((column) => column.map(aboveZero))]);
    rate.set([seconds.slice(0, -1), perSecond.slice(0, -1)]);
    for (const head of [lagHead, rateHead]) age(head, nowMs, READ_BUDGET_S);
  };
  return { node, draw };
}

/** A logarithm has no zero, and a writer's clock that is ahead gives a negative lag. */
function aboveZero(ms) {
  return ms === null ? null : Math.max(0.1, ms);
}

function lastText({ newest }) {
  if (newest === null) return "; none ever arrived";
  return `; the last one is seq ${newest.seq}. 'dolphin status' says what is silent`;
}

function signalPanel(live) {
  const said = notice();
  const signalNode = element("div");
  const eigenNode = element("div");
  const signalHead = element("h2", {}, "The strategy's signal");
  const eigenHead = element("h2", {}, "Eigenvalues");
  const share = element("p", { class: "dim" });
  const signalChart = lines(
    signalNode,
    [
      { label: "lowest", colour: "--second", width: 1, spanGaps: true },
      { label: "highest", colour: "--warn", width: 1, spanGaps: true },
      { label: "signal", colour: "--accent", width: 2, spanGaps: true },
      { label: "threshold", colour: "--bad", dash: [6, 4], width: 1 },
      { label: "threshold below", colour: "--bad", dash: [6, 4], width: 1 },
    ],
    { label: "The strategy's signal at each scan, and the threshold that it must pass" },
  );
  const eigenChart = lines(
    eigenNode,
    ["--accent", "--second", "--warn"].map((colour, at) => ({
      label: `no. ${at + 1}`,
      colour,
      spanGaps: true,
    })),
    { label: "The three largest eigenvalues of each scan" },
  );
  live.onEnd(() => signalChart.end());
  live.onEnd(() => eigenChart.end());
  const pair = element(
    "div",
    { class: "pair" },
    element("article", {}, signalHead, signalNode),
    element("article", {}, eigenHead, eigenNode, share),
  );
  const node = element("section", {}, said.node, pair);
  const draw = (view) => {
    pair.hidden = view.absent !== undefined;
    if (view.absent !== undefined) return said.say(`No signal yet: ${view.absent}.`);
    const { readings, threshold, eigenvalues, warmUp, atMs, isCaughtUp } = view;
    const [name, first] = Object.entries(readings)[0] ?? [];
    said.say(signalText(view));
    signalHead.firstChild.data =
      name === undefined ? `${view.strategy} has no figure to show` : `${name} of ${view.strategy}`;
    if (first !== undefined) {
      signalChart.set(
        withThreshold(
          columns([first], [["low", "high", "last"]]),
          warmUp.isWarm ? threshold : null,
        ),
      );
    }
    eigenChart.set(
      columns(
        eigenvalues,
        eigenvalues.map(() => ["high"]),
      ),
    );
    share.textContent = `Largest over the number of assets: ${percent(view.share)}; ${count(view.scansKept)} scans shown`;
    for (const head of [signalHead, eigenHead]) age(head, isCaughtUp ? atMs : null, SCAN_BUDGET_S);
  };
  return { node, notice: said, draw };
}

function signalText({ isCaughtUp, scansKept, warmUp }) {
  if (!isCaughtUp) return `BLUE's log is being read: ${count(scansKept)} scans so far.`;
  if (!warmUp.isWarm && warmUp.scansToGo !== null) {
    return `Warm-up: at least ${count(warmUp.scansToGo)} more scans until the strategy decides.`;
  }
  return warmUp.isWarm ? null : "Warm-up: the strategy does not decide yet.";
}

function troublePanel() {
  const gaps = table(["After seq", "Before seq", "Missing", "See"], "Gaps");
  const late = table(["Seq", "File", "Pushed", "Lag", "See"], "Late scans");
  const quarantine = table(["File", "Reason", "Why", "Size", "At"], "Quarantined files");
  const verdicts = element("p", { class: "dim" });
  const panels = [
    panel("Gaps in seq", {}, gaps.node),
    panel("Late", {}, late.node),
    panel("Quarantine", {}, verdicts, quarantine.node),
  ];
  const node = element("section", {}, ...panels);
  const draw = (history, nowMs) => {
    node.hidden = history === null;
    for (const { head } of panels) age(head, nowMs, READ_BUDGET_S);
    gaps.show(
      (history?.gaps ?? []).map(({ after, before }) => [
        count(after),
        count(before),
        count(before - after - 1),
        command("dolphin archive audit"),
      ]),
      "no seq is missing",
    );
    late.show(
      (history?.late ?? []).map(({ seq, file, pushedMs, lagMs }) => [
        count(seq),
        file,
        time(pushedMs, "short"),
        duration(lagMs / 1_000),
        command(`dolphin trace ${seq}`),
      ]),
      "none arrived late in this period",
    );
    verdicts.textContent = (history?.verdicts ?? [])
      .map(
        ({ verdict, reason, count: n }) => `${count(n)} ${verdict}${reason ? ` (${reason})` : ""}`,
      )
      .join(", ");
    quarantine.show(
      (history?.quarantined ?? []).map(({ file, reason, detail, bytes: size, atMs }) => [
        file,
        reason,
        detail,
        bytes(size),
        time(atMs, "short"),
      ]),
      "no file is in quarantine",
    );
  };
  return { node, draw };
}
