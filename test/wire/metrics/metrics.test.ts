import { globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { expositionText, fittingText, type Metric } from "../../../src/wire/metrics/exposition.ts";
import { systemMetrics } from "../../../src/wire/metrics/system-metrics.ts";
import { fullReading, rowOf } from "../../helpers/system-reading.ts";

/** The contract's. */
const NAMES = [
  "dolphin_service_up",
  "dolphin_service_uptime_seconds",
  "dolphin_service_restarts_total",
  "dolphin_data_age_seconds",
  "dolphin_scan_number",
  "dolphin_scan_seq",
  "dolphin_assets",
  "dolphin_scans_total",
  "dolphin_lag_seconds",
  "dolphin_rm_meta",
  "dolphin_sensor",
  "dolphin_posture",
  "dolphin_equity",
  "dolphin_positions",
  "dolphin_trades_total",
  "dolphin_incidents_open",
];
/** Of the page itself. */
const ABOUT_THE_PAGE = ["dolphin_reading_age_seconds", "dolphin_page_whole"];
const deploy = resolve(import.meta.dirname, "../../../deploy");

function valuesOf(metrics: readonly Metric[], name: string) {
  const samples = metrics.find((metric) => metric.name === name)?.samples ?? [];
  return samples.map(({ labels, value }) => [...Object.values(labels), value]);
}

test("the contract's names are reported, each once, counters as counters", () => {
  const metrics = systemMetrics(fullReading());
  const names = metrics.map(({ name }) => name);
  expect(names.filter((name) => NAMES.includes(name)).toSorted()).toEqual(NAMES.toSorted());
  expect(new Set(names).size).toBe(names.length);
  const counters = metrics.filter(({ type }) => type === "counter").map(({ name }) => name);
  expect(counters.toSorted()).toEqual(names.filter((name) => name.endsWith("_total")).toSorted());
});

test("values are those of status and health", () => {
  const metrics = systemMetrics(fullReading());
  expect(valuesOf(metrics, "dolphin_scan_seq")).toEqual([[77]]);
  expect(valuesOf(metrics, "dolphin_service_up")).toContainEqual(["scan-bridge", 1]);
  expect(valuesOf(metrics, "dolphin_service_restarts_total")).toContainEqual(["scan-bridge", 2]);
  expect(valuesOf(metrics, "dolphin_scans_total")).toEqual([
    ["pushed", 77],
    ["duplicates", 1],
    ["quarantined", 2],
  ]);
  expect(valuesOf(metrics, "dolphin_lag_seconds")).toContainEqual([
    "complete_to_hazelcast",
    "0.99",
    0.0125,
  ]);
  expect(valuesOf(metrics, "dolphin_equity")).toEqual([["BLUE", 100_250.5]]);
  expect(valuesOf(metrics, "dolphin_posture")).toContainEqual(["BLUE", "APEX", 1]);
  expect(valuesOf(metrics, "dolphin_rm_meta")).toEqual([[0.9]]);
  expect(valuesOf(metrics, "dolphin_sensor")).not.toContainEqual(["m5_coherence", 0]);
  expect(valuesOf(metrics, "dolphin_incidents_open")).toEqual([
    ["info", 0],
    ["warning", 3],
    ["critical", 0],
  ]);
});

test("the watchdog's own counters, channels, breakers and incidents are reported", () => {
  const metrics = systemMetrics(fullReading());
  const valuesNamed = (name: string) => valuesOf(metrics, `dolphin_${name}`);
  expect(valuesNamed("watchdog_up")).toEqual([[1]]);
  expect(valuesNamed("watchdog_start_time_seconds")).toEqual([
    [Date.parse("2026-03-25T03:00Z") / 1_000],
  ]);
  expect(valuesNamed("watchdog_rounds_total")).toEqual([[7_200]]);
  expect(valuesNamed("watchdog_publications_total")).toEqual([
    ["ok", 3_600],
    ["failed", 4],
  ]);
  expect(valuesNamed("safety_posture")).toContainEqual(["STALKER", 1]);
  expect(valuesNamed("safety_posture_changes_total")).toContainEqual(["fall", 5]);
  expect(valuesNamed("alert_attempts_total")).toEqual([
    ["hook", "delivered", 9],
    ["hook", "failed", 8],
    ["hook", "given_up", 1],
  ]);
  expect(valuesNamed("alert_breaker_open")).toEqual([["hook", 1]]);
  expect(valuesNamed("alerts_waiting_seconds")).toEqual([["hook", 30]]);
  expect(valuesNamed("incidents_total")).toEqual([[17]]);
  expect(valuesNamed("incidents_open_by_rule")).toEqual([["stale_data", 3]]);
  expect(valuesNamed("venue_breaker_open")).toEqual([["deribit", 1]]);
  expect(valuesNamed("venue_blocked")).toEqual([["deribit", 0]]);
});

test("a watchdog that is silent is 0, one that never was is left out, an older one counts nothing", () => {
  const reading = fullReading();
  const silent = systemMetrics({ ...reading, watchdog: "silent" });
  expect(valuesOf(silent, "dolphin_watchdog_up")).toEqual([[0]]);
  expect(valuesOf(silent, "dolphin_safety_posture")).toEqual([]);
  const none = systemMetrics({ ...reading, watchdog: null });
  expect(valuesOf(none, "dolphin_watchdog_up")).toEqual([]);
  if (reading.watchdog === null || reading.watchdog === "silent") throw new Error("it is there");
  const { figures: _figures, ...older } = reading.watchdog;
  const page = systemMetrics({ ...reading, watchdog: older });
  expect(valuesOf(page, "dolphin_watchdog_up")).toEqual([[1]]);
  expect(valuesOf(page, "dolphin_watchdog_rounds_total")).toEqual([]);
});

test("what nobody knows has no sample, and its family is left out", () => {
  const { status } = fullReading();
  const unknown = { ...rowOf("scan-bridge"), pid: null, life: null, source: "none" } as const;
  const services = [{ ...unknown, last_seq: null, newest_data_age_s: null, counters: {} }];
  const text = expositionText(
    systemMetrics({
      status: { ...status, services, latest_scan: null },
      health: null,
      incidents: null,
      watchdog: null,
      venues: null,
      nowMs: 0,
    }),
  );
  for (const name of ["service_up", "scan_seq", "rm_meta", "equity", "incidents_open"]) {
    expect(text).not.toContain(`# TYPE dolphin_${name} `);
  }
  expect(text).toContain('dolphin_server_up{server="temporal"} 1');
});

test("labels are escaped: a name cannot write a line of its own", () => {
  const metric: Metric = {
    name: "a",
    type: "gauge",
    help: "two\nlines",
    samples: [{ labels: { name: 'x"\n\\dolphin_up 1' }, value: 2 }],
  };
  expect(expositionText([metric])).toBe(
    '# HELP a two\\nlines\n# TYPE a gauge\na{name="x\\"\\n\\\\dolphin_up 1"} 2\n',
  );
});

function family(name: string): string {
  return `# HELP ${name} x\n# TYPE ${name} gauge\n${name} 1\n`;
}

test("another program's metrics are cut at a family, never within one", () => {
  const text = `${family("one")}${family("two")}${family("three")}# EOF\n`;
  expect(fittingText(text, 1_000)).toEqual({ text: text.replace("# EOF\n", ""), isWhole: true });
  expect(fittingText(text, 2 * family("one").length + 3)).toEqual({
    text: family("one") + family("two"),
    isWhole: false,
  });
  expect(fittingText(text, 0)).toEqual({ text: "", isWhole: false });
});

test("rules and dashboard use no metric that nobody serves", () => {
  const names = [...systemMetrics(fullReading()).map(({ name }) => name), ...ABOUT_THE_PAGE];
  const files = globSync("{prometheus,grafana}/**/*.{json,yml}", { cwd: deploy });
  expect(files.length).toBeGreaterThan(3);
  for (const file of files) {
    const text = readFileSync(resolve(deploy, file), "utf8");
    const asked = [...text.matchAll(/\bdolphin_[a-z_]+/g)].map(([name]) => name);
    expect({ file, unknown: asked.filter((name) => !names.includes(name)) }).toEqual({
      file,
      unknown: [],
    });
  }
});
