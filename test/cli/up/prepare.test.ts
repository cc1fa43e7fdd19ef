import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startedTicks } from "../../../src/adapters/process/process-facts.ts";
import { prepareUp } from "../../../src/cli/up/prepare.ts";
import { loadConfig } from "../../../src/config.ts";
import type { UpFile } from "../../../src/wire/up-file.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../../helpers/servers.ts";

test.skipIf(startedTicks(process.pid) === null)(
  "a second `up` is refused while the first lives though its lock was deleted, and touches nothing",
  async () => {
    const dir = makeTemporaryDirectory("second-up");
    onTestFinished(() => removeTemporaryDirectory(dir));
    const living = { pid: process.pid, started_ticks: startedTicks(process.pid) };
    const service = { ...living, guard_pid: null, log: "" };
    const up: UpFile = {
      ...living,
      started_at: "2026-03-02T09:30:00.000Z",
      hazelcast: "127.0.0.1:5701",
      cluster: "dolphin",
      temporal: "127.0.0.1:7233",
      temporal_ui: "http://127.0.0.1:8233",
      dashboard: null,
      archive: join(dir, "arrow_scans"),
      services: { worker: service },
    };
    writeFileSync(join(dir, "up.json"), JSON.stringify(up));
    const loaded = loadConfig({ env: { DOLPHIN_DATA_DIR: dir }, cwd: dir });
    await expect(prepareUp(loaded, { autoPorts: true, demo: false })).rejects.toThrow(
      `a 'dolphin up' already runs on ${dir} (pid ${process.pid}, since 2026`,
    );
    expect(readdirSync(dir)).toEqual(["up.json"]);
  },
);
