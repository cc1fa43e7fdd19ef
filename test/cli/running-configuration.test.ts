/** A verb beside a running `up` knows what that was configured with, wherever it is called. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startedTicks } from "../../src/adapters/process/process-facts.ts";
import { contextOf } from "../../src/cli/context.ts";
import { deploymentWorld } from "../../src/cli/install/deployment-world.ts";
import { loadConfig } from "../../src/config.ts";
import { createConfigKeeper, writeOrigins } from "../../src/embedded/state/up-state.ts";
import { CHOSEN_BY_UP } from "../../src/wire/declared/origins-file.ts";
import type { UpFile } from "../../src/wire/up-file.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";

let root = "";
let dataDir = "";
beforeEach(() => {
  root = makeTemporaryDirectory("running-configuration");
  dataDir = join(root, "data");
  mkdirSync(join(root, "elsewhere"));
  putUp(process.pid);
});
afterEach(() => removeTemporaryDirectory(root));

/** As of a demo that was started with a file of its own. */
function putUp(pid: number): void {
  const { config, origins } = loadConfig({
    env: {},
    cwd: root,
    flags: { data_dir: dataDir, "recovery.mode": "monitor-only", "ports.dashboard": 8_099 },
  });
  const indicators = { funding: { url: "http://127.0.0.1:7777", every_s: 60 } };
  createConfigKeeper({ ...config, indicators }).keep();
  writeOrigins(dataDir, new Map([...origins, ["indicators", CHOSEN_BY_UP]]));
  const up: UpFile = {
    pid,
    started_ticks: startedTicks(pid),
    started_at: "2026-03-25T00:00:00.000000+00:00",
    hazelcast: "127.0.0.1:5799",
    cluster: "dolphin",
    temporal: "127.0.0.1:7299",
    temporal_ui: "http://127.0.0.1:8299",
    dashboard: null,
    archive: join(root, "scans"),
    services: {},
  };
  writeFileSync(join(dataDir, "up.json"), JSON.stringify(up));
}

function contextIn(folder: string, env: Readonly<Record<string, string>> = {}) {
  return contextOf({ env, cwd: join(root, folder), flags: { data_dir: dataDir } });
}

test("without a file here all is as `up` runs with it, but for ports and what is given here", () => {
  const { config, loaded } = contextIn("elsewhere", { DOLPHIN_RECOVERY_MODE: "auto" });
  expect(Object.keys(config.indicators)).toEqual(["funding"]);
  expect(config.recovery.mode).toBe("auto");
  expect(contextIn("elsewhere").config.recovery.mode).toBe("monitor-only");
  expect(config.ports).toEqual(loaded.config.ports);
  expect(config.hazelcast.address).toBe("127.0.0.1:5799");
});

test("beside a file here only what the demo has chosen is added, and not where the file says it", () => {
  const file = join(root, "elsewhere", "dolphin.yaml");
  writeFileSync(file, "log: { level: debug }\n");
  const { config } = contextIn("elsewhere");
  expect(config).toMatchObject({ log: { level: "debug" }, recovery: { mode: "auto" } });
  expect(Object.keys(config.indicators)).toEqual(["funding"]);
  writeFileSync(file, "indicators: { dvol: {} }\n");
  expect(Object.keys(contextIn("elsewhere").config.indicators)).toEqual(["dvol"]);
});

test("an `up` that is gone, or a file that another release wrote, says nothing", () => {
  writeFileSync(join(dataDir, "run", "dolphin.yaml"), "of_a_later_release: true\n");
  expect(contextIn("elsewhere").config.indicators).toEqual({});
  putUp(2 ** 22 + 1);
  expect(contextIn("elsewhere").config.indicators).toEqual({});
});

test("what is deployed does not follow what runs here", () => {
  const world = deploymentWorld(contextIn("elsewhere"), { servers: false });
  expect(world).toMatchObject({
    hazelcastAddress: "127.0.0.1:5701",
    archive: join(dataDir, "arrow_scans"),
  });
});
