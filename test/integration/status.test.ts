/** What an operator sees of a real system: healthy, with a server that is silent, without scans. */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { connectHazelcast } from "../../src/adapters/hazelcast/hazelcast-client.ts";
import { readHealthReport } from "../../src/adapters/health/health-outlets.ts";
import { askControl, controlSocketPath } from "../../src/adapters/control/ask-control.ts";
import { isProcessAlive } from "../../src/adapters/process/process-facts.ts";
import { connectTemporal } from "../../src/adapters/temporal-client.ts";
import { questionIn } from "../../src/cli/quick/question.ts";
import { type HealthReport, parseHealthReport } from "../../src/wire/health/health-report.ts";
import { type UpFile, UpSummary } from "../../src/wire/up-file.ts";
import { supervisorIdOf } from "../../src/workflows/names.ts";
import { goOn, killProcessesOn, processesOn, sendSignal, until } from "../helpers/processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { Status } from "../helpers/status.ts";
import { DOLPHIN, type RunningUp, startUp } from "../helpers/up.ts";
import { spawnSync } from "../helpers/run-program.ts";

const Answer = z.object({ kind: z.string(), exit: z.number(), out: z.string() });
const Commanded = z.array(z.looseObject({ pid: z.number().nullable() }));

/** For other machines: all of this file runs beside it, and loopback must go past it. */
const proxy = "http://127.0.0.1:9";
const PROXY_NAMES = ["http_proxy", "HTTP_PROXY", "https_proxy", "grpc_proxy", "all_proxy"];
const DEAD_PROXY = {
  ...Object.fromEntries(PROXY_NAMES.map((name) => [name, proxy])),
  no_proxy: "",
  NO_PROXY: "",
};

let parent = "";
let running: RunningUp;
let up: UpFile;

beforeAll(async () => {
  parent = makeTemporaryDirectory("status");
  running = startUp(join(parent, "data"), ["--demo", "--ports", "auto"], DEAD_PROXY);
  up = await running.untilUp();
  await healthyReading();
});
afterAll(() => {
  killProcessesOn(parent);
  removeTemporaryDirectory(parent);
});

function dolphin(...args: string[]) {
  const env = { ...process.env, ...DEAD_PROXY };
  const data = join(parent, "data");
  return spawnSync(DOLPHIN, ["--data-dir", data, ...args], { encoding: "utf8", env });
}

function readStatus() {
  const { status: exitCode, stdout } = dolphin("status", "--json");
  return { exitCode, ...Status.parse(JSON.parse(stdout)) };
}

type Reading = ReturnType<typeof readStatus>;

/** The first reading of which this holds: on a busy machine one may be of a moment in between. */
async function readingWhere(holds: (reading: Reading) => boolean): Promise<Reading> {
  let reading = readStatus();
  const isSo = () => {
    reading = readStatus();
    return holds(reading);
  };
  const tell = () => `${JSON.stringify(reading)}\n${running.output()}`;
  await until(isSo, { ms: 60_000, tell });
  return reading;
}

function healthIn(dir: string): HealthReport | null {
  return readHealthReport(dir, Date.now())?.report ?? null;
}

/** The report of a later sample that says so. */
async function healthWhere(
  says: (report: HealthReport) => boolean,
  dir = join(parent, "data"),
): Promise<HealthReport> {
  let report = healthIn(dir);
  const isSo = () => {
    report = healthIn(dir);
    return report !== null && says(report);
  };
  await until(isSo, { ms: 60_000, tell: () => JSON.stringify(report) });
  return report!;
}

const healthyReading = () => readingWhere(({ exitCode }) => exitCode === 0);

const words = () => dolphin("status").stdout;

const silentIn = ({ servers }: Reading) =>
  servers.flatMap(({ server, answered_ms: ms }) => (ms === null ? [server] : []));

const isUpstream = ({ roots: [root, more] }: HealthReport) =>
  more === undefined && root?.kind === "upstream";

/** What M3 says of feeds that programs beside us push. */
const partsOf = ({ sensors }: HealthReport) =>
  sensors.m3_data_freshness.parts
    .filter(({ subject }) => ["exf", "esof", "order book"].includes(subject))
    .map(({ score, says }) => [score, says]);

/** The demo's venues decide whether the streamer has anything to stream. */
const isMain = ({ service }: { readonly service: string }) => service !== "order-book";
const isGreen = ({ status, roots }: HealthReport) => status === "GREEN" && roots.length === 0;

describe("dolphin status of a healthy system", () => {
  test("says so in words, in JSON and by its exit code", async () => {
    const reading = await healthyReading();
    const { exitCode, status, services, servers, latest_scan } = reading;
    expect([exitCode, status]).toEqual([0, "Healthy"]);
    expect(services.filter(isMain)).toMatchObject([
      { service: "scan-bridge", status: "Healthy", source: "temporal", restarts: 0 },
      { service: "trader-blue", status: "Healthy", source: "temporal", restarts: 0 },
      // Nobody asked for it, so it says nothing of the system.
      { service: "trader-green", status: "Stopped", source: "temporal", restarts: 0 },
      { service: "bookkeeper", status: "Healthy", source: "temporal", restarts: 0 },
      { service: "health", status: "Healthy", source: "temporal", restarts: 0 },
    ]);
    expect(services[0]?.pid).toBe(up.services["scan-bridge"]?.pid);
    expect(services[0]?.why).toMatch(/^newest data \d+ s old$/);
    for (const server of servers) expect(server.answered_ms).toBeGreaterThan(0);
    expect(latest_scan?.seq).toBeGreaterThan(0);
    const isShown = () => /scan-bridge\s+Healthy\s+\d+/.test(words());
    await until(isShown, { ms: 60_000, tell: words });
    expect(services[1]?.["counters"]).toMatchObject({ book: "BLUE", warm: "yes" });
  });

  test("the metrics say what status says, and what Temporal's SDK reports", async () => {
    let text = "";
    const bridge = '{service="scan-bridge"}';
    const lines = ["temporal_", "dolphin_rm_meta ", 'dolphin_equity{book="BLUE"} '];
    lines.push(`dolphin_service_up${bridge} 1`, `dolphin_service_restarts_total${bridge} 0`);
    const isShown = async () => {
      text = await fetch(up.metrics!).then((page) => page.text());
      return lines.every((line) => text.includes(`\n${line}`)) && /_scan_seq [1-9]/.test(text);
    };
    await until(isShown, { ms: 60_000, tell: () => text });
    const { latest_scan } = await readingWhere((reading) => reading.latest_scan !== null);
    const shownSeq = Number(/^dolphin_scan_seq (\d+)$/m.exec(text)?.[1]);
    expect(shownSeq).toBeLessThanOrEqual(latest_scan!.seq);
  });

  test("says the same as the Web UI, and the dashboard says the same as both", async () => {
    const temporal = connectTemporal(up.temporal);
    const supervisor = temporal.client.workflow.getHandle(supervisorIdOf("scan-bridge"));
    let shown = "";
    const isWell = async () => {
      const { memo } = await supervisor.describe();
      const response = await fetch(`${up.dashboard}/api/status`);
      const [bridge] = Status.parse(await response.json()).services;
      shown = JSON.stringify([memo?.["status"], bridge]);
      return shown.includes('"word":"Healthy"') && bridge?.status === "Healthy";
    };
    await until(isWell, { ms: 60_000, tell: () => shown });
    await temporal.close();
    expect(shown).toContain(`"pid":${readStatus().services[0]?.pid},`);
  });

  test("config shows what comes from the running system; logs show its services", () => {
    const config = dolphin("config").stdout;
    expect(config).toMatch(/\(temporal\) address +127\.0\.0\.1:\d+ +the running dolphin up/);
    expect(dolphin("logs", "scan-bridge").stdout).toContain("[Bridge]");
    expect(dolphin("logs", "-n", "500").stdout).toMatch(/ up +.* scan-bridge +/s);
  });
});

describe("dolphin status with a silent server", () => {
  test.each([
    ["temporal", "hazelcast", /Temporal does not answer, this comes from its run file and its/],
    ["hazelcast", "temporal", /./],
  ])("%s stopped: exit 3, %s tells the rest", async (name, source, why) => {
    const pid = up.services[name]?.pid;
    // It would replace the server after half a minute, in which a busy machine answers one or two questions.
    for (const stopped of [running.pid, pid]) sendSignal(stopped, "SIGSTOP");
    try {
      // The other one answers, in its time.
      const reading = await readingWhere((found) => silentIn(found).join() === name);
      const { exitCode, status, services } = reading;
      expect([exitCode, status]).toEqual([3, "Server silent"]);
      expect(services.filter(isMain)).toMatchObject([
        { pid: up.services["scan-bridge"]?.pid, source },
        { pid: up.services["trader-blue"]?.pid, source },
        { service: "trader-green", pid: null },
        { pid: up.services["bookkeeper"]?.pid, source },
        { pid: up.services["health"]?.pid, source },
      ]);
      expect(services[0]?.why).toMatch(why);
      // Until those who work with it have noticed, it answers them; Temporal is for who keeps it.
      const mends = name === "hazelcast" ? "restart-server" : "none";
      const { status: word, roots } = await healthWhere((report) =>
        report.roots.some(({ kind, remedy }) => kind === name && remedy.kind === mends),
      );
      expect(word).not.toBe("GREEN");
      expect(roots.find(({ subject }) => subject === name)).toMatchObject({
        owner: "ours",
        remedy: { kind: mends },
      });
      expect(roots.filter(({ remedy }) => remedy.kind === "restart-service")).toEqual([]);
    } finally {
      for (const stopped of [pid, running.pid]) sendSignal(stopped, "SIGCONT");
    }
    await healthyReading();
  });
});

describe("dolphin health", () => {
  test("is GREEN without a cause, and samples by itself where it is asked to", async () => {
    await healthWhere(isGreen);
    // On a busy machine a server may be late for one sample.
    for (const how of [[], ["--once"]]) {
      const runHealth = () => dolphin("health", ...how);
      const saysSo = () => {
        const { status, stdout } = runHealth();
        return status === 0 && stdout.startsWith("DOLPHIN  GREEN  rm_meta");
      };
      await until(saysSo, { ms: 60_000, tell: () => runHealth().stdout });
    }
    const { history } = JSON.parse(dolphin("health", "--json", "--since", "1h").stdout);
    expect(history.filter((row: { status: string }) => row.status === "GREEN")).not.toEqual([]);
  });

  test("values of strangers are reported with the reason, and stop nothing", async () => {
    const hazelcast = await connectHazelcast({
      address: up.hazelcast,
      cluster: up.cluster,
      name: "stranger",
      deadlineMs: 60_000,
    });
    await hazelcast.waitConnected(60_000);
    const features = await hazelcast.client.getMap<string, unknown>("DOLPHIN_FEATURES");
    const published = await hazelcast.client.getMap<string, unknown>("DOLPHIN_META_HEALTH");
    const strange: Record<string, unknown> = {
      exf_latest: "x".repeat(9_000_000),
      esof_latest: JSON.stringify({ as_of: "2099-01-01T00:00:00Z", _pushed_at: Number.NaN }),
      ob_features_latest: 7,
    };
    for (const [key, value] of Object.entries(strange)) await features.set(key, value);
    const found = await healthWhere((report) => partsOf(report).length === 3);
    expect(partsOf(found)).toEqual([
      [0, "order book: the stored value is not a text"],
      [0, "exf: the stored value has 9000000 characters, at most 524288 are read"],
      [null, expect.stringMatching(/^esof: its time is .* ahead of this machine's clock$/)],
    ]);
    for (const key of Object.keys(strange)) await features.delete(key);
    await healthWhere((report) => isGreen(report) && partsOf(report).length === 0);
    expect(parseHealthReport(String(await published.get("latest")))).not.toBeNull();
    await hazelcast.shutdown();
  });
});

describe("an operator's commands to the trader", () => {
  test("are done at once while Temporal is silent, and say so where no trader runs", () => {
    const pid = up.services["temporal"]?.pid;
    sendSignal(pid, "SIGSTOP");
    try {
      expect(dolphin("halt", "BLUE").stdout).toMatch(
        /^BLUE: halt by .*; (flat|1 open), equity .*, halted/,
      );
      expect(JSON.parse(dolphin("flatten", "BLUE", "--json", "--id", "f").stdout)).toMatchObject({
        id: "f",
        ok: true,
        status: { halted: true },
      });
      expect(dolphin("enter", "BLUE", "BTCUSDT", "--direction", "long")).toMatchObject({
        status: 1,
        stdout: expect.stringMatching(/^BLUE: enter by .*: halted: the book is halted until/),
      });
      expect(dolphin("resume", "BLUE").stdout).toMatch(/, (trading|warming), /);
    } finally {
      goOn(pid);
    }
    const green = dolphin("halt", "GREEN");
    expect(green.status).toBe(1);
    expect(green.stderr).toContain("no trader of GREEN runs on");
    expect(dolphin("halt", "PURPLE").status).toBe(64);
  });
});

describe("dolphin restart all", () => {
  test("restarts what runs, and starts nothing that is stopped", async () => {
    const before = readStatus().services;
    const { status, stdout, stderr } = dolphin("restart", "all");
    expect({ status, stdout, stderr }).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(
        /^scan-bridge: .*\ntrader-blue: .*\nbookkeeper: .*\n(order-book: .*\n)?health: .*\n$/,
      ),
      stderr: expect.stringContaining("dolphin: trader-green is stopped, and stays so\n"),
    });
    const after = (await healthyReading()).services;
    const stopped = (services: typeof after) =>
      services.filter((one) => one.pid === null && isMain(one));
    expect(stopped(after)).toMatchObject([{ service: "trader-green", status: "Stopped" }]);
    const keptPids = after.filter(({ pid }, at) => pid !== null && pid === before[at]?.pid);
    expect(keptPids).toEqual([]);
  });
});

describe("a running `up`", () => {
  test("has a worker that answers for the command line, and executes once what it is asked twice", async () => {
    const data = join(parent, "data");
    const asked = questionIn(["--data-dir", data, "restart", "scan-bridge", "--json"], {
      env: {},
      cwd: parent,
    });
    const before = readStatus().services[0]?.pid;
    const request = JSON.stringify({ kind: "ask", question: asked?.question });
    const ask = async () => {
      const limits = { withinMs: 120_000, answerCharsMax: 100_000 };
      const line = await askControl(controlSocketPath(data, "worker"), request, limits);
      const { kind, exit, out } = Answer.parse(JSON.parse(line));
      expect([kind, exit]).toEqual(["answer", 0]);
      return Commanded.parse(JSON.parse(out));
    };
    const [first, second] = [await ask(), await ask()];
    expect(second).toEqual(first);
    expect(first[0]?.pid).not.toBe(before);
    expect((await healthyReading()).services[0]?.pid).toBe(first[0]?.pid);
  });

  test("that is frozen keeps no verb from its answer", async () => {
    sendSignal(running.pid, "SIGSTOP");
    try {
      expect((await healthyReading()).exitCode).toBe(0);
      const start = () => dolphin("start", "scan-bridge").stdout;
      await until(() => start().includes("scan-bridge: Healthy"), { ms: 60_000, tell: start });
    } finally {
      sendSignal(running.pid, "SIGCONT");
    }
  });
});

describe("dolphin status without", () => {
  test("anything running: both servers silent, and no process is made up", () => {
    const { status, stdout } = spawnSync(
      DOLPHIN,
      ["--data-dir", join(parent, "nothing"), "status", "--json"],
      {
        encoding: "utf8",
        env: {
          PATH: process.env["PATH"],
          TEMPORAL_ADDRESS: "127.0.0.1:1",
          DOLPHIN_HAZELCAST_ADDRESS: "127.0.0.1:1",
        },
      },
    );
    expect(status).toBe(3);
    const { services } = Status.parse(JSON.parse(stdout));
    const down = { status: "Down", pid: null, source: "none" };
    expect(services).toMatchObject(services.map(() => down));
  });

  test("scans: waiting for the upstream engine is a warning, not a fault", async () => {
    const dir = join(parent, "idle");
    const archive = join(parent, "empty");
    mkdirSync(archive);
    const summary = join(parent, "idle.json");
    const idle = startUp(dir, ["--ports", "auto", "--archive", archive, "--summary", summary]);
    await idle.untilUp();
    const runStatus = () => spawnSync(DOLPHIN, ["--data-dir", dir, "status"], { encoding: "utf8" });
    const tell = () => `${runStatus().stdout}\n${idle.output()}`;
    // The trader may wait before the bridge has begun.
    let seen = runStatus();
    const isWaiting = () => {
      seen = runStatus();
      return seen.status === 1 && seen.stdout.includes("no scan in the archive yet");
    };
    await until(isWaiting, { ms: 60_000, tell });
    expect(seen.status).toBe(1);
    // Nobody of ours is to blame, and nobody is restarted.
    expect(await healthWhere(isUpstream, dir)).toMatchObject({
      status: "DEGRADED",
      roots: [{ id: "upstream:scan", owner: "upstream", remedy: { kind: "none" } }],
    });
    sendSignal(idle.pid, "SIGTERM");
    expect((await idle.ended).code).toBe(1);
    const { ok, problems } = UpSummary.parse(JSON.parse(readFileSync(summary, "utf8")));
    expect([ok, problems.join("\n")]).toEqual([
      false,
      expect.stringContaining("no scan was written"),
    ]);
  });
});

test("a second signal to a running `up` does not wait, and leaves nothing", async () => {
  sendSignal(running.pid, "SIGTERM");
  await until(() => running.output().includes("stopping"), { ms: 60_000, tell: running.output });
  // Signals that come together are one: npm passes a Ctrl-C on that has arrived already.
  await delay(500);
  if (isProcessAlive(running.pid, null)) sendSignal(running.pid, "SIGTERM");
  await running.ended;
  await until(() => processesOn(parent).length === 0, { ms: 60_000, tell: running.output });
  expect(processesOn(parent)).toEqual([]);
});
