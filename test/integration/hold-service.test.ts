/** The long activity on a real keeper: what happens to the process, by the way in which it is asked to end. */
import { join } from "node:path";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ActivityCancellationDetails, CancelledFailure } from "@temporalio/common";
import { MockActivityEnvironment } from "@temporalio/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { everySteadily } from "../../src/adapters/process/steady-timer.ts";
import { createSupervisionActivities } from "../../src/activities/supervision.ts";
import { createKeeper } from "../../src/operations/keeper/keeper.ts";
import type { Keeper } from "../../src/operations/keeper/keeper.ts";
import { isProcessAlive, signalGroup } from "../../src/adapters/process/process-facts.ts";
import { RunDetails } from "../../src/wire/supervision.ts";
import type { RunReport } from "../../src/workflows/messages/supervision.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { FAKE_SERVICES } from "../helpers/supervision/fake-services.ts";
import { until } from "../helpers/until.ts";

const FAKE_SERVICE = fileURLToPath(
  new URL("../helpers/supervision/fake-service.ts", import.meta.url),
);
const POLICY = { restartsMax: 3, windowMs: 600_000, delaysMs: [0], fatalRetryMs: 300_000 };
const INPUT = {
  service: "fake",
  life: 4,
  restart_times: [],
  is_restart: false,
  mode: "auto",
} as const;

let dir: string;
let keeper: Keeper;
let reports: RunReport[];

beforeEach(() => {
  dir = makeTemporaryDirectory("hold");
  writeFileSync(join(dir, "behaviour.json"), "{}");
  reports = [];
  keeper = openKeeper("run");
});
afterEach(async () => {
  await keeper.stopAll("the test is over");
  removeTemporaryDirectory(dir);
});

function openKeeper(runFolder: string): Keeper {
  return createKeeper({
    policy: POLICY,
    healthCheckMs: 500,
    runFolder: join(dir, runFolder),
    commandOf: () => ({
      file: process.execPath,
      args: [FAKE_SERVICE],
      env: { ...process.env, FAKE_SERVICE_DIR: dir },
      outFile: join(dir, "fake.out"),
    }),
    temporalAnswers: () => Promise.resolve(true),
    modeOf: () => Promise.resolve("auto"),
    whyStopOrphan: () => Promise.resolve(null),
    log: () => undefined,
  });
}

type Attempt = {
  readonly env: MockActivityEnvironment;
  readonly result: Promise<unknown>;
  readonly beats: RunDetails[];
  readonly pid: () => Promise<number>;
};

/** One attempt of the activity; `earlier` are the heartbeat details of the one before. */
function attempt(earlier?: RunDetails): Attempt {
  const env = new MockActivityEnvironment(
    earlier === undefined ? {} : { attempt: 2, heartbeatDetails: earlier },
  );
  const beats: RunDetails[] = [];
  env.on("heartbeat", (details: unknown) => beats.push(RunDetails.parse(details)));
  const { runServiceProcess } = createSupervisionActivities({
    services: FAKE_SERVICES,
    keeper,
    noteHold: () => () => undefined,
    policy: POLICY,
    newsMs: 30_000,
    healthCheckMs: 500,
    everySteadily,
    hasSearchAttributes: () => Promise.resolve(false),
    describeRun: () => Promise.resolve({ kind: "absent" }),
    report: (_service, report) => {
      reports.push(report);
      return Promise.resolve(true);
    },
  });
  const result = env.run(runServiceProcess, INPUT).catch((error: unknown) => error);
  const pid = () => until("healthy", () => beats.findLast((one) => one.word === "Healthy")?.pid);
  return { env, result, beats, pid };
}

type Reason = "CANCELLED" | "WORKER_SHUTDOWN" | "PAUSED" | "NOT_FOUND" | "TIMED_OUT" | "RESET";

function cancel({ env }: Attempt, reason: Reason): void {
  const details = {
    CANCELLED: { cancelRequested: true },
    WORKER_SHUTDOWN: { workerShutdown: true },
    PAUSED: { paused: true },
    NOT_FOUND: { notFound: true },
    TIMED_OUT: { timedOut: true },
    RESET: { reset: true },
  }[reason];
  env.cancel(reason, new ActivityCancellationDetails(details));
}

describe("an attempt", () => {
  test("beats what it sees and reports transitions only", async () => {
    const first = attempt();
    const pid = await first.pid();
    expect(first.beats.at(-1)).toMatchObject({ service: "fake", life: 4, pid, stopped: false });
    expect(first.beats.at(-1)).toMatchObject({
      facts: { dependencies: { archive: "ok" } },
      last_seq: expect.any(Number),
    });
    await until("three more beats", () => 5 < first.beats.length);
    const words = reports.map((report) => report.details.word);
    expect(words.at(-1)).toBe("Healthy");
    expect(new Set(words).size).toBe(words.length);
    signalGroup(pid, "SIGKILL");
    expect(await first.result).toMatchObject({ kind: "exited", signal: "SIGKILL", life: 4 });
  });

  test("that is cancelled stops the process, and its record goes with the failure", async () => {
    const first = attempt();
    const pid = await first.pid();
    cancel(first, "CANCELLED");
    const failure = await first.result;
    expect(failure).toBeInstanceOf(CancelledFailure);
    expect(failure).toMatchObject({ details: [{ kind: "stopped", pid, exit_code: 0 }] });
    expect(isProcessAlive(pid, null)).toBe(false);
  });

  test.each(["WORKER_SHUTDOWN", "PAUSED"] as const)(
    "told %s stops the process and marks it, so that the next starts afresh at no cost",
    async (reason) => {
      const first = attempt();
      const pid = await first.pid();
      cancel(first, reason);
      expect(await first.result).toBeInstanceOf(CancelledFailure);
      expect(isProcessAlive(pid, null)).toBe(false);
      const last = first.beats.at(-1);
      expect(last).toMatchObject({ stopped: true, pid: null, word: "Stopped" });
      const second = attempt(last);
      expect(await second.pid()).not.toBe(pid);
      expect(second.beats.at(-1)).toMatchObject({ life: 5, restart_times: [] });
    },
  );

  test.each(["NOT_FOUND", "TIMED_OUT", "RESET"] as const)(
    "told %s leaves the process at once to the next",
    async (reason) => {
      const first = attempt();
      const pid = await first.pid();
      cancel(first, reason);
      expect(await first.result).toBeInstanceOf(CancelledFailure);
      expect(isProcessAlive(pid, null)).toBe(true);
      const second = attempt(first.beats.at(-1));
      expect(await second.pid()).toBe(pid);
    },
  );

  test("that was replaced ends without a say", async () => {
    const first = attempt();
    const pid = await first.pid();
    const second = attempt(first.beats.at(-1));
    expect(await first.result).toMatchObject({ type: "Replaced" });
    expect(await second.pid()).toBe(pid);
  });

  test("that finds no process of an earlier one says that it was lost", async () => {
    const first = attempt();
    const pid = await first.pid();
    const details = first.beats.at(-1);
    keeper = openKeeper("run-of-another-worker");
    expect(await attempt(details).result).toMatchObject({ kind: "lost", pid, life: 4 });
    signalGroup(pid, "SIGKILL");
    await first.result;
  });

  test("that repeats one whose answer got lost gives the same answer", async () => {
    const first = attempt();
    const pid = await first.pid();
    signalGroup(pid, "SIGKILL");
    const answer = await first.result;
    expect(await attempt(first.beats.at(-1)).result).toEqual(answer);
  });
});
