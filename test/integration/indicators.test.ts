/** Indicators on real servers: by the guide, by schedule, and with twenty concurrent writers. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import {
  connectHazelcast,
  type HazelcastHandle,
} from "../../src/adapters/hazelcast/hazelcast-client.ts";
import { createForewarnReader } from "../../src/adapters/safety/safety-readers.ts";
import type { ForewarnResult } from "../../src/workflows/messages/forewarn.ts";
import { projectionPath } from "../../src/operations/event-log/event-log-maintenance.ts";
import { foldTrader } from "../../src/operations/projection/trader-fold.ts";
import { TradingProjection } from "../../src/operations/projection/trading-projection.ts";
import { SESSION_CONFIGURATION } from "../helpers/trading-session.ts";
import { createFeatureStore } from "../../src/adapters/indicators/feature-store.ts";
import { connectTemporal, type TemporalClient } from "../../src/adapters/temporal-client.ts";
import type { HazelcastMember } from "../../src/embedded/hazelcast-member.ts";
import {
  type SimulatedVenues,
  startSimulatedVenues,
} from "../../src/embedded/simulated-venues/simulated-venues.ts";
import type { TemporalServer } from "../../src/embedded/temporal-server.ts";
import { mergedLatest } from "../../src/wire/indicators/indicator-values.ts";
import { until } from "../helpers/processes.ts";
import {
  environmentOf,
  makeTemporaryDirectory,
  removeTemporaryDirectory,
  startTestHazelcast,
  startTestTemporal,
} from "../helpers/servers.ts";

const CLI = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const GUIDE = fileURLToPath(new URL("../../docs/add-an-indicator.md", import.meta.url));
const dir = makeTemporaryDirectory("indicators");
const file = join(dir, "dolphin.yaml");
let server: TemporalServer;
let member: HazelcastMember;
let temporal: TemporalClient;
let hazelcast: HazelcastHandle;
let venues: SimulatedVenues;
let worker: ChildProcess | null = null;
const tides = createServer((_, response) =>
  response.end(JSON.stringify({ height: "1.25", time: Date.now() })),
);

beforeAll(async () => {
  mkdirSync(join(dir, "logs"), { recursive: true });
  [server, member, venues] = await Promise.all([
    startTestTemporal(dir),
    startTestHazelcast(dir),
    startSimulatedVenues({ port: 0, nowMs: () => Date.now() }),
    new Promise<void>((settle) => tides.listen(0, "127.0.0.1", settle)),
  ]);
  temporal = connectTemporal(server.address);
  const address = member.address;
  hazelcast = await connectHazelcast({
    address,
    cluster: "dolphin",
    name: "test",
    deadlineMs: 20_000,
  });
  await hazelcast.waitConnected(60_000);
});
afterAll(async () => {
  if (worker !== null) {
    const exited = once(worker, "exit");
    worker.kill("SIGTERM");
    await exited;
  }
  tides.close();
  await venues.stop();
  await hazelcast.shutdown();
  await temporal.close();
  await Promise.all([server.stop(), member.stop()]);
  removeTemporaryDirectory(dir);
});

function environment(): NodeJS.ProcessEnv {
  return environmentOf(server, {
    DOLPHIN_CONFIG: file,
    DOLPHIN_DATA_DIR: dir,
    DOLPHIN_HAZELCAST_ADDRESS: member.address,
  });
}

type Ended = { readonly code: number; readonly out: string; readonly err: string };

function dolphin(...args: string[]): Promise<Ended> {
  return dolphinIn({}, args);
}

function dolphinIn(differs: NodeJS.ProcessEnv, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...NODE_FLAGS, CLI, ...args],
      { env: { ...environment(), ...differs }, timeout: 120_000 },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

async function readValue(key: string): Promise<Record<string, unknown>> {
  const map = await hazelcast.client.getMap<string, string>("DOLPHIN_FEATURES");
  return JSON.parse((await map.get(key)) ?? "null");
}

/** JSON is YAML. */
function declare(indicators: object): void {
  writeFileSync(file, JSON.stringify({ indicators }));
}

function schedule(name: string) {
  return temporal.client.schedule.getHandle(`indicator-${name}`);
}

/** The first block of this language. */
function guide(language: string): string {
  const found = new RegExp("```" + language + "\\n([\\s\\S]*?)```").exec(
    readFileSync(GUIDE, "utf8"),
  );
  return found?.[1] ?? "";
}

test("who follows the guide has a new indicator by one file and one line", async () => {
  writeFileSync(join(dir, "tide.ts"), guide("ts"));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a TCP server has no other address
  const { port } = tides.address() as AddressInfo;
  const line = guide("yaml").replace("./tide.ts", `./tide.ts, url: 'http://127.0.0.1:${port}'`);
  writeFileSync(file, line);
  const unserved = await dolphin("indicators", "refresh", "tide");
  expect(unserved).toMatchObject({ code: 1 });
  expect(unserved.err).toContain("no worker polls dolphin-indicators");
  worker = spawn(process.execPath, [...NODE_FLAGS, CLI, "worker", "indicators", "batch"], {
    env: environment(),
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(worker.stdout!, "data");
  await until(async () => (await dolphin("indicators", "refresh", "tide")).code === 0, {
    ms: 120_000,
    tell: () => "tide was not read",
  });
  expect(await readValue("exf_tide")).toMatchObject({ value: 1.25, unit: "m", source: "tides" });
  const { code, out } = await dolphin("indicators", "history", "tide", "--json");
  expect(code).toBe(0);
  const rows: { pushed_at: string | null }[] = JSON.parse(out);
  expect(rows[0]).toMatchObject({ series: "tide.pier", value: 1.25, unit: "m" });
  expect(rows[0]?.pushed_at).not.toBeNull();
});

test("create makes a schedule of each, keeps an operator's pause, and pauses what is not declared any more", async () => {
  const { url } = venues;
  declare({ funding: { url, every_s: 1 }, fear_greed: { url }, dvol: { url } });
  const made = await dolphin("create");
  expect(made.out).toContain("schedule indicator-funding: created");
  // Started by the schedule, in a worker that was there before the indicator was.
  await until(async () => (await readValue("exf_funding")) !== null, {
    ms: 120_000,
    tell: () => "funding was not read",
  });
  expect(await readValue("exf_funding")).toMatchObject({ source: "simulated binance-usdm" });
  // Daily ones are made up for once, and those of a minute are not.
  expect((await schedule("fear_greed").describe()).policies.catchupWindow).toBe(1_800_000);
  expect((await schedule("dvol").describe()).policies.catchupWindow).toBe(10_000);
  await schedule("dvol").pause("the venue moves house");
  declare({ fear_greed: { url, every_s: 900 }, dvol: { url } });
  // The server lists schedules some time after they exist.
  let again = "";
  await until(
    async () => {
      again += (await dolphin("create")).out;
      return (await schedule("funding").describe()).state.paused;
    },
    { ms: 120_000, tell: () => again },
  );
  expect(again).toContain("indicator-fear_greed: changed every_s from 1800 to 900");
  expect(again).toContain("indicator-dvol: unchanged, paused: the venue moves house");
  expect(again).toContain("indicator-funding: changed enabled from true to false");
  declare({ funding: { url }, fear_greed: { url, every_s: 900 }, dvol: { url } });
  const back = await dolphin("create");
  expect(back.out).toContain("indicator-funding: changed enabled from false to true");
});

test("of twenty writers into exf_latest at once none loses its update", async () => {
  const names = Array.from({ length: 20 }, (_, nth) => `writer_${nth}`);
  const store = createFeatureStore(hazelcast);
  const at = { map: "DOLPHIN_FEATURES", key: "exf_latest" };
  const about = { unit: "", source: "", sourceHash: "", fetchedUs: 0, nextMs: null, note: null };
  const write = (name: string, value: number) =>
    store.change(at, (before) =>
      mergedLatest(before, {
        name,
        first: "",
        values: [{ label: "", value, asOfMs: value, ...about }],
        pace: { warnS: 1, staleS: 1 },
        pushedUs: value,
      }),
    );
  await Promise.all(
    names.map(async (name) => {
      for (let value = 1; value <= 5; value += 1) await write(name, value);
    }),
  );
  const latest = await readValue("exf_latest");
  expect(names.map((name) => latest[name])).toMatchObject(names.map(() => ({ value: 5 })));
});

test("the schedule of the forewarner makes a forecast, keeps it for the watchdog and pushes it", async () => {
  expect((await dolphin("create")).out).toMatch(/schedule mc-forewarner: (created|unchanged)/);
  const daily = temporal.client.schedule.getHandle("mc-forewarner");
  await daily.trigger();
  let workflowId = "";
  await until(
    async () => {
      const { info } = await daily.describe();
      workflowId = info.recentActions.at(-1)?.action.workflow.workflowId ?? "";
      return workflowId !== "";
    },
    { ms: 120_000, tell: () => "it was not triggered" },
  );
  const result: ForewarnResult = await temporal.client.workflow.getHandle(workflowId).result();
  // Nothing was traded here.
  expect(result).toMatchObject({ book: "BLUE", verdict: "unknown", weight: 0, pushed: true });
  expect(await readValue("mc_forewarner_latest")).toMatchObject({
    as_of: result.as_of,
    _pushed_at: expect.any(String),
  });
  expect(createForewarnReader(dir, "BLUE")()).toMatchObject({ evidence: result.as_of, weight: 0 });
});

test("forewarn run keeps and pushes its forecast as the schedule does, and says what it could not reach", async () => {
  const projection = projectionPath(dir);
  mkdirSync(dirname(projection), { recursive: true });
  // Of a book that has done nothing yet.
  const place = { root: join(dir, "journal", "trading"), book: "BLUE" };
  new TradingProjection({
    path: projection,
    place,
    startFold: foldTrader(SESSION_CONFIGURATION),
  }).close();
  const before = await readValue("mc_forewarner_latest");
  const readForewarn = createForewarnReader(dir, "BLUE");
  const dry = await dolphin("forewarn", "run", "--dry-run", "--json");
  expect(JSON.parse(dry.out)).toMatchObject({ pushed: false, not_pushed_because: "--dry-run" });
  expect(await readValue("mc_forewarner_latest")).toEqual(before);
  expect(readForewarn()).toMatchObject({ evidence: before["as_of"] });

  const run = await dolphin("forewarn", "run", "--json");
  expect(run).toMatchObject({ code: 0, err: "" });
  const made = JSON.parse(run.out);
  expect(made).toMatchObject({ verdict: "unknown", pushed: true, not_pushed_because: null });
  expect(await readValue("mc_forewarner_latest")).toMatchObject({
    as_of: made.as_of,
    verdict: "unknown",
  });
  expect(readForewarn()).toMatchObject({ evidence: made.as_of });

  const nobody = { DOLPHIN_HAZELCAST_ADDRESS: "127.0.0.1:9" };
  const unheard = await dolphinIn(nobody, ["forewarn", "run"]);
  expect(unheard.code).toBe(3);
  expect(unheard.out).toContain(
    "not pushed  DOLPHIN_FEATURES mc_forewarner_latest: Hazelcast at 127.0.0.1:9",
  );
  expect(readForewarn()!.evidence > made.as_of).toBe(true);
  expect(await readValue("mc_forewarner_latest")).toMatchObject({ as_of: made.as_of });
});
