import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ConfigError, leafKeys, loadConfig, valueAt, variableOf } from "../src/config.ts";
import { Configuration } from "../src/wire/configuration.ts";
import { execFileSync } from "./helpers/run-program.ts";

let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "dolphin-config-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

type Env = Record<string, string>;

function load(yaml: string | null, env: Env = {}) {
  if (yaml !== null) writeFileSync(join(cwd, "dolphin.yaml"), yaml);
  return loadConfig({ env, cwd });
}

function checkRefused(yaml: string | null, env: Env, message: RegExp): void {
  expect(() => load(yaml, env)).toThrow(ConfigError);
  expect(() => load(yaml, env)).toThrow(message);
}

describe("what is declared of services, schedules and books", () => {
  test("comes from the file, or as JSON from a variable", () => {
    const yaml = "services:\n  trader-green: {autostart: true}\n";
    expect(load(yaml).config.services).toEqual({ "trader-green": { autostart: true } });
    const env = { DOLPHIN_SCHEDULES: '{"backtest-daily":{"at":"02:00"}}' };
    expect(load(yaml, env).config.schedules).toEqual({ "backtest-daily": { at: "02:00" } });
  });

  test.each([
    ["services: {trader-red: {enabled: false}}", /trader-red/],
    ["services: {trader-blue: {memory: 5}}", /services.trader-blue.memory/],
    ["services: {trader-blue: {restarts_max: 0}}", /services.trader-blue.restarts_max/],
    ["schedules: {backtest-daily: {at: '24:00'}}", /such as '00:20'/],
    ["books: {BLUE: {enabled: false}}", /no other book runs without BLUE/],
  ])("is refused by name: %s", (yaml, message) => {
    checkRefused(yaml, {}, message);
  });
});

describe("loadConfig takes", () => {
  test("defaults when there is nothing else", () => {
    const { config, origins, file } = load(null);
    expect(file).toBeNull();
    expect(config.data_dir).toBe(join(cwd, ".dolphin"));
    expect(config.archive).toBe(join(cwd, ".dolphin", "arrow_scans"));
    expect(config.log).toEqual({ level: "info", rotate_mb: 50, rotate_files: 10 });
    expect(new Set(origins.values())).toEqual(new Set(["default"]));
  });

  test("the file over defaults, the environment over the file, a flag over all", () => {
    writeFileSync(join(cwd, "dolphin.yaml"), "ports: {dashboard: 1, temporal: 1, metrics: 1}\n");
    const { config, origins } = loadConfig({
      cwd,
      env: { DOLPHIN_PORTS_TEMPORAL: "2", DOLPHIN_PORTS_METRICS: "2" },
      flags: { "ports.metrics": 3, archive: undefined },
    });
    expect(config.ports).toMatchObject({ hazelcast: 5701, dashboard: 1, temporal: 2, metrics: 3 });
    expect(origins.get("ports.hazelcast")).toBe("default");
    expect(origins.get("ports.dashboard")).toBe(`file ${join(cwd, "dolphin.yaml")}`);
    expect(origins.get("ports.temporal")).toBe("environment DOLPHIN_PORTS_TEMPORAL");
    expect(origins.get("ports.metrics")).toBe("flag");
    expect(origins.get("archive")).toBe("default");
  });

  test("metrics.port is the port of the metrics, where it says one", () => {
    writeFileSync(join(cwd, "dolphin.yaml"), "ports: {metrics: 1}\nmetrics: {port: 2}\n");
    expect(loadConfig({ env: {}, cwd }).config.ports.metrics).toBe(2);
    writeFileSync(join(cwd, "dolphin.yaml"), "ports: {metrics: 1}\n");
    expect(loadConfig({ env: {}, cwd }).config.ports.metrics).toBe(1);
  });

  test("paths relative to the file that names them, else to the working directory", () => {
    const folder = join(cwd, "etc");
    mkdirSync(folder);
    writeFileSync(
      join(folder, "d.yaml"),
      "data_dir: ../data\narchive: scans\ntrader: {strategy: a.ts}\n",
    );
    const env = { DOLPHIN_CONFIG: "etc/d.yaml", DOLPHIN_GREEN_STRATEGY: "./b.ts" };
    expect(loadConfig({ cwd, env }).config).toMatchObject({
      data_dir: join(cwd, "data"),
      archive: join(folder, "scans"),
      trader: { strategy: join(folder, "a.ts") },
      green: { strategy: join(cwd, "b.ts") },
    });
    const moved = { ...env, DOLPHIN_ARCHIVE: "scans" };
    expect(loadConfig({ cwd, env: moved }).config.archive).toBe(join(cwd, "scans"));
  });

  test("an empty file, and one of comments", () => {
    expect(load("").config.log.level).toBe("info");
    expect(load("# nothing yet\n").config.log.level).toBe("info");
  });

  test("text that looks like a number where text is wanted, and lists as JSON", () => {
    const { config } = load(null, {
      DOLPHIN_HAZELCAST_CLUSTER: "42",
      DOLPHIN_ARCHIVE: "2026",
      DOLPHIN_SUPERVISION_DELAYS_S: "[0, 1]",
    });
    expect(config.hazelcast.cluster).toBe("42");
    expect(config.archive).toBe(join(cwd, "2026"));
    expect(config.supervision.delays_s).toEqual([0, 1]);
  });

  test("every key as a variable", () => {
    const defaults = Configuration.parse({});
    for (const key of leafKeys()) {
      const value = valueAt(defaults, key);
      const text = typeof value === "string" ? value : JSON.stringify(value);
      const { origins } = load(null, { [variableOf(key)]: text });
      expect(origins.get(key)).toBe(`environment ${variableOf(key)}`);
    }
  });

  test("variables of others", () => {
    expect(load(null, { TEMPORAL_ADDRESS: "", DOLPHINS: "1" }).config.log.level).toBe("info");
  });
});

describe("loadConfig refuses in the file", () => {
  test.each([
    ["an unknown key", "colour: red", /unknown key 'colour'; 'dolphin config' lists the keys/],
    ["an unknown inner key", "log: {levle: info}", /unknown key 'log.levle'/],
    ["text for a number", "ports: {dashboard: eighty}", /'ports.dashboard'.*"eighty".*number/],
    ["a port out of range", "ports: {dashboard: 65536}", /'ports.dashboard'.*65536.*65535/],
    ["a word not in the list", "log: {level: loud}", /'log.level'.*"loud".*"info"/],
    ["an interval of 0", "supervision: {window_s: 0}", /'supervision.window_s'.* was 0: .*>0/],
    ["a negative delay", "supervision: {delays_s: [5, -1]}", /'supervision.delays_s.1'.*-1/],
    ["no delays", "supervision: {delays_s: []}", /'supervision.delays_s'/],
    ["a huge interval", "supervision: {news_s: 1e12}", /'supervision.news_s'.*86400/],
    ["infinity", "hazelcast: {deadline_ms: .inf}", /'hazelcast.deadline_ms'/],
    ["not a number", "simulator: {rate: .nan}", /'simulator.rate'/],
    ["an address without port", "hazelcast: {address: localhost}", /must be host:port/],
    ["a day that is none", "scan_bridge: {since: yesterday}", /must be a day such as/],
    [
      "a key that could do nothing",
      "recovery: {temporal: x}",
      /'recovery.temporal'.*runs on Temporal/,
    ],
    ["an empty section", "hazelcast:", /'hazelcast'.* was null/],
    ["an empty path", 'data_dir: ""', /'data_dir'/],
    ["a list", "- a\n- b", /must hold keys and values/],
    ["one word", "hello", /must hold keys and values/],
    ["a key twice", "log: {level: info}\nlog: {level: warn}", /not valid YAML.*unique/s],
    ["broken YAML", "log: {level: info\n# \u001b[31m", /not valid YAML: [ -~]+$/],
    ["a prototype", "__proto__: {log: {level: warn}}", /unknown key '__proto__'/],
  ])("%s: %j", (_what, yaml, message) => checkRefused(yaml, {}, message));

  test("a bomb of aliases", () => {
    const levels = Array.from({ length: 9 }, (_, level) => {
      const inner =
        level === 0
          ? `"lol"`
          : Array(9)
              .fill(`*a${level - 1}`)
              .join(", ");
      return `a${level}: &a${level} [${inner}]`;
    });
    // Unpacked it would take all memory.
    checkRefused(levels.join("\n"), {}, /repeats itself too often/);
  });

  test("more than 1 MiB", () => {
    checkRefused(`# ${"x".repeat(1_100_000)}\n`, {}, /larger than 1 MiB/);
  });

  test("a file that is named but missing, a folder, a pipe", () => {
    expect(() => loadConfig({ cwd, env: {}, file: "no.yaml" })).toThrow(/no\.yaml does not exist/);
    expect(() => loadConfig({ cwd, env: {}, file: "." })).toThrow(/not a regular file/);
    execFileSync("mkfifo", [join(cwd, "pipe")]);
    expect(() => loadConfig({ cwd, env: {}, file: "pipe" })).toThrow(/not a regular file/);
  });

  test("several faults at once, each named", () => {
    checkRefused("colour: red\nlog: {level: loud}\n", {}, /'log.level'.*'colour'/);
  });
});

describe("loadConfig refuses in the environment", () => {
  test.each([
    ["an unknown variable", { DOLPHIN_COLOUR: "red" }, /DOLPHIN_COLOUR is not known/],
    ["an empty variable", { DOLPHIN_LOG_LEVEL: "" }, /DOLPHIN_LOG_LEVEL is empty; unset it/],
    ["an empty file name", { DOLPHIN_CONFIG: "" }, /DOLPHIN_CONFIG is empty/],
    [
      "a wrong type",
      { DOLPHIN_PORTS_DASHBOARD: "eighty" },
      /'ports.dashboard' \(environment DOLPHIN_PORTS_DASHBOARD\) was "eighty"/,
    ],
    ["a section", { DOLPHIN_PORTS: "{}" }, /DOLPHIN_PORTS is not known/],
    ["an interval of 0", { DOLPHIN_SUPERVISION_WINDOW_S: "0" }, /'supervision.window_s'/],
    ["blanks", { DOLPHIN_SUPERVISION_WINDOW_S: " " }, /'supervision.window_s'/],
  ])("%s: %j", (_what, env, message) => checkRefused(null, env, message));
});
