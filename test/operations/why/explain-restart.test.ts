/** The restarts that a keeper decides by itself, with real processes: each is explained from its record. */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { connectTemporal } from "../../../src/adapters/temporal-client.ts";
import { explainRestart } from "../../../src/domain/supervision/why/explain-restart.ts";
import { createKeeper, type Keeper } from "../../../src/operations/keeper/keeper.ts";
import { startedTicks } from "../../../src/adapters/process/process-facts.ts";
import { writeRunFile } from "../../../src/adapters/process/run-file.ts";
import { livesText } from "../../../src/cli/why/restart.ts";
import { readLives } from "../../../src/operations/why/read-lives.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { FAKE_SERVICES } from "../../helpers/supervision/fake-services.ts";
import { until } from "../../helpers/until.ts";

const FAKE_SERVICE = fileURLToPath(
  new URL("../../helpers/supervision/fake-service.ts", import.meta.url),
);
const POLICY = { restartsMax: 3, windowMs: 600_000, delaysMs: [0, 100], fatalRetryMs: 300_000 };

function openKeeper(dir: string, temporalAnswers: () => Promise<boolean>): Keeper {
  const log = join(dir, "logs", "worker.log");
  mkdirSync(join(dir, "logs"));
  return createKeeper({
    policy: POLICY,
    healthCheckMs: 60_000,
    runFolder: join(dir, "run"),
    commandOf: () => ({
      file: process.execPath,
      args: [FAKE_SERVICE],
      env: { ...process.env, FAKE_SERVICE_DIR: dir },
      outFile: join(dir, "logs", "fake.out"),
    }),
    temporalAnswers,
    modeOf: () => Promise.resolve("auto"),
    whyStopOrphan: () => Promise.resolve(null),
    log(level, msg) {
      const time = new Date().toISOString();
      appendFileSync(log, `${JSON.stringify({ time, level, msg })}\n`);
    },
  });
}

/** A service that ends at once, each time, while Temporal is away: until the budget is spent. */
async function spendBudget(dir: string) {
  let doesAnswer = false;
  const keeper = openKeeper(dir, () => Promise.resolve(doesAnswer));
  writeFileSync(join(dir, "behaviour.json"), JSON.stringify({ exit: 1 }));
  const request = { life: 1, restartTimesMs: [], isRestart: false, mode: "auto" } as const;
  const attachment = keeper.attach(FAKE_SERVICES["fake"]!, request);
  await until("the budget is spent", () => attachment.details().word === "FATAL" || null);
  doesAnswer = true;
  return attachment.ended;
}

test("every restart is explained by its record, and by the worker's log alone", async () => {
  const dir = makeTemporaryDirectory("why-restart");
  const result = await spendBudget(dir);
  const ends = [...result.local_lives, result];
  const times = result.restart_times.map((time) => Date.parse(time));
  const explained = ends.map(({ kind, why, at: endedAt }, at) => {
    const reported = { kind, why, atMs: Date.parse(endedAt), unkillable: 0 };
    const end = { ...reported, restartTimesMs: times.slice(0, at) };
    return explainRestart(end, { intent: "running", mode: "auto" }, POLICY);
  });
  const steps = explained.map(({ step, used }) => [step.kind, used]);
  expect(steps).toEqual([...[0, 1, 2].map((used) => ["restart", used]), ["fatal", 3]]);
  expect(explained.map(({ facts }) => facts[0]?.says)).toEqual(
    ends.map(({ why }) => expect.stringContaining(why)),
  );
  // Whatever was started was due by then.
  const due = explained.map(({ step }) => ("atMs" in step ? step.atMs : Infinity));
  expect(times.map((atMs, at) => due[at]! <= atMs)).toEqual([true, true, true]);

  // Nobody listens there: Temporal is away.
  const temporal = connectTemporal("127.0.0.1:9");
  const asked = { service: "fake", dataDir: dir, untilMs: null, count: 100 };
  const { ends: logged, readFrom } = await readLives(temporal, asked);
  // Left behind by a machine that lost its power, when another process has the number.
  const left = {
    service: "fake",
    life: 9,
    pid: process.pid,
    started_at: new Date(0).toISOString(),
  };
  for (const [ticks, isPresent] of [
    [1, false],
    [startedTicks(process.pid), true],
  ] as const) {
    writeRunFile(join(dir, "run"), { ...left, started_ticks: ticks });
    const lives = await readLives(temporal, asked);
    expect(lives).toMatchObject({ present: { life: 9 }, isPresent });
    expect(livesText(lives, POLICY)[0]?.endsWith("is no process of this machine now")).toBe(
      !isPresent,
    );
  }
  await temporal.close();
  expect(readFrom).toContain("does not answer");
  expect(logged.map(({ life, why, isLocal }) => [life, why, isLocal])).toEqual(
    ends.toReversed().map(({ life, why }, at) => [life, why, 0 < at]),
  );
  removeTemporaryDirectory(dir);
});
