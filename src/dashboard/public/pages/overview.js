/** Overview: the state of the system with its causes; the permitted risk; the newest scan's way; open incidents. */
import { age } from "../age.js";
import { acknowledge } from "../commands.js";
import { element, facts, panel, setText, table } from "../dom.js";
import { badge, count, duration, fixed, latency, time, toneOf } from "../format.js";
import { workflowLink } from "../links.js";

export const title = "Overview";

const SENSORS = {
  m1_proc: ["M1", "processes"],
  m2_heartbeat: ["M2", "heartbeats"],
  m3_data_freshness: ["M3", "data"],
  m4_control_plane: ["M4", "control plane"],
  m5_coherence: ["M5", "coherence"],
};
/** In a sensor's card: `dolphin health` has all. */
const LINES_SHOWN = 3;
/** Sent every two seconds. */
const STATUS_BUDGET_S = 10;
const HEALTH_BUDGET_S = 15;
const SCAN_BUDGET_S = 10;

export function mount(root, live) {
  const parts = [sentence, incidents, sensors, tiles, flow, services, servers].map((make) =>
    make(live),
  );
  root.append(...parts.map((part) => part.node));
  live.on("overview", (overview) => {
    for (const { draw } of parts) draw(overview);
  });
}

export function unmount() {
  // Everything is cleaned up by the frame.
}

function sentence() {
  // Announced only when it changes, not with its age each second.
  const words = element("span", { "aria-live": "polite" });
  const says = element("p", { class: "sentence" }, words);
  const because = element("ul", { class: "plain" });
  const by = element("p", { class: "dim" });
  const node = element("section", { "aria-label": "State" }, says, because, by);
  const draw = ({ status, sentence: state, up }) => {
    by.replaceChildren(
      ...(up === null
        ? ["No dolphin up runs on this data directory."]
        : [`dolphin up (pid ${up.pid}) runs since `, time(up.started_at), "."]),
    );
    setText(words, `${state.word}: ${state.says}`);
    age(says, status.checked_at, STATUS_BUDGET_S);
    because.replaceChildren(
      ...state.because.map(({ id, owner, evidence, remedy }) =>
        element(
          "li",
          {},
          element("strong", {}, id),
          ` (${owner}): ${evidence.join("; ")}. `,
          element("span", { class: "dim" }, `Remedy: ${remedy}`),
        ),
      ),
    );
  };
  return { node, draw };
}

function incidents(live) {
  const node = panel("Open incidents");
  const rows = table(["Severity", "State", "Since", "Why", "Acknowledged"], "Open incidents");
  node.append(rows.node);
  const draw = ({ incidents: open, status }) => {
    node.hidden = open !== null && open.length === 0;
    age(node.head, status.checked_at, STATUS_BUDGET_S);
    rows.show(
      (open ?? []).map((one) => [
        badge(one.severity),
        one.state,
        time(one.started_at, "short"),
        element(
          "span",
          {},
          one.summary,
          " ",
          workflowLink(live, `alert-${one.rule}-${one.subject}`, one.id),
        ),
        one.acknowledged === null ? acknowledge(one) : `by ${one.acknowledged.by}`,
      ]),
      open === null ? "not known: no watchdog has written incidents here" : "none",
    );
  };
  return { node, draw };
}

function sensors() {
  const node = panel("Sensors");
  const cards = element("div", { class: "sensors" });
  node.append(cards);
  const draw = ({ health }) => {
    age(node.head, health?.timestamp ?? null, HEALTH_BUDGET_S);
    if (health === null) {
      cards.replaceChildren(
        element("p", { class: "dim" }, "the service health has reported nothing yet"),
      );
      return;
    }
    cards.replaceChildren(
      sensorCard("health", badge(health.status), [`rm_meta ${fixed(health.rm_meta, 2)}`]),
      ...health.sensors.map(({ name, score, wrong }) => {
        const [short, words] = SENSORS[name] ?? [name, ""];
        const word = score === null ? "unknown" : score.toFixed(2);
        return sensorCard(`${short} ${words}`, badge(word, scoreTone(score)), wrong);
      }),
    );
  };
  return { node, draw };
}

function sensorCard(name, word, more) {
  const rest = more.length - LINES_SHOWN;
  const shown = [...more.slice(0, LINES_SHOWN), ...(0 < rest ? [`and ${rest} more`] : [])];
  const lines = shown.map((says) => element("div", { class: "dim", title: more.join("\n") }, says));
  return element("article", {}, element("div", { class: "dim" }, name), word, ...lines);
}

function scoreTone(score) {
  if (score === null) return "";
  return score > 0.8 ? "good" : score > 0.5 ? "warn" : "bad";
}

function tiles(live) {
  const scan = figureTile("Last scan");
  const posture = figureTile("Posture");
  const node = element(
    "section",
    { class: "tiles", "aria-label": "Figures" },
    scan.node,
    posture.node,
  );
  let bridge = null;
  let newest = null;
  const drawScan = () => {
    const pushedMs = newest === null ? null : newest.pushed_us / 1_000;
    setText(scan.figure, count(newest?.scan_number));
    age(scan.head, pushedMs, SCAN_BUDGET_S);
    scan.facts([
      ["seq", count(newest?.seq)],
      ["assets", count(live.last("status")?.latest_scan?.assets)],
      ["backlog", newest === null ? "-" : newest.replayed ? "yes, replayed" : "no, live"],
      ["rate", rateText(bridge?.counters?.scans_per_min)],
    ]);
  };
  live.on("scan", (pushed) => {
    newest = pushed;
    drawScan();
  });
  const draw = ({ status }) => {
    bridge = status.services.find(({ role }) => role === "bridge") ?? null;
    drawScan();
    const safety = status.safety ?? null;
    const word = safety?.posture ?? "not watched";
    setText(posture.figure, word);
    posture.figure.className = `figure text-${safety === null ? "dim" : toneOf(word)}`;
    age(posture.head, status.checked_at, STATUS_BUDGET_S);
    posture.facts([
      ["entries", safety === null ? "by the configured posture" : safety.entries],
      ["reasons", safety === null ? "-" : safety.reasons.join("; ") || noReason(word)],
      ["watchdog", safety?.pid == null ? "does not run" : `pid ${safety.pid}`],
    ]);
  };
  drawScan();
  return { node, draw };
}

function rateText(perMinute) {
  return typeof perMinute === "number" ? `${count(perMinute)} a minute` : "-";
}

/** A posture rises after its stable time, not at once. */
function noReason(posture) {
  return toneOf(posture) === "good" ? "none: all is well" : "none left: it rises step by step";
}

function figureTile(heading) {
  const head = element("h2", {}, heading);
  const figure = element("p", { class: "figure" }, "-");
  const list = element("div");
  const node = element("article", {}, head, figure, list);
  return { node, head, figure, facts: (entries) => list.replaceChildren(facts(entries)) };
}

function flow() {
  const node = panel("The newest scan, hop by hop");
  const head = element("p", { class: "dim" });
  const list = element("ol", { class: "flow" });
  node.append(head, list);
  const draw = ({ flow: traced }) => {
    const way = traced?.ways[0] ?? null;
    const stations = (way?.stations ?? []).filter(
      ({ at_us: at, name }) => at !== null || name === "event",
    );
    const pushed = way?.stations.find(({ name }) => name === "pushed")?.at_us ?? null;
    age(node.head, pushed === null ? null : pushed / 1_000, SCAN_BUDGET_S);
    if (way === null) {
      setText(head, "no scan is in the bridge's journal yet");
      list.replaceChildren();
      return;
    }
    const total = way.total_us === null ? "" : `, ${latency(way.total_us / 1_000)} in all`;
    setText(
      head,
      `seq ${traced.seq}, ${traced.file}${total}; dolphin trace ${traced.seq} shows the same`,
    );
    const hopTo = new Map(way.hops.map(({ to, us }) => [to, us]));
    list.replaceChildren(
      ...stations
        .flatMap((station) => {
          const us = hopTo.get(station.name);
          return [us === undefined ? null : hop(us), stationNode(station, traced)];
        })
        .filter((one) => one !== null),
    );
  };
  return { node, draw };
}

function hop(us) {
  return element("li", { class: "hop" }, element("span", {}, latency(us / 1_000)));
}

function stationNode({ name, at_us: atUs, says }, { decision }) {
  const kind = atUs === null ? "node" : "node is-good";
  const came = atUs === null ? "not known" : time(atUs / 1_000, "time");
  const decided = name !== "event" || decision === null ? "" : decisionText(decision);
  return element(
    "li",
    { class: kind },
    element("strong", {}, name),
    element("span", {}, came),
    decided === "" ? null : element("span", {}, decided),
    says === "" || decided !== "" ? null : element("span", {}, says),
  );
}

function decisionText({ outcome, refusal }) {
  return refusal === null ? outcome : `${outcome}: ${refusal}`;
}

function services(live) {
  const node = panel("Services");
  const labels = ["Service", "Status", "Why", "Up", "Restarts", "Memory", "CPU", "Temporal"];
  const rows = table(labels, "Services");
  node.append(rows.node);
  const draw = ({ status }) => {
    age(node.head, status.checked_at, STATUS_BUDGET_S);
    rows.show(status.services.map((one) => serviceCells(one, live)));
  };
  return { node, draw };
}

function serviceCells(one, live) {
  const next =
    one.next_try_at === null
      ? null
      : element("span", {}, "; next try ", time(one.next_try_at, "time"));
  return [
    element("strong", {}, one.service),
    badge(one.status),
    element(
      "span",
      {},
      one.why,
      next,
      one.state === null ? null : element("div", { class: "dim" }, one.state),
    ),
    duration(one.up_s),
    `${one.restarts ?? "-"} of ${one.restarts_max}`,
    megabytes(one.rss_mb),
    one.cpu_percent === null ? "-" : `${one.cpu_percent.toFixed(1)} %`,
    element(
      "span",
      {},
      workflowLink(live, `supervise-${one.service}`, "supervisor"),
      " ",
      workflowLink(live, `run-${one.service}`, "run"),
    ),
  ];
}

function servers() {
  const node = panel("Servers, processes, disk");
  const rows = table(["Name", "Where", "Memory", "Answer"], "Servers, processes, disk");
  node.append(rows.node);
  const draw = ({ status, processes }) => {
    age(node.head, status.checked_at, STATUS_BUDGET_S);
    const memory = new Map(processes.map(({ name, rss_mb: mb }) => [name, megabytes(mb)]));
    const asked = status.servers.map(({ server }) => server);
    rows.show([
      ...status.servers.map((one) => [
        element("strong", {}, one.server),
        one.address,
        memory.get(one.server) ?? "-",
        answerOf(one),
      ]),
      ...processes
        .filter(({ name }) => !asked.includes(name))
        .map(({ name, pid }) => [element("strong", {}, name), `pid ${pid}`, memory.get(name), "-"]),
      [element("strong", {}, "archive"), status.archive.path, "-", status.archive.state],
      [element("strong", {}, "disk"), status.disk.path, "-", status.disk.state],
    ]);
  };
  return { node, draw };
}

function megabytes(value) {
  return value === null ? "-" : `${Math.round(value)} MB`;
}

function answerOf({ answered_ms: answeredMs, problem }) {
  if (answeredMs !== null) return badge(`in ${answeredMs} ms`, "good");
  return element("span", {}, badge("silent", "bad"), ` ${problem ?? "no answer in 400 ms"}`);
}
