/** Polls the status and draws it; what it shows is what `dolphin status --json` prints. */
import {
  badge,
  count,
  duration,
  element,
  milliseconds,
  replace,
  row,
  sparkline,
  toneOf,
} from "./draw.js";

const STATUS_EVERY_MS = 2_000;
const HISTORY_EVERY_MS = 5_000;
const ANSWER_MS = 4_000;

const LATENCIES = [
  ["file complete \u2192 seen", "complete_to_seen_ms"],
  ["seen \u2192 in Hazelcast", "seen_to_hazelcast_ms"],
  ["file complete \u2192 in Hazelcast", "complete_to_hazelcast_ms"],
];

async function read(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(ANSWER_MS) });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

function draw(status) {
  const bridge = status.services.find(({ service }) => service === "scan-bridge");
  const overall = document.getElementById("overall");
  overall.textContent = status.status;
  overall.className = `badge ${toneOf(status.status)}`;
  document.title = `${status.status} - DOLPHIN`;
  replace("clock", `${status.checked_at.slice(0, 19).replace("T", " ")} UTC`);
  const link = document.getElementById("temporal-ui");
  link.hidden = status.temporal_ui === null;
  if (status.temporal_ui !== null) link.href = address(status.temporal_ui);
  replace("flow", ...flow(status, bridge));
  drawScan(status.latest_scan, bridge);
  replace("latency", ...latencyRows(bridge?.counters ?? {}));
  replace("services", ...status.services.map(serviceRow));
  replace("servers", ...status.servers.map(serverRow));
}

/** Only http addresses become links. */
function address(text) {
  return /^https?:\/\//.test(text) ? text : `http://${text}`;
}

function flow(status, bridge) {
  const [temporal, hazelcast] = ["temporal", "hazelcast"].map((name) =>
    status.servers.find(({ server }) => server === name),
  );
  const counters = bridge?.counters ?? {};
  const upstream = bridge?.status === "Stale (upstream)" || bridge?.status === "Waiting";
  const age = bridge?.newest_data_age_s ?? null;
  const hung = bridge?.cause === "mount";
  // What is not seen says nothing about the one who writes it.
  const seen = age !== null && ["none", "upstream"].includes(bridge?.cause);
  return [
    node("DolphinNG6", upstream ? "warn" : seen ? "good" : "", [
      age === null ? "not heard yet" : `newest scan ${duration(age)} ago`,
    ]),
    hop("writes"),
    node("Archive", hung ? "bad" : age === null ? "" : "good", [
      hung ? status.archive.state : `${count(bridge?.backlog ?? null)} files waiting`,
    ]),
    hop("seen", counters["complete_to_seen_ms_p50"]),
    node("Scan bridge", bridge === undefined ? "bad" : toneOf(bridge.status), [
      bridge?.status ?? "no supervisor",
      temporal.answered_ms === null ? "Temporal is silent" : "supervised by Temporal",
    ]),
    hop("pushed", counters["seen_to_hazelcast_ms_p50"]),
    node("Hazelcast", hazelcast.answered_ms === null ? "bad" : "good", [
      hazelcast.answered_ms === null ? "does not answer" : `seq ${count(status.latest_scan?.seq)}`,
    ]),
  ];
}

function node(name, tone, lines) {
  const texts = lines.map((line) => element("span", {}, line));
  const kind = tone === "" ? "node" : `node is-${tone}`;
  return element("li", { class: kind }, element("strong", {}, name), ...texts);
}

function hop(what, p50) {
  const figure = typeof p50 === "number" ? `${milliseconds(p50)} ms` : "";
  return element("li", { class: "hop" }, element("span", {}, what), element("span", {}, figure));
}

function drawScan(scan, bridge) {
  replace("scan-number", count(scan?.scan_number ?? null));
  replace("rate", count(bridge?.counters["scans_per_min"] ?? null));
  const facts = [
    ["seq", count(scan?.seq ?? null)],
    ["assets", count(scan?.assets ?? null)],
    ["pushed", scan === null ? "-" : `${duration(scan.age_s)} ago`],
    ["backlog", scan?.replayed ? "yes, replayed" : "no, live"],
  ];
  replace(
    "scan",
    ...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]),
  );
}

function latencyRows(counters) {
  return LATENCIES.map(([name, key]) =>
    element(
      "tr",
      {},
      element("td", {}, name),
      element("td", {}, milliseconds(counters[`${key}_p50`])),
      element("td", {}, milliseconds(counters[`${key}_p99`])),
    ),
  );
}

const SERVICE_LABELS = [
  "Service",
  "Status",
  "Why",
  "PID",
  "Up",
  "Memory",
  "CPU",
  "Backlog",
  "Restarts",
];

function serviceRow(service) {
  const next =
    service.next_try_at === null ? "" : `; next try ${service.next_try_at.slice(11, 19)}`;
  return row(SERVICE_LABELS, [
    element("strong", {}, service.service),
    badge(service.status),
    service.why + next,
    service.pid === null ? "-" : String(service.pid),
    duration(service.up_s),
    service.rss_mb === null ? "-" : `${Math.round(service.rss_mb)} MB`,
    service.cpu_percent === null ? "-" : `${service.cpu_percent.toFixed(1)} %`,
    count(service.backlog),
    `${service.restarts ?? "-"} of ${service.restarts_max}`,
  ]);
}

function serverRow(server) {
  const silent = server.answered_ms === null;
  const problem = server.problem === null ? "" : `: ${server.problem}`;
  const word = silent ? "silent" : `in ${server.answered_ms} ms`;
  return row(
    ["Server", "Address", "Answer"],
    [
      element("strong", {}, server.server),
      server.address,
      element(
        "span",
        {},
        element("span", { class: `badge ${silent ? "bad" : "good"}` }, word),
        silent ? ` no answer in 400 ms${problem}` : "",
      ),
    ],
  );
}

function drawHistory(samples) {
  sparkline(
    "rate-line",
    samples.map((sample) => sample.scans_per_min),
  );
  const first = samples[0];
  const span = first === undefined ? 0 : (Date.now() - Date.parse(first.at)) / 1_000;
  replace("rate-span", span < 1 ? "" : `last ${duration(Math.min(span, 600))}`);
}

function every(periodMs, work) {
  let isDrawn = false;
  const turn = async () => {
    if (!document.hidden || !isDrawn) await work();
    isDrawn = true;
    setTimeout(() => void turn(), periodMs);
  };
  void turn();
}

const notice = document.getElementById("notice");
every(STATUS_EVERY_MS, async () => {
  try {
    draw(await read("/api/status"));
    notice.hidden = true;
  } catch (error) {
    notice.hidden = false;
    notice.textContent = `No news from dolphin (${error.message}): what you see is old. Is it still running?`;
  }
});
every(HISTORY_EVERY_MS, async () => {
  try {
    drawHistory(await read("/api/history"));
  } catch {
    // The status says it already.
  }
});
