/** The safety watchdog with a real trader, also while Hazelcast is dead and without Temporal. */
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { userInfo } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forewarnNowFile } from "../../src/wire/forewarn/forewarn-place.ts";
import { parsePosture, SAFETY_KEY, SAFETY_MAP } from "../../src/wire/safety/posture-value.ts";
import { type Lab, openLab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { untilDayLasts } from "../helpers/day-lasts.ts";
import { execFileSync, spawnSync } from "../helpers/run-program.ts";
import {
  auditBook,
  createFeeder,
  LIVELY,
  spawnTrader,
  type TraderPlace,
  type TraderProcess,
} from "../helpers/trader.ts";
import { sendSignal } from "../helpers/processes.ts";
import { storeForecast, drawnForecast } from "../helpers/trading/drawn-forecast.ts";
import { DOLPHIN } from "../helpers/up.ts";
import { reportHealth, spawnWatchdog, type Watchdog } from "../helpers/watchdog.ts";

await untilDayLasts();
const ENTRY = { command: "enter", asset: "BTCUSDT", direction: "long" } as const;
const STABLE = { safety: { stable_s: 0.5 } };
let lab: Lab;
let place: TraderPlace;
let watchdog: Watchdog;
let trader: TraderProcess;
let beats = 0;
let outside: Server;

beforeAll(async () => {
  lab = await openLab("watchdog");
  place = { ...(await lab.site()), address: lab.address };
  outside = createServer((_request, response) => {
    beats += 1;
    response.end("ok");
  });
  await new Promise<void>((resolve) => outside.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  await watchdog.end();
  await trader.kill();
  outside.close();
  await lab.close();
});

function begin(): Watchdog {
  const at = outside.address();
  const port = typeof at === "object" ? (at?.port ?? 0) : 0;
  const secret = join(place.dir, "heartbeat.url");
  writeFileSync(secret, `http://127.0.0.1:${port}/canary-4711`, { mode: 0o600 });
  const alerts = { heartbeat_url_file: secret, heartbeat_s: 1 };
  watchdog = spawnWatchdog(place, { trader: LIVELY, alerts, ...STABLE });
  return watchdog;
}

const AHEAD = "2099-01-01T00:00:00.000000+00:00";

/** The watchdog itself says so: the trader is told the same, where it listens. */
async function stopsBy(reason: string): Promise<void> {
  await until(`entries stop: ${reason}`, async () => {
    const view = await watchdog.view();
    return view?.entries === "stop" && view.reasons.some((one) => one.includes(reason));
  });
}

const ESCAPE = "\u001b";
const UTF8 = { encoding: "utf8" } as const;

function safety(...args: readonly string[]): string {
  return execFileSync(DOLPHIN, ["--config", watchdog.config, "safety", ...args], {
    encoding: "utf8",
  });
}

test("it sends the trader the posture while Hazelcast is dead, stops at a bad reading, and keeps an operator's stop over its own death", async () => {
  const health = reportHealth(place.data);
  trader = spawnTrader(place, LIVELY);
  const feeder = createFeeder(lab.cluster);
  begin();
  const stands = (what: string) =>
    until(`the trader stands with ${what}`, async () => {
      const { posture, entries } = await trader
        .status()
        .catch(() => ({ posture: "", entries: "" }));
      return `${posture} ${entries}` === what;
    });
  await trader.ready();
  await trader.hearsHazelcast();
  await feeder.push(30);
  await trader.decided(30);
  await stands("APEX go");
  const map = await lab.cluster.client.getMap<string, string>(SAFETY_MAP);
  const published = async () => parsePosture(await map.get(SAFETY_KEY));
  await until("Hazelcast has it, too", async () => (await published()).source === "watchdog");
  await until("somebody outside hears that all is well", () => beats > 0);
  lab.member().kill();
  await lab.member().exited;

  health.says(0.4);
  await until("entries are stopped", async () => (await trader.status()).entries === "stop");
  expect(await trader.ask(ENTRY)).toMatchObject({ ok: false });
  await stands("TURTLE stop");
  health.says(1);
  await stands("APEX go");

  // What nobody can know stops entries, whoever does not tell it, and nothing else.
  for (const [instead, says] of [
    [{ m1_proc: "NaN" }, "a score of health is not a number from 0 to 1"],
    [{ timestamp: AHEAD }, "ahead of the clock"],
    [{ timestamp: "soon" }, "the report of health is without a time"],
  ] as const) {
    health.says(1, instead);
    await stopsBy(says);
    health.says(1);
    await stands("APEX go");
  }
  sendSignal(trader.child.pid, "SIGSTOP");
  await stopsBy("the trader does not answer");
  sendSignal(trader.child.pid, "SIGCONT");
  await stands("APEX go");
  // A forecast makes entries smaller, and stops none.
  storeForecast(place.data, drawnForecast(Date.now(), 0.05, { weight: 1 }));
  await stands("TURTLE go");
  rmSync(forewarnNowFile(place.data, "BLUE"));
  await stands("APEX go");

  // What somebody typed must not control the terminal of another one.
  expect(safety("halt", "--reason", `a ${ESCAPE}[2Jdrill`)).toContain("no entries");
  await stands("HIBERNATE stop");
  await watchdog.end();
  begin();
  await until("it is back", async () => (await watchdog.view())?.posture === "HIBERNATE");
  const why = `a ${ESCAPE}[2Jdrill`;
  expect((await watchdog.view())?.latch).toMatchObject({ why, by: userInfo().username });
  const shown = spawnSync(DOLPHIN, ["--config", watchdog.config, "safety", "show"], UTF8);
  expect(shown.stdout).toContain("a \\u001b[2Jdrill");
  expect(shown.stdout).not.toContain(ESCAPE);
  const unasked = spawnSync(DOLPHIN, [
    "--config",
    watchdog.config,
    "safety",
    "resume",
    "--reason",
    "x",
  ]);
  expect(unasked.status).toBe(64);
  expect(safety("resume", "--reason", "over", "--yes")).toContain("resumed");
  await stands("APEX go");
  const audit = join(place.data, "safety", "audit.log");
  expect(statSync(audit).mode & 0o777).toBe(0o600);
  const actions = readFileSync(audit, "utf8").trim().split("\n");
  expect(actions.map((line) => JSON.parse(line))).toMatchObject([
    { action: "halt", by: userInfo().username, reason: why },
    { action: "resume", by: userInfo().username, reason: "over" },
  ]);

  health.says(null);
  const isSuppressed = async () =>
    (await watchdog.view())?.duties["heartbeat"]?.includes("withheld");
  await until(
    "nobody outside is told that all is well",
    async () => (await isSuppressed()) === true,
  );
  expect(watchdog.output()).not.toContain("canary-4711");
  await trader.stop();
  health.stop();
  // What came by the socket is in the log as what came by Hazelcast: a fold gives the same book.
  auditBook(place);
});
