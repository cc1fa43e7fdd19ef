/** Health: each sensor over hours and days, with incidents and restarts on the same time axis. */
import { age } from "../age.js";
import { band } from "../charts.js";
import { element, panel, table } from "../dom.js";
import { badge, duration, fixed, time } from "../format.js";
import { workflowLink } from "../links.js";

export const title = "Health";

const SPANS = ["1h", "6h", "24h", "7d", "30d"];
const SENSORS = [
  ["M1 processes", "m1_proc"],
  ["M2 heartbeats", "m2_heartbeat"],
  ["M3 data", "m3_data_freshness"],
  ["M4 control plane", "m4_control_plane"],
  ["M5 coherence", "m5_coherence"],
];
const STRIP_EVERY_MS = 10_000;
const RESTARTS_EVERY_MS = 30_000;
const BUDGET_S = 15;
const LISTED = 50;

export function mount(root, live) {
  const state = { span: "6h", strip: null, incidents: [], restarts: [] };
  const strips = stripsPart(state);
  const decided = decidedPart(live);
  strips.node.append(decided.node);
  const events = eventsPart(live);
  const restarts = restartsPart(live);
  root.append(strips.node, events.node, restarts.node);
  const again = live.poll({
    path: () => `/api/health/strip?since=${state.span}`,
    everyMs: STRIP_EVERY_MS,
    draw(strip) {
      state.strip = strip;
      strips.draw();
    },
    fail: (error) => strips.fail(error),
  });
  strips.onSpan(again);
  live.on("overview", ({ health }) => {
    age(strips.node.head, health?.timestamp ?? null, BUDGET_S);
    strips.now(health);
    decided.draw();
  });
  live.poll({
    path: "/api/incidents",
    everyMs: STRIP_EVERY_MS,
    draw(found) {
      state.incidents = found ?? [];
      events.draw(found);
      strips.draw();
    },
  });
  live.poll({
    path: "/api/restarts",
    everyMs: RESTARTS_EVERY_MS,
    draw(found) {
      state.restarts = found.ends;
      restarts.draw(found);
      strips.draw();
    },
    fail: (error) => restarts.fail(error),
  });
}

export function unmount() {
  // Everything is cleaned up by the frame.
}

function spanButtons(choice, state, tell) {
  const buttons = SPANS.map((span) => {
    const choose = () => {
      state.span = span;
      for (const one of buttons) one.setAttribute("aria-pressed", String(one.textContent === span));
      tell();
    };
    const pressed = String(span === state.span);
    const options = { type: "button", "aria-pressed": pressed, on: { click: choose } };
    return element("button", options, span);
  });
  choice.append(...buttons);
}

function stripsPart(state) {
  const node = panel("Sensors over time");
  const choice = element("div", { class: "row", role: "group", "aria-label": "Span of time" });
  const grid = element("div", { class: "block" });
  const ends = element("div", { class: "row dim ends" });
  const problem = element("p", { class: "problem", role: "alert", hidden: true });
  node.append(choice, problem, grid, ends);
  const tell = { again: null };
  let current = null;
  spanButtons(choice, state, () => tell.again?.());
  const draw = () => {
    const { strip } = state;
    if (strip === null) return;
    problem.hidden = true;
    const rows = SENSORS.map(([label, key]) => {
      const tones = tonesOf(strip, key);
      const score = current?.sensors.find(({ name }) => name === key)?.score ?? null;
      return [
        label,
        band(tones, `${label}: ${wordsOf(tones)}`),
        score === null ? "-" : fixed(score, 2),
      ];
    });
    const fromMs = strip.from_us / 1_000;
    const untilMs = strip.until_us / 1_000;
    const incidents = marks(
      strip,
      state.incidents.map(({ started_at: a, resolved_at: b }) => [a, b]),
    );
    const restarts = marks(
      strip,
      state.restarts.map(({ at, next_began_at: b }) => [at, b ?? at]),
    );
    rows.push(["incidents", band(incidents, `incidents: ${wordsOf(incidents)}`), ""]);
    rows.push(["restarts", band(restarts, `restarts: ${wordsOf(restarts)}`), ""]);
    grid.replaceChildren(...rows.map(stripRow));
    ends.replaceChildren(
      time(fromMs, "short"),
      element(
        "span",
        {},
        strip.worst.length === 0 ? "nothing recorded in this period" : "worst of each interval",
      ),
      time(untilMs, "short"),
    );
  };
  return {
    node,
    draw,
    onSpan: (act) => (tell.again = act),
    now: (health) => {
      const isFirst = current === null;
      current = health;
      // Later ones are drawn with the strips.
      if (isFirst) draw();
    },
    fail(error) {
      problem.hidden = false;
      problem.textContent = `the history cannot be read: ${error.message}`;
    },
  };
}

function stripRow([label, svg, word]) {
  return element(
    "div",
    { class: "strip-row" },
    element("span", { class: "label" }, label),
    svg,
    element("span", { class: "now" }, word),
  );
}

function decidedPart(live) {
  const node = element("p", { class: "dim" });
  const draw = () => {
    const next = element("span", {}, "What was decided of it: ", workflowLink(live, "meta-health"));
    // The focus of a reader may be on it.
    if (node.firstChild?.isEqualNode(next) !== true) node.replaceChildren(next);
  };
  return { node, draw };
}

/** Unknown or unsampled cells stay empty; a cell between two samples that are far apart takes the earlier one. */
function tonesOf({ cells, worst, from_us: from, until_us: until }, key) {
  const tones = Array.from({ length: cells }, () => "none");
  // A sample comes every five seconds, an older one every minute.
  const reach = Math.max(1, Math.ceil((61_000_000 * cells) / (until - from)));
  let before = null;
  for (const sample of worst) {
    const tone = toneOfScore(sample[key]);
    tones[sample.cell] = tone;
    if (before !== null && sample.cell - before.cell <= reach) {
      tones.fill(before.tone, before.cell + 1, sample.cell);
    }
    before = { cell: sample.cell, tone };
  }
  return tones;
}

function toneOfScore(score) {
  if (score === null) return "none";
  return score > 0.8 ? "good" : score > 0.5 ? "warn" : "bad";
}

function marks({ cells, from_us: from, until_us: until }, spans) {
  const tones = Array.from({ length: cells }, () => "none");
  const cellAt = (ms) => Math.floor(((ms * 1_000 - from) * cells) / (until - from));
  for (const [begin, end] of spans) {
    const first = Math.max(0, cellAt(Date.parse(begin)));
    const last = end === null ? cells - 1 : cellAt(Date.parse(end));
    if (Number.isFinite(first) && Number.isFinite(last))
      tones.fill("bad", first, Math.max(first, last) + 1);
  }
  return tones;
}

function wordsOf(tones) {
  const count = (tone) => tones.filter((one) => one === tone).length;
  const share = (tone) => Math.round((100 * count(tone)) / tones.length);
  return `well ${share("good")} %, weak ${share("warn")} %, bad ${share("bad")} %, not known ${share("none")} %`;
}

function eventsPart(live) {
  const node = panel("Incidents");
  const rows = table(["Severity", "State", "Started", "Lasted", "Why"], "Incidents");
  node.append(rows.node);
  const draw = (found) => {
    age(node.head, live.now(), 2 * BUDGET_S);
    rows.show(
      (found ?? []).slice(0, LISTED).map((one) => {
        const endMs = one.resolved_at === null ? live.now() : Date.parse(one.resolved_at);
        return [
          badge(one.severity),
          one.state,
          time(one.started_at),
          duration((endMs - Date.parse(one.started_at)) / 1_000),
          element(
            "span",
            {},
            one.summary,
            " ",
            workflowLink(live, `alert-${one.rule}-${one.subject}`, one.id),
          ),
        ];
      }),
      found === null ? "not known: no watchdog has written incidents here" : "there has been none",
    );
  };
  return { node, draw };
}

function restartsPart(live) {
  const node = panel("Lives that ended");
  const from = element("p", { class: "dim" });
  const rows = table(["Service", "Life", "Ended", "Back after", "Why"], "Lives that ended");
  node.append(from, rows.node);
  return {
    node,
    draw({ ends, read_from: readFrom }) {
      age(node.head, live.now(), 120);
      const isTemporal = readFrom.every((one) => one.endsWith("in Temporal"));
      const where = isTemporal ? "the results of their runs in Temporal" : readFrom.join("; ");
      from.textContent = `From ${where}. More: dolphin why restart.`;
      rows.show(
        ends
          .slice(0, LISTED)
          .map((end) => [
            workflowLink(live, `run-${end.service}`, end.service),
            String(end.life),
            time(end.at),
            end.next_began_at === null
              ? "-"
              : duration((Date.parse(end.next_began_at) - Date.parse(end.at)) / 1_000),
            end.why,
          ]),
        "none has ended",
      );
    },
    fail(error) {
      from.textContent = `cannot be read: ${error.message}`;
    },
  };
}
