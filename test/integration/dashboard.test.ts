import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startedTicks } from "../../src/adapters/process/process-facts.ts";
import { findFreePort } from "../../src/embedded/ports/ports.ts";
import { NOBODY } from "../helpers/dashboard.ts";
import { sendSignal, until } from "../helpers/processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN } from "../helpers/up.ts";

let dir = "";
let started: ChildProcess[] = [];
beforeEach(() => {
  dir = makeTemporaryDirectory("dashboard");
  started = [];
});
afterEach(() => {
  for (const child of started) if (isAlive(child)) sendSignal(child.pid, "SIGKILL");
  removeTemporaryDirectory(dir);
});

function isAlive({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return exitCode === null && signalCode === null && pid !== undefined;
}

function start(wanted: number) {
  // No server is there, and none is to be found by this machine's own settings.
  const env = { ...process.env, TEMPORAL_ADDRESS: NOBODY, DOLPHIN_HAZELCAST_ADDRESS: NOBODY };
  const args = ["--data-dir", dir, "dashboard", "--port", String(wanted)];
  const child = spawn(DOLPHIN, args, { cwd: dir, env, stdio: ["ignore", "pipe", "pipe"] });
  started.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => (output += String(chunk)));
  }
  const ended = new Promise<number | string | null>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  const port = () => /serving http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1];
  const serving = async (): Promise<number> => {
    await until(() => port() !== undefined, { ms: 60_000, tell: () => output });
    return Number(port());
  };
  return { child, ended, serving, output: () => output };
}

function ask(port: number, path: string, host = `127.0.0.1:${port}`): Promise<[number, string]> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, headers: { host } }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += String(chunk)));
      response.on("end", () => resolve([response.statusCode ?? 0, text]));
    });
    asked.on("error", reject);
    asked.end();
  });
}

const ROUTES = [
  "/",
  "/app.js",
  "/pages/overview.js",
  "/api/alive",
  "/api/status",
  "/api/overview",
  "/api/incidents",
  "/api/health",
  "/api/health/strip",
  "/api/restarts",
  "/api/config",
  "/api/versions",
  "/api/disk",
  "/api/logs",
];

test("runs without up, without servers and without data; names of others are refused; it starts again on its port", async () => {
  const port = await findFreePort();
  const first = start(port);
  expect(await first.serving()).toBe(port);
  for (const path of ROUTES) expect([path, (await ask(port, path))[0]]).toEqual([path, 200]);
  expect((await ask(port, "/api/status", `evil.example:${port}`))[0]).toBe(403);
  const status = JSON.parse((await ask(port, "/api/status"))[1]);
  expect(status).toMatchObject({ status: "Server silent", dashboard: `http://127.0.0.1:${port}` });

  // An `up` starts: this process plays its part.
  const temporal_ui = "http://127.0.0.1:65001";
  const up = {
    pid: process.pid,
    started_ticks: startedTicks(process.pid),
    started_at: "2026-03-25T04:00:00.000000+00:00",
    hazelcast: NOBODY,
    cluster: "dolphin",
    temporal: NOBODY,
    temporal_ui,
    dashboard: null,
    archive: join(dir, "arrow_scans"),
    services: {},
  };
  writeFileSync(join(dir, "up.json"), JSON.stringify(up));
  const uiAddress = async () => JSON.parse((await ask(port, "/api/status"))[1]).temporal_ui;
  await until(async () => (await uiAddress()) === temporal_ui, { ms: 60_000, tell: first.output });

  sendSignal(first.child.pid, "SIGTERM");
  expect(await first.ended).toBe(0);
  const again = start(port);
  expect(await again.serving()).toBe(port);
  expect((await ask(port, "/api/alive"))[1]).toContain(`"pid":${again.child.pid}`);
});
