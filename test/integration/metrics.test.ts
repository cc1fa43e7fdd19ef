/** /metrics as its users see it: over HTTP, and scraped by a real Prometheus with our rules. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findFreePort } from "../../src/embedded/ports/ports.ts";
import { type MetricsOptions, serveMetrics } from "../../src/workers/metrics/serve-metrics.ts";
import { sendSignal, until } from "../helpers/processes.ts";
import { spawnSync } from "../helpers/run-program.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { fullReading } from "../helpers/system-reading.ts";

const NO_PROMETHEUS = "Prometheus is not installed: apt-get install prometheus";
const DEPLOY = resolve(import.meta.dirname, "../../deploy/prometheus");
/** The contract's. */
const PAGE_BYTES_MAX = 200_000;

let dir = "";
let port = 0;
let open: { stop(): Promise<void> }[] = [];
let server: ChildProcess | null = null;
beforeEach(async () => {
  dir = makeTemporaryDirectory("metrics");
  port = await findFreePort();
  open = [];
  server = null;
});
afterEach(async () => {
  for (const one of open) await one.stop();
  await end(server);
  removeTemporaryDirectory(dir);
});

async function end(child: ChildProcess | null): Promise<void> {
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  sendSignal(child.pid, "SIGKILL");
  await exited;
}

/** With a system's values that a test knows. */
function serve(changes: Partial<MetricsOptions> = {}) {
  const said: string[] = [];
  const { status } = fullReading();
  const served = serveMetrics({
    port,
    dataDir: dir,
    sdkUrl: null,
    reader: async () => ({ read: async () => status }),
    say: (line) => said.push(line),
    ...changes,
  });
  open.push(served);
  return { ...served, said };
}

async function scrape(path = "/metrics", init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  return { code: response.status, text: await response.text() };
}

async function untilShown(line: string): Promise<string> {
  let text = "";
  const isShown = async () => {
    text = await scrape().then(
      (answer) => answer.text,
      () => "",
    );
    return text.includes(line);
  };
  await until(isShown, { ms: 60_000, tell: () => text });
  return text;
}

function findProgram(name: string): string | null {
  const folders = ["/usr/bin", ...(process.env["PATH"] ?? "").split(":")];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

test("the page has our metrics and those of Temporal's SDK, is small, and only reads", async () => {
  const sdkPort = await findFreePort();
  const { createServer } = await import("node:http");
  const sdk = createServer((_request, response) => {
    response.end("# HELP temporal_x y\n# TYPE temporal_x counter\ntemporal_x 5\n# EOF\n");
  });
  sdk.listen(sdkPort, "127.0.0.1");
  open.push({ stop: async () => void sdk.close() });
  serve({ sdkUrl: `http://127.0.0.1:${sdkPort}/metrics` });
  const text = await untilShown("dolphin_scan_seq 77");
  expect(text).toContain("\ntemporal_x 5\n");
  expect(text).toContain("\ndolphin_page_whole 1\n");
  expect(Buffer.byteLength(text)).toBeLessThan(PAGE_BYTES_MAX);
  expect((await scrape("/metrics", { method: "POST" })).code).toBe(405);
  expect((await scrape("/other")).code).toBe(404);
  const { request } = await import("node:http");
  const [foreign] = await once(
    request({ port, host: "127.0.0.1", path: "/metrics", headers: { host: "evil.example" } }).end(),
    "response",
  );
  foreign.resume();
  expect(foreign.statusCode).toBe(403);
  const promtool = findProgram("promtool");
  if (promtool === null) return;
  const checked = spawnSync(promtool, ["check", "metrics"], { input: text, encoding: "utf8" });
  // Its advice on names counts for little beside the contract's.
  expect(checked.stderr).not.toContain("error while linting");
});

test("a second worker serves nothing until the first has ended, then at once what it reads", async () => {
  const first = serve();
  await untilShown("dolphin_scan_seq 77");
  const { status } = fullReading();
  const latest_scan = { ...status.latest_scan!, seq: 99 };
  const second = serve({
    reader: async () => ({ read: async () => ({ ...status, latest_scan }) }),
  });
  await until(() => 0 < second.said.length, { ms: 60_000, tell: () => "nothing was said" });
  expect(second.said[0]).toContain("another process serves them there");
  await first.stop();
  await untilShown("dolphin_scan_seq 99");
});

test("rules and configuration hold for promtool", (context) => {
  const promtool = findProgram("promtool");
  if (promtool === null) return context.skip(NO_PROMETHEUS);
  const run = (...args: string[]) =>
    spawnSync(promtool, args, { cwd: DEPLOY, encoding: "utf8", timeout: 60_000 });
  expect(run("check", "config", "prometheus.yml")).toMatchObject({ status: 0 });
  expect(run("test", "rules", "dolphin.rules.test.yml")).toMatchObject({ status: 0 });
});

test("a real Prometheus scrapes it, and notices when it vanishes", async (context) => {
  const prometheus = findProgram("prometheus");
  if (prometheus === null) return context.skip(NO_PROMETHEUS);
  const served = serve();
  await untilShown("dolphin_scan_seq 77");
  const valueOf = await startPrometheus(prometheus);
  await untilAre(valueOf, { dolphin_scan_seq: "77", [UP]: "1", [NO_BLUE]: null });
  await served.stop();
  const ends = await untilAre(valueOf, { [UP]: "0", [NO_BLUE]: "1", [SILENT]: "1" });
  expect(ends).toEqual({ [UP]: "0", [NO_BLUE]: "1", [SILENT]: "1" });
});

const UP = 'up{job="dolphin"}';
const NO_BLUE = 'absent(dolphin_equity{book="BLUE"})';
const SILENT = 'ALERTS{alertname="DolphinSilent"}';

type Values = Readonly<Record<string, string | null>>;

/** Null: it has no value. */
async function untilAre(
  valueOf: (expression: string) => Promise<string | null>,
  wanted: Values,
): Promise<Values> {
  let found: Values = {};
  const areSo = async () => {
    const names = Object.keys(wanted);
    const values = await Promise.all(names.map((name) => valueOf(name).catch(() => "no answer")));
    found = Object.fromEntries(names.map((name, at) => [name, values[at] ?? null]));
    return names.every((name) => found[name] === wanted[name]);
  };
  await until(areSo, { ms: 90_000, tell: () => JSON.stringify(found) });
  return found;
}

async function startPrometheus(program: string) {
  copyFileSync(join(DEPLOY, "dolphin.rules.yml"), join(dir, "dolphin.rules.yml"));
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: ["dolphin.rules.yml"],
    scrape_configs: [{ job_name: "dolphin", static_configs: [{ targets: [`127.0.0.1:${port}`] }] }],
  };
  writeFileSync(join(dir, "prometheus.yml"), JSON.stringify(config));
  const listen = `127.0.0.1:${await findFreePort()}`;
  server = spawn(
    program,
    [
      `--config.file=${join(dir, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(dir, "tsdb")}`,
      `--web.listen-address=${listen}`,
    ],
    { stdio: "ignore" },
  );
  return async (expression: string): Promise<string | null> => {
    const url = `http://${listen}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const { data } = JSON.parse(await (await fetch(url)).text());
    return data.result[0]?.value[1] ?? null;
  };
}
