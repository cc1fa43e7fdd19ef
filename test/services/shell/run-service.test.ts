import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { spawnSync } from "../../helpers/run-program.ts";
import { ServiceMessage } from "../../../src/wire/control-pipe.ts";

const SHELL = new URL("../../../src/services/shell/", import.meta.url);
const DIR = mkdtempSync(join(tmpdir(), "dolphin-shell-"));
// Whoever opens it waits for a writer.
spawnSync("mkfifo", [join(DIR, "hung")]);
afterAll(() => rmSync(DIR, { recursive: true, force: true }));

const isOfRival = ({ of }: { readonly of: string }) => of === "publication";

type Run = {
  readonly child: ChildProcess;
  readonly pipe: Socket;
  readonly errors: Promise<string>;
};

/** A service whose `start` has this body, as a real process under a supervisor. */
function start(body: string, yaml = `data_dir: ${DIR}\n`): Run {
  const config = join(DIR, "dolphin.yaml");
  writeFileSync(config, yaml);
  const script = `import { runService } from ${JSON.stringify(new URL("run-service.ts", SHELL).href)};
    import { MisconfiguredError } from ${JSON.stringify(new URL("misconfigured.ts", SHELL).href)};
    const coded = (code) => Object.assign(new Error("of a newer epoch"), { code });
    const running = { beat: () => ({ state: "running", facts: null, counters: { n: 1 } }), stop() {} };
    await runService({ name: "small", tag: "Small", start: async (shell) => { ${body} } });`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    cwd: fileURLToPath(SHELL),
    env: { ...process.env, DOLPHIN_CONFIG: config },
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
  const pipe = child.stdio[3];
  if (!(pipe instanceof Socket) || child.stderr === null) throw new Error("it has its pipes");
  return { child, pipe, errors: text(child.stderr) };
}

async function* messages(pipe: Socket): AsyncGenerator<ServiceMessage> {
  for await (const line of createInterface(pipe)) yield ServiceMessage.parse(JSON.parse(line));
}

async function endOf({ child, errors }: Run): Promise<readonly [unknown, string]> {
  const [code, said] = await Promise.all([once(child, "exit").then(([exit]) => exit), errors]);
  return [code, said];
}

test.each<[string, string, number, RegExp]>([
  ["a bug", `throw new Error("it broke");`, 1, /^small: Error: it broke\n\s+at /],
  [
    "a beat that cannot be told",
    `return { ...running, beat() { throw new Error("no figures"); } };`,
    1,
    /^small: Error: no figures\n\s+at /,
  ],
  ["a newer epoch", `throw coded("TRADING_JOURNAL_FENCED");`, 76, /of a newer epoch/],
  ["a journal of another version", `throw coded("JOURNAL_VERSION");`, 78, /newer epoch/],
  ["what a person must set right", `throw new MisconfiguredError("x");`, 78, /^small: x\n$/],
  [
    "a state that cannot be kept",
    `return { ...running, stop() { process.exitCode = 5; throw new Error("disk full"); },
      ready: Promise.resolve().then(() => process.kill(process.pid, "SIGTERM")) };`,
    1,
    /^small: could not save its state: disk full\n$/,
  ],
  [
    "a disk that does not answer",
    `(await import("node:fs")).open(${JSON.stringify(join(DIR, "hung"))}, () => {});
      setImmediate(() => shell.end(76, "passed"));
      return running;`,
    76,
    /^small: passed\n$/,
  ],
])("ends with %s", async (_what, body, code, said) => {
  const end = await endOf(start(body));
  expect(end).toEqual([code, expect.stringMatching(said)]);
});

test("ends with 78 and the key's name when the configuration is wrong", async () => {
  const end = await endOf(start("return running;", `data_dir: ${DIR}\nno_such_key: 1\n`));
  expect(end).toEqual([78, expect.stringMatching(/^small: .*no_such_key/)]);
});

test("is ready, beats, puts its heartbeat, and ends in order when its supervisor is gone", async () => {
  const run = start(
    `const inputs = Array.from({ length: 65 }, (_, nth) => {
        return { name: String(nth), ageS: nth === 64 ? 9 : 1, budgetS: 2 };
      });
      const notes = inputs.map(({ name }) => ({ of: name, says: "x", isAlert: name === "63" }));
      const facts = { dependencies: {}, inputs, queue: null, notes };
      return { ...running, stop: () => shell.say("info", "work ended"),
      beat: () => ({ state: "running", facts, counters: { n: 1 } }),
      heartbeat: { about: { epoch: 3 }, async put(text) {
        shell.say("warn", text);
        return JSON.stringify({ pid: 1, host: "other", started_at: "2026" });
      } } };`,
  );
  const received: ServiceMessage[] = [];
  for await (const message of messages(run.pipe)) {
    received.push(message);
    // Another process writes the heartbeat, too.
    if (message.kind === "beat" && message.facts?.notes?.some(isOfRival) === true) break;
  }
  run.pipe.destroy();
  expect(await endOf(run)).toEqual([0, ""]);
  expect(received.slice(0, 2)).toEqual([
    { kind: "ready", pid: run.child.pid },
    expect.objectContaining({ kind: "beat", counters: { log_dropped: 0, n: 1 } }),
  ]);
  const { facts } = received.find((message) => message.kind === "beat")!;
  // Of more than a supervisor reads the first, and what is worst.
  const names = facts!.inputs.map(({ name }) => name);
  expect([names.length, names[0], names.at(-1)]).toEqual([32, "0", "64"]);
  expect(facts!.notes!.filter(({ isAlert }) => isAlert)).toHaveLength(1);
  const log = readFileSync(join(DIR, "logs", "small.log"), "utf8");
  expect(log).toMatch(
    /stopping: the supervisor is gone[^]*\[Small\] work ended[^]*\[Small\] stopped/,
  );
  expect(log).toMatch(/\\"epoch\\":3,\\"started_at\\"/);
});

test("asked to stop while it still starts, it does not wait for its start", async () => {
  const run = start(`process.kill(process.pid, "SIGTERM"); await new Promise(() => {});`);
  expect(await endOf(run)).toEqual([0, ""]);
});

test.each(["/bin/sh", "/no/such/shell"])(
  "with a file that never opens, a process ends with its exit code by %s",
  (shell) => {
    const module = JSON.stringify(new URL("leave-process.ts", SHELL).href);
    const script = `import { open } from "node:fs";
      import { leaveProcess } from ${module};
      open(${JSON.stringify(join(DIR, "hung"))}, () => {});
      leaveProcess(76, ${JSON.stringify(shell)});`;
    const args = ["--input-type=module-typescript", "-e", script];
    const { status, signal } = spawnSync(process.execPath, args);
    expect({ status, signal }).toEqual({ status: 76, signal: null });
  },
);
