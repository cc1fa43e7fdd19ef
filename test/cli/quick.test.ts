/** A verb answered by a running process prints what it would print by itself, and never depends on an answer. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { controlSocketPath } from "../../src/adapters/control-socket.ts";
import { openStatus, type StatusReader } from "../../src/operations/status/open-status.ts";
import { loadConfig } from "../../src/config.ts";
import { statusText } from "../../src/cli/status.ts";
import { answerVerbs } from "../../src/cli/quick/answer-verbs.ts";
import { askRunning } from "../../src/cli/quick/ask-running.ts";
import { codePrint } from "../../src/cli/quick/code-print.ts";
import { printsLike, questionIn, temporalPrint } from "../../src/cli/quick/question.ts";
import { until } from "../helpers/processes.ts";
import { aStatus } from "../helpers/status.ts";

const DOLPHIN = resolve(import.meta.dirname, "../../bin/dolphin");
/** Nothing listens on it. */
const NOBODY = "127.0.0.1:1";
const TEMPORAL = { TEMPORAL_ADDRESS: NOBODY };
let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "dolphin-quick-"));
  writeFileSync(join(cwd, "dolphin.yaml"), `hazelcast: { address: "${NOBODY}" }\n`);
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const dataDir = () => join(cwd, ".dolphin");

function run(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(DOLPHIN, args, {
    cwd,
    env: { PATH: process.env["PATH"], HOME: cwd, ...TEMPORAL, ...env },
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (out += chunk));
  return new Promise<{ exit: number | null; out: string }>((settle) => {
    child.once("close", (exit) => settle({ exit, out }));
  });
}

/** The run that asked whoever listens: on a busy machine nobody may say hello in time, and the verb reads by itself. */
async function runAsking(args: readonly string[], asked: () => number) {
  let answered = await run(args);
  const isAsked = async () => {
    if (0 < asked()) return true;
    answered = await run(args);
    return 0 < asked();
  };
  await until(isAsked, { ms: 60_000, tell: () => `nobody was asked: ${answered.out}` });
  return answered;
}

/** What differs from one reading to the next: a silent server's problem is told where an error came before the limit. */
function timeless({ exit, out }: { exit: number | null; out: string }) {
  const passing = /"checked_at": "[^"]+"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|\d+(\.\d+)? GB free/g;
  const problem = /(?<="problem": )(null|"[^"]*")|(?<=did not answer in 400 ms).*/g;
  return { exit, out: out.replaceAll(passing, "...").replaceAll(problem, "...") };
}

/** Listens like a worker on the data directory; returns how often something was read for a question. */
async function startAnswering(
  read?: StatusReader["read"],
): Promise<{ readonly asked: () => number; readonly isAtWork: () => boolean }> {
  mkdirSync(dataDir(), { recursive: true });
  const { config } = loadConfig({ env: {}, cwd });
  let asked = 0;
  // Before the question: loading the clients may take longer here than the verb waits for an answer.
  const reader = await openStatus({
    temporalAddress: NOBODY,
    hazelcast: config.hazelcast,
    dataDir: config.data_dir,
    archive: "another",
    services: [],
    policy: { restartsMax: 9, windowMs: 1, delaysMs: [0], fatalRetryMs: 1 },
    isWatched: false,
    temporalUi: null,
    dashboard: null,
  });
  const server = await answerVerbs({
    name: "worker",
    dataDir: config.data_dir,
    hazelcast: config.hazelcast,
    temporal: new Set([temporalPrint(TEMPORAL)]),
    reader: async () => {
      asked += 1;
      return read === undefined ? reader : { ...reader, read };
    },
  });
  onTestFinished(async () => {
    server.close();
    await reader.close();
  });
  return { asked: () => asked, isAtWork: () => server.isAtWork() };
}

describe("status", () => {
  test.each([
    [["status"], false],
    [["status", "--json"], true],
  ])("%j is answered in the verb's own words", async (args, json) => {
    const status = aStatus({ status: "Warning", exit: 1 });
    const atWork: boolean[] = [];
    const { asked, isAtWork } = await startAnswering(async () => {
      atWork.push(isAtWork());
      return status;
    });
    const answered = await runAsking(args, asked);
    expect(answered).toEqual({ exit: 1, out: statusText(status, json) });
    expect(asked()).toBe(1);
    expect([...atWork, isAtWork()]).toEqual([true, false]);
  });

  test.each([[["status"]], [["status", "--json"]]])(
    "%j says a silence only after it has listened itself",
    async (args) => {
      mkdirSync(dataDir());
      const direct = timeless(await run(args));
      const { asked } = await startAnswering();
      const socket = controlSocketPath(dataDir(), "worker");
      expect(statSync(socket).mode & 0o777).toBe(0o600);
      expect(timeless(await runAsking(args, asked))).toEqual(direct);
      expect([direct.exit, asked()]).toEqual([3, 1]);
    },
  );

  test.each([
    ["another data directory", ["--data-dir", "elsewhere"], {}],
    ["another Hazelcast", [], { DOLPHIN_HAZELCAST_ADDRESS: "127.0.0.1:2" }],
    ["another Temporal", [], { TEMPORAL_ADDRESS: "127.0.0.1:2" }],
    ["a profile of Temporal's", [], { TEMPORAL_CONFIG_FILE: "/nowhere.toml" }],
  ])("of %s is nobody else's to answer", async (_what, args, env) => {
    const { asked } = await startAnswering();
    expect((await run([...args, "status"], env)).exit).toBe(3);
    expect(asked()).toBe(0);
  });

  test("a configuration that is wrong is reported as ever", async () => {
    const { asked } = await startAnswering();
    expect((await run(["status"], { DOLPHIN_HAZELCAST_HEAP_MB: "none" })).exit).toBe(78);
    expect(asked()).toBe(0);
  });

  test.each([
    ["is frozen", null],
    ["runs other code", '{"kind":"hello","code":"of yesterday"}'],
    ["speaks another language", "pardon?"],
  ])("does not wait for an `up` that %s", async (_what, word) => {
    const path = controlSocketPath(dataDir(), "up");
    mkdirSync(dirname(path), { recursive: true });
    let heard = 0;
    const server = createServer((socket) => {
      heard += 1;
      socket.on("error", () => undefined);
      if (word !== null) socket.end(`${word}\n`);
    });
    await new Promise<void>((settle) => server.listen(path, settle));
    onTestFinished(() => void server.close());
    const { exit, out } = await run(["status"]);
    expect(exit).toBe(3);
    expect(out).toContain("scan-bridge");
    expect(heard).toBe(1);
  });
});

test("of an `up` that freezes in its work nothing is left that would keep the verb", async () => {
  const path = controlSocketPath(dataDir(), "up");
  mkdirSync(dirname(path), { recursive: true });
  const hello = JSON.stringify({ kind: "hello", code: codePrint() });
  const open = new Set<Socket>();
  let isFrozen = false;
  const server = createServer((socket) => {
    open.add(socket.on("error", () => undefined).on("close", () => open.delete(socket)));
    socket.on("data", (asked) => {
      if (!isFrozen && String(asked).includes("hello")) socket.write(`${hello}\n`);
      else isFrozen = true;
    });
  });
  await new Promise<void>((settle) => server.listen(path, settle));
  onTestFinished(() => void server.close());
  expect(await askRunning(["--data-dir", dataDir(), "status"])).toBeNull();
  await until(() => open.size === 0, { ms: 20_000, tell: () => `${open.size} are open` });
});

function ask(line: string, env: Record<string, string> = {}) {
  return questionIn(
    line.split(" ").filter((word) => word !== ""),
    { env, cwd },
  );
}

describe("what is asked of a running process", () => {
  test.each([
    ["status", { verb: "status", service: null, json: false }],
    ["--data-dir d status --json", { verb: "status", json: true, dataDirFlag: "d" }],
    ["status --config=c.yaml", { verb: "status", file: "c.yaml" }],
    ["restart scan-bridge --json", { verb: "restart", service: "scan-bridge", json: true }],
    ["stop all", { verb: "stop", service: "all" }],
  ])("%s", (line, expected) => {
    expect(ask(line)?.question).toMatchObject(expected);
  });

  test.each(["", "status --watch", "status -h", "--json status", "status x", "stop", "stop a b"])(
    "not '%s'",
    (line) => {
      expect(ask(line)).toBeNull();
    },
  );

  test("never with a secret in the environment", () => {
    expect(ask("status", { DOLPHIN_JOURNAL_POSTGRES_SECRET_URL: "postgres://x" })).toBeNull();
  });

  test("of a Temporal that a file names nothing is answered", () => {
    expect(printsLike({ HOME: cwd, ...TEMPORAL })).toEqual(new Set([temporalPrint(TEMPORAL)]));
    mkdirSync(join(cwd, ".config/temporalio"), { recursive: true });
    writeFileSync(join(cwd, ".config/temporalio/version-info.yaml"), "");
    expect(printsLike({ HOME: cwd }).size).toBe(1);
    writeFileSync(join(cwd, ".config/temporalio/temporal.toml"), "");
    expect(printsLike({ HOME: cwd, ...TEMPORAL })).toEqual(new Set());
  });

  test.each([
    ["", ".dolphin"],
    ["data_dir: state/of-it\n", "state/of-it"],
    ["log: { level: info }\n", ".dolphin"],
  ])("of the data directory that '%s' says", (yaml, folder) => {
    writeFileSync(join(cwd, "dolphin.yaml"), yaml);
    expect(ask("status")?.dataDir).toBe(join(cwd, folder));
    expect(loadConfig({ env: {}, cwd }).config.data_dir).toBe(join(cwd, folder));
  });

  test("of none that it cannot decide quickly", () => {
    writeFileSync(join(cwd, "dolphin.yaml"), '{ "data_dir": "x" }\n');
    expect(ask("status")).toBeNull();
  });
});
