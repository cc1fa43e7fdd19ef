import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findFreePort } from "../../src/embedded/ports/ports.ts";
import { processesOn, sendSignal, until } from "../helpers/processes.ts";

const CLI = resolve(import.meta.dirname, "../../src/cli/main.ts");
const CANARY = "canary-5f3a9c71";
const dir = mkdtempSync(join(tmpdir(), "incidents-process-"));
const config = join(dir, "dolphin.yaml");
type HookBody = { readonly incident: string; readonly rule: string; readonly state: string };
const heard: HookBody[] = [];
const env = { ...process.env, NODE_OPTIONS: "", MY_API_KEY: `${CANARY}-in-the-environment` };
let hook: Server;

beforeAll(async () => {
  hook = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      heard.push(JSON.parse(Buffer.concat(parts).toString()));
      response.end();
    });
  });
  await new Promise<void>((done) => void hook.listen(0, "127.0.0.1", done));
  // oxlint-disable-next-line no-unsafe-type-assertion -- of a server that listens on a port
  const { port } = hook.address() as AddressInfo;
  Object.assign(env, { HOOK_URL: `http://127.0.0.1:${port}/${CANARY}-path` });
  const token = join(dir, "token");
  writeFileSync(token, `${CANARY}-in-a-file\n`, { mode: 0o600 });
  const nobody = await findFreePort();
  writeFileSync(
    config,
    JSON.stringify({
      data_dir: join(dir, "data"),
      hazelcast: { address: `127.0.0.1:${nobody}` },
      alerts: {
        channels: { hook: { kind: "webhook", url_env: "HOOK_URL", token_file: token } },
        rules: {
          room: { when: "disk.data.free_mb > 0", for_s: 1, inhibited_by: [] },
          probe: { when: "disk.data.free_mb < 0", for_s: 1, inhibited_by: [] },
        },
      },
    }),
  );
});

afterAll(() => {
  for (const { pid } of processesOn(dir)) sendSignal(pid, "SIGKILL");
  hook.close();
  rmSync(dir, { recursive: true, force: true });
});

function dolphin(...args: readonly string[]) {
  const child = spawn(process.execPath, [CLI, "--config", config, ...args], { env, cwd: dir });
  let out = "";
  let err = "";
  child.stdout.on("data", (part) => (out += String(part)));
  child.stderr.on("data", (part) => (err += String(part)));
  const ended = new Promise<{ out: string; err: string; exit: number | null }>((done) => {
    child.on("close", (exit) => done({ out, err, exit }));
  });
  return { pid: child.pid, ended, said: () => out + err };
}

function ofRoom(): readonly HookBody[] {
  return heard.filter(({ rule }) => rule === "room");
}

test("the watchdog opens and notifies incidents, is acknowledged, is killed, and continues with its state", async () => {
  const first = dolphin("watchdog");
  await until(() => 0 < ofRoom().length, { ms: 30_000, tell: first.said });
  const incident = ofRoom()[0]?.incident ?? "";
  expect(ofRoom()[0]?.state).toBe("firing");

  const shown = JSON.parse((await dolphin("alerts", "ls", "--json", "--facts").ended).out);
  expect(shown).toMatchObject({ source: "watchdog", trouble: null });
  expect(shown.incidents.map(({ id }: { id: string }) => id)).toContain(incident);
  expect(shown.facts).toHaveProperty(["disk.data.free_mb"]);

  expect(await dolphin("alerts", "ack", "room").ended).toMatchObject({ exit: 0 });
  expect(await dolphin("alerts", "mute", "probe", "--for", "1h").ended).toMatchObject({ exit: 0 });
  await until(() => ofRoom().length === 2, { ms: 30_000, tell: first.said });
  expect(ofRoom()[1]).toMatchObject({ incident, state: "acknowledged" });

  sendSignal(first.pid, "SIGKILL");
  await first.ended;
  const dead = await dolphin("alerts", "ls").ended;
  expect(dead).toMatchObject({ exit: 0 });
  expect(dead.err).toContain("the watchdog does not answer");
  expect(dead.out).toContain(incident);
  expect(dead.out).toContain("muted: probe");
  expect(await dolphin("alerts", "ack", "room").ended).toMatchObject({ exit: 3 });

  const second = dolphin("watchdog");
  const isThere = async () => (await dolphin("alerts", "unmute", "probe").ended).exit === 0;
  await until(isThere, { ms: 30_000, tell: second.said });

  mkdirSync(join(dir, "data", "logs"), { recursive: true });
  const line = { time: new Date().toISOString(), level: "info", msg: `with ${CANARY}-in-a-file` };
  const lines = [
    JSON.stringify({ ...line, token: `${CANARY}-under-a-key` }),
    `plain ${CANARY}-in-the-environment and ${env.MY_API_KEY}`,
    JSON.stringify({ ...line, msg: `POST ${Reflect.get(env, "HOOK_URL")} failed` }),
  ];
  writeFileSync(join(dir, "data", "logs", "worker.log"), `${lines.join("\n")}\n`);
  expect(await dolphin("incident", "bundle", "room").ended).toMatchObject({ exit: 0 });
  const file = join(dir, `${incident}.json`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const text = readFileSync(file, "utf8");
  expect(text).not.toContain(CANARY);
  const bundle = JSON.parse(text);
  expect(bundle.incident).toMatchObject({ id: incident, state: "acknowledged" });
  expect(bundle.deliveries.map(({ kind }: { kind: string }) => kind)).toEqual([
    "fire",
    "acknowledge",
  ]);
  expect(bundle.logs["worker.log"]).toHaveLength(3);
  expect(ofRoom()).toHaveLength(2);
  sendSignal(second.pid, "SIGTERM");
  expect(await second.ended).toMatchObject({ exit: 0 });
});
