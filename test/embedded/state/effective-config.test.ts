import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadConfig, partSecrets } from "../../../src/config.ts";
import { childEnvironment } from "../../../src/embedded/dolphin-child.ts";
import {
  createUpFileWriter,
  effectiveConfigFile,
  createConfigKeeper,
} from "../../../src/embedded/state/up-state.ts";
import type { UpFile } from "../../../src/wire/up-file.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";
import { execFileSync } from "../../helpers/run-program.ts";

const CANARY = "postgres://trader:canary-7f3a@127.0.0.1:5432/journal";

test("a secret of the configuration reaches the children, and no file of the data directory", () => {
  const dir = makeTemporaryDirectory("effective-config");
  onTestFinished(() => removeTemporaryDirectory(dir));
  const env = { DOLPHIN_DATA_DIR: dir, DOLPHIN_JOURNAL_POSTGRES_SECRET_URL: CANARY };
  const { config } = loadConfig({ env, cwd: dir });
  expect(config.journal.postgres_secret_url).toBe(CANARY);
  createConfigKeeper(config).keep();
  for (const name of readdirSync(join(dir, "run"))) {
    const path = join(dir, "run", name);
    expect(readFileSync(path, "utf8")).not.toContain("canary-7f3a");
    expect(statSync(path).mode & 0o027).toBe(0);
  }
  const { environment } = partSecrets(config);
  const world = { dataDir: dir, temporal: "127.0.0.1:7233", namespace: "default", env };
  const child = childEnvironment({ ...world, secrets: environment });
  expect(child.DOLPHIN_CONFIG).toBe(effectiveConfigFile(dir));
  expect(loadConfig({ env: child, cwd: "/" }).config).toEqual(config);
});

test("what is deleted or changed while `up` runs is written again, and only that", () => {
  const dir = makeTemporaryDirectory("effective-config");
  onTestFinished(() => removeTemporaryDirectory(dir));
  const { config } = loadConfig({ env: { DOLPHIN_DATA_DIR: dir }, cwd: dir });
  const file = effectiveConfigFile(dir);
  createConfigKeeper(config).keep();
  const right = readFileSync(file, "utf8");
  const { ino } = statSync(file);
  createConfigKeeper(config).keep();
  expect(statSync(file).ino).toBe(ino);
  const harms = [
    () => rmSync(join(dir, "run"), { recursive: true }),
    () => rmSync(file),
    () => writeFileSync(file, "data_dir: /elsewhere\n"),
    () => writeFileSync(file, ""),
  ];
  for (const harm of harms) {
    harm();
    createConfigKeeper(config).keep();
    expect(readFileSync(file, "utf8")).toBe(right);
    expect(readdirSync(join(dir, "run")).toSorted()).toEqual(["dolphin.yaml", "temporal.toml"]);
  }
});

test("the children's configuration is read without the package that reads a person's", () => {
  const dir = makeTemporaryDirectory("effective-config");
  onTestFinished(() => removeTemporaryDirectory(dir));
  const file = effectiveConfigFile(dir);
  createConfigKeeper(loadConfig({ env: { DOLPHIN_DATA_DIR: dir }, cwd: dir }).config).keep();
  const config = JSON.stringify(new URL("../../../src/config.ts", import.meta.url).href);
  const hasYaml = "Object.keys(require.cache).some((name) => name.includes('node_modules/yaml/'))";
  const loaded = (named: string) =>
    execFileSync(
      process.execPath,
      [
        "-e",
        `import(${config}).then((m) => { m.loadConfig({ env: { DOLPHIN_CONFIG: process.argv[1] }, cwd: "/" }); console.log(${hasYaml}); })`,
        named,
      ],
      { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
    );
  expect(loaded(file)).toBe("false\n");
  const changed = join(dir, "changed.yaml");
  writeFileSync(changed, `${readFileSync(file, "utf8")}# and a person's line\n`);
  expect(loaded(changed)).toBe("true\n");
});

test("up.json is written again when it is gone", () => {
  const dir = makeTemporaryDirectory("up-json");
  onTestFinished(() => removeTemporaryDirectory(dir));
  const up: UpFile = {
    pid: 1,
    started_ticks: null,
    started_at: "2026-03-02T09:30:00.000Z",
    hazelcast: "127.0.0.1:5701",
    cluster: "dolphin",
    temporal: "127.0.0.1:7233",
    temporal_ui: "http://127.0.0.1:8233",
    dashboard: null,
    archive: dir,
    services: {},
  };
  const writer = createUpFileWriter(dir);
  writer.write(up);
  rmSync(join(dir, "up.json"));
  writer.write(up);
  expect(JSON.parse(readFileSync(join(dir, "up.json"), "utf8"))).toEqual(up);
});
