/** A full data disk: `up` and its servers stay, report it, and continue when there is space again. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import { mountSmallDisk } from "../helpers/faults/small-disk.ts";
import { killProcessesOn, processesOn, sendSignal, until } from "../helpers/processes.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { DOLPHIN, readUp, startUp } from "../helpers/up.ts";
import { spawnSync } from "../helpers/run-program.ts";

const parent = makeTemporaryDirectory("up-full");
const data = join(parent, "data");
const disk = mountSmallDisk(data, "64m");
if (disk === null) process.stderr.write("skipped: nobody may mount a disk on this machine\n");

afterEach(() => {
  killProcessesOn(parent);
});
afterAll(async () => {
  await until(() => processesOn(parent).length === 0, { ms: 5_000, tell: () => "still there" });
  disk?.unmount();
  removeTemporaryDirectory(parent);
});

const status = () => spawnSync(DOLPHIN, ["--data-dir", data, "status"], { encoding: "utf8" });
const statusExit = () => status().status;

test.skipIf(disk === null)(
  "a full data disk ends nothing, is named, and is forgotten within a minute of being free",
  async () => {
    const archive = join(parent, "archive");
    const up = startUp(data, ["--demo", "--ports", "auto", "--archive", archive]);
    const before = await up.untilUp();
    await until(() => statusExit() === 0, { ms: 60_000, tell: up.output });
    disk?.fill();
    const isNamed = () => /; disk: FULL: the one of .*data/.test(up.output());
    await until(isNamed, { ms: 60_000, tell: up.output });
    const shown = status();
    expect(shown.stdout).toMatch(/^disk +.*data +FULL: /m);
    expect(shown.status).toBeGreaterThan(0);
    // The servers' end changes the content of up.json, for which there is no space.
    const worker = before.services["worker"]?.pid;
    sendSignal(worker, "SIGKILL");
    const isReported = () => /up\.json in .*: ENOSPC/.test(up.output());
    await until(isReported, { ms: 60_000, tell: up.output });
    expect(existsSync(`/proc/${up.pid}`)).toBe(true);
    const hazelcast = before.services["hazelcast"]?.pid;
    expect(existsSync(`/proc/${hazelcast}`)).toBe(true);
    disk?.free();
    await until(() => statusExit() === 0, { ms: 60_000, tell: up.output });
    const isOver = () => /disk: works again, after \d+ failures/.test(up.output());
    await until(isOver, { ms: 60_000, tell: up.output });
    const isNoted = () => readUp(data)?.services["worker"]?.pid !== worker;
    await until(isNoted, { ms: 60_000, tell: up.output });
    expect(readUp(data)?.services["hazelcast"]?.pid).toBe(hazelcast);
    // An orderly end needs no room either: calls to Temporal are under way and fail.
    disk?.fill();
    const marks = () => up.output().split("disk: FULL").length;
    const soFar = marks();
    await until(() => soFar < marks(), { ms: 60_000, tell: up.output });
    sendSignal(up.pid, "SIGTERM");
    const end = await up.ended;
    if (end.code !== 0) process.stderr.write(up.output().slice(-2_000));
    expect(end).toEqual({ code: 0, signal: null });
  },
  600_000,
);
