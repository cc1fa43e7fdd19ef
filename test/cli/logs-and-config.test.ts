import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { UpFile } from "../../src/wire/up-file.ts";
import { spawnSync } from "../helpers/run-program.ts";

const dolphin = resolve(import.meta.dirname, "../../bin/dolphin");
let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "dolphin-cli-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function run(args: readonly string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(dolphin, args, {
    cwd,
    encoding: "utf8",
    env: { PATH: process.env["PATH"], HOME: cwd, ...env },
  });
  return { status, stdout, stderr };
}

function at(second: number): string {
  return `2026-03-25T04:00:0${second}.000000+00:00`;
}
function line(service: string, second: number, msg: string): string {
  return `${JSON.stringify({ level: "info", time: at(second), service, pid: 1, msg })}\n`;
}
function writeLogs(): string {
  const logs = join(cwd, ".dolphin/logs");
  mkdirSync(logs, { recursive: true });
  writeFileSync(
    join(logs, "scan-bridge.log"),
    line("scan-bridge", 1, "b1") + line("scan-bridge", 3, "b3"),
  );
  writeFileSync(join(logs, "worker.log"), line("worker", 2, "w2"));
  return logs;
}

describe("dolphin logs", () => {
  test("interleaves all logs by time", () => {
    writeLogs();
    const { status, stdout } = run(["logs"]);
    expect(status).toBe(0);
    expect(stdout).toBe(
      [
        "2026-03-25 04:00:01.000 INFO  scan-bridge  b1",
        "2026-03-25 04:00:02.000 INFO  worker       w2",
        "2026-03-25 04:00:03.000 INFO  scan-bridge  b3",
        "",
      ].join("\n"),
    );
  });

  test("shows what a service printed, with the file that contains it", () => {
    const logs = writeLogs();
    writeFileSync(join(logs, "scan-bridge.out"), "printed\n");
    writeFileSync(join(logs, "scan-bridge.err"), "Error: out of memory\n");
    const { stdout } = run(["logs", "scan-bridge"]);
    expect(stdout).toContain("b1");
    expect(stdout).toContain("printed");
    expect(stdout).toContain("Error: out of memory");
    expect(stdout).not.toContain("w2");
    const all = run(["logs"]).stdout;
    expect(all).toMatch(/ scan-bridge\.out +printed\n/);
    expect(all).toMatch(/ scan-bridge\.err +Error: out of memory\n/);
  });

  test("shows the last lines of one service, unchanged with --json", () => {
    writeLogs();
    const { stdout } = run(["logs", "scan-bridge", "-n", "1", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ service: "scan-bridge", msg: "b3" });
  });

  test("an unknown service is a usage error that names the known ones", () => {
    writeLogs();
    const { status, stdout, stderr } = run(["logs", "bridge"]);
    expect(status).toBe(64);
    expect(stdout).toBe("");
    expect(stderr).toMatch(
      /^dolphin: there is no service 'bridge'; known are scan-bridge, .*worker.*\n$/,
    );
  });

  test("-f goes on through a rotation, with files that appear later, until it is asked to end", async () => {
    const logs = writeLogs();
    const env = { PATH: process.env["PATH"], HOME: cwd };
    const child = spawn(dolphin, ["logs", "-f", "-n", "1"], { cwd, env });
    const output = createInterface(child.stdout)[Symbol.asyncIterator]();
    const next = async () =>
      String((await output.next()).value)
        .trim()
        .split(" ")
        .at(-1);
    expect(await next()).toBe("b3");
    const file = join(logs, "scan-bridge.log");
    appendFileSync(file, line("scan-bridge", 4, "before"));
    renameSync(file, `${file}.1`);
    writeFileSync(file, line("scan-bridge", 5, "after"));
    expect([await next(), await next()]).toEqual(["before", "after"]);
    writeFileSync(join(logs, "up.log"), line("up", 6, "new"));
    expect(await next()).toBe("new");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test.skipIf(process.platform !== "linux")(
    "says where the lines of a server go whose log was moved away",
    () => {
      const logs = writeLogs();
      const log = join(logs, "temporal.log");
      const output = openSync(log, "a");
      const server = spawn("/bin/sleep", ["600"], { stdio: ["ignore", output, output] });
      onTestFinished(() => {
        server.kill("SIGKILL");
        closeSync(output);
      });
      const living = { pid: process.pid, started_ticks: null };
      const up: UpFile = {
        ...living,
        started_at: at(0),
        hazelcast: "127.0.0.1:5701",
        cluster: "dolphin",
        temporal: "127.0.0.1:7233",
        temporal_ui: "http://127.0.0.1:8233",
        dashboard: null,
        archive: cwd,
        services: { temporal: { ...living, pid: server.pid ?? 0, guard_pid: null, log } },
      };
      writeFileSync(join(logs, "../up.json"), JSON.stringify(up));
      expect(run(["logs", "temporal"])).toEqual({ status: 0, stdout: "", stderr: "" });
      renameSync(log, join(logs, "temporal.old"));
      const message = expect.stringMatching(
        /the log of temporal was moved or deleted: its lines go to \S+logs\/temporal\.old until/,
      );
      expect(run(["logs", "temporal"])).toEqual({ status: 0, stdout: "", stderr: message });
      expect(run(["logs"])).toMatchObject({ status: 0, stderr: message });
    },
  );

  test("a count that is none is a usage error", () => {
    expect(run(["logs", "-n", "-1"]).status).toBe(64);
  });
});

describe("dolphin config", () => {
  test("shows where each value came from", () => {
    writeFileSync(join(cwd, "dolphin.yaml"), "log: {level: warn}\n");
    const { status, stdout } = run(["config", "--json", "--data-dir", "d"], {
      DOLPHIN_PORTS_DASHBOARD: "1",
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      settings: {
        "log.level": { value: "warn", origin: `file ${join(cwd, "dolphin.yaml")}` },
        "ports.dashboard": { value: 1, origin: "environment DOLPHIN_PORTS_DASHBOARD" },
        data_dir: { value: join(cwd, "d"), origin: "flag", variable: "DOLPHIN_DATA_DIR" },
        "hazelcast.cluster": { value: "dolphin", origin: "default" },
      },
    });
  });

  test("hides Temporal's secrets, and says that an address is set", () => {
    const { stdout } = run(["config"], {
      TEMPORAL_ADDRESS: "10.0.0.1:7233",
      TEMPORAL_API_KEY: "canary-1",
      TEMPORAL_TLS_CLIENT_KEY_DATA: "canary-2",
    });
    expect(stdout).toContain("10.0.0.1:7233");
    expect(stdout).not.toContain("canary");
  });

  test("bad configuration is one line and exit 78", () => {
    const { status, stdout, stderr } = run(["config"], { DOLPHIN_LOG_LEVEL: "loud" });
    expect([status, stdout]).toEqual([78, ""]);
    expect(stderr).toMatch(/^dolphin: key 'log.level' \(environment DOLPHIN_LOG_LEVEL\).*\n$/);
  });
});
