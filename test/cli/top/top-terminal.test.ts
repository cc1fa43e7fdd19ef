/** `dolphin top` on a real terminal: the state in which it leaves it, whatever ends or stops it. */
import { spawnSync } from "../../helpers/run-program.ts";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, type TestContext } from "vitest";
import { answerVerbs } from "../../../src/cli/quick/answer-verbs.ts";
import { temporalPrint } from "../../../src/cli/quick/question.ts";
import { loadConfig } from "../../../src/config.ts";
import { openStatus } from "../../../src/operations/status/open-status.ts";
import type { SystemStatus } from "../../../src/wire/system-status.ts";
import { sendSignal } from "../../helpers/processes.ts";
import { aStatus } from "../../helpers/status.ts";
import { pythonOfTests, runOnTerminal } from "../../helpers/terminal/on-terminal.ts";

const DOLPHIN = resolve(import.meta.dirname, "../../../bin/dolphin");
/** Nothing listens on it. */
const NOBODY = "127.0.0.1:1";
const TEMPORAL = { TEMPORAL_ADDRESS: NOBODY };
const ENTER = "\u001b[?1049h";
const LEAVE = "\u001b[?25h\u001b[?1049l";
const QUITS = "q quits";
const RESTORED = { echo: true, canonical: true };
let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "dolphin-top-"));
  writeFileSync(join(cwd, "dolphin.yaml"), `hazelcast: { address: "${NOBODY}" }\n`);
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const environment = (env: NodeJS.ProcessEnv = {}) => ({
  PATH: process.env["PATH"],
  HOME: cwd,
  NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
  TERM: "xterm-256color",
  ...TEMPORAL,
  ...env,
});

async function startTop(context: TestContext, env: NodeJS.ProcessEnv = {}) {
  const python = pythonOfTests();
  if (python === null) return context.skip("there is no Python, whose pty is a terminal");
  const how = { columns: 80, rows: 24, cwd, env: environment(env) };
  const top = await runOnTerminal(python, [DOLPHIN, "top"], how);
  onTestFinished(() => top.end());
  return top;
}

/** Answers as a worker on the data directory does. */
async function startAnswering(read: () => SystemStatus): Promise<void> {
  mkdirSync(join(cwd, ".dolphin"), { recursive: true });
  const { config } = loadConfig({ env: {}, cwd });
  const opened = await openStatus({
    temporalAddress: NOBODY,
    hazelcast: config.hazelcast,
    dataDir: config.data_dir,
    archive: "",
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
    reader: async () => ({ ...opened, read: async () => read() }),
  });
  onTestFinished(async () => {
    server.close();
    await opened.close();
  });
}

function escaped(text: string): string {
  return text.replaceAll(/[[?]/g, "\\$&");
}

/** Throws where nobody catches it. */
const CRASH = "process.on('SIGUSR2',()=>{throw new Error('planted')})";

test.for([
  ["q", { keys: "q" }, 0],
  ["Ctrl-C", { keys: "\u0003" }, 0],
  ["SIGTERM", { signal: "SIGTERM" }, 0],
  ["SIGHUP", { signal: "SIGHUP" }, 0],
  ["an error that nobody catches", { signal: "SIGUSR2" }, 1],
] as const)("after %s the terminal is as it was", async ([, by, exit], context) => {
  await startAnswering(() => aStatus({}));
  const crash = `--import=data:text/javascript,${encodeURIComponent(CRASH)}`;
  const top = await startTop(context, { NODE_OPTIONS: crash });
  await top.untilOut("answered by up or worker");
  if ("keys" in by) top.type(by.keys);
  else sendSignal(top.pid(), by.signal);
  const end = await top.untilExit();
  expect(end).toMatchObject({ exit, ...RESTORED });
  const out = top.out();
  expect(out.split(ENTER)).toHaveLength(2);
  const after = out.slice(out.lastIndexOf(LEAVE) + LEAVE.length);
  expect(after.includes("planted")).toBe(exit === 1);
});

test("a stop gives the terminal back, and going on takes it again", async (context) => {
  await startAnswering(() => aStatus({}));
  const top = await startTop(context);
  await top.untilOut("answered by up or worker");
  sendSignal(top.pid(), "SIGTSTP");
  expect(await top.untilNews((news) => news.stopped === true)).toMatchObject(RESTORED);
  await top.untilOut(new RegExp(`${escaped(LEAVE)}$`));
  sendSignal(top.pid(), "SIGCONT");
  await top.untilOut(new RegExp(`${escaped(LEAVE)}[^]*${QUITS}`));
  top.type("q");
  expect(await top.untilExit()).toMatchObject({
    exit: 0,
    ...RESTORED,
  });
});

test("follows the size of the terminal, and what is read", async (context) => {
  let why = "the first reason";
  const [row] = aStatus({}).services;
  const services = () => [{ ...row!, status: "Down", why } as const];
  await startAnswering(() => ({ ...aStatus({ status: "Down", exit: 2 }), services: services() }));
  const top = await startTop(context, { NO_COLOR: "1" });
  await top.untilOut("    the first reason");
  why = `the second reason ${"x".repeat(200)}`;
  await top.untilOut(`    the second reason ${"x".repeat(57)}…\u001b[K`);
  top.resize(30, 8);
  await top.untilOut(`    the second reason ${"x".repeat(7)}…\u001b[K`);
  top.type("q");
  await top.untilExit();
  for (const code of [0, 1, 2, 31, 32, 33]) expect(top.out()).not.toContain(`\u001b[${code}m`);
});

test("with everything down says so, and quits all the same", async (context) => {
  const top = await startTop(context);
  await top.untilOut("did not answer in 400 ms");
  top.type("q");
  expect(await top.untilExit()).toMatchObject({
    exit: 0,
    ...RESTORED,
  });
});

test("without a terminal is one frame, with the exit status of `dolphin status`", async () => {
  const run = spawnSync(DOLPHIN, ["top"], { cwd, env: environment(), encoding: "utf8" });
  expect(run.stdout).toMatch(/^DOLPHIN {2}Server silent/);
  expect(run.stdout).not.toContain("\u001b");
  expect(run.status).toBe(3);
  expect(run.stdout).not.toContain(QUITS);
});
