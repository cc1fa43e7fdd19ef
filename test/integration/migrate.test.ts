/**
 * The migration from the first generation and back: both bridges on one archive and one cluster, one command each way.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findToolchain } from "../../src/embedded/toolchain.ts";
import { FEATURES_MAP, LATEST_KEY, SCANS_RING } from "../../src/wire/scan-value.ts";
import { type Bridge, type Lab, openLab, type ScanValue, type Site } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { spawnSync } from "../helpers/run-program.ts";
import { putFile, scanBytes, scanName } from "../helpers/scan-files.ts";

const DAY = "2026-03-25";
const PREFIX = "NEXT_";
const STAND_IN = fileURLToPath(
  new URL("../helpers/migration/scan_bridge_stand_in.py", import.meta.url),
);
const SWITCH = fileURLToPath(new URL("../../deploy/migrate/switch.sh", import.meta.url));
const COMMANDS = ["FIRST_STOP", "FIRST_START", "OURS_STOP", "OURS_START"] as const;

let lab: Lab;
let site: Site;
let config = "";
let first: ChildProcess | null = null;
let ours: Bridge | null = null;
const done: string[] = [];
beforeAll(async () => {
  lab = await openLab("migrate");
  site = await lab.site();
  config = join(site.dir, "switched.yaml");
  writeFileSync(config, `hazelcast:\n  prefix: ${PREFIX} # migrate\n`);
});
afterAll(async () => {
  await act("FIRST_STOP");
  await lab.close();
});

/** What the operator's commands do. */
async function act(command: (typeof COMMANDS)[number]): Promise<void> {
  done.push(command);
  if (command === "FIRST_STOP" && first !== null) {
    const gone = once(first, "exit");
    first.kill("SIGKILL");
    await gone;
    first = null;
  }
  if (command === "FIRST_START") {
    const { python } = findToolchain();
    if (python === undefined) throw new Error("there is no Python with pyarrow; run 'npm test'");
    first = spawn(python, [STAND_IN, site.archive, lab.address], { stdio: "inherit" });
  }
  if (command === "OURS_STOP") await ours?.stop();
  if (command === "OURS_START") {
    const prefix = /prefix: (.*) # migrate/.exec(readFileSync(config, "utf8"))?.[1] ?? "";
    ours = await site.start({ env: { DOLPHIN_HAZELCAST_PREFIX: prefix } });
  }
}

/** The script asks for each command by a file, and waits until it is gone. */
async function switchTo(whom: "ours" | "theirs"): Promise<readonly string[]> {
  done.length = 0;
  const asks = COMMANDS.map((name) => [name, join(site.dir, name)] as const);
  const env = asks.map(([name, file]) => [
    name,
    `: > '${file}'; while [ -e '${file}' ]; do sleep 0.02; done`,
  ]);
  const script = spawn(SWITCH, [whom], {
    env: { ...process.env, ...Object.fromEntries(env), DOLPHIN_CONFIG: config, PREFIX },
    stdio: "inherit",
  });
  await until(`switched to ${whom}`, async () => {
    for (const [name, file] of asks) {
      if (!existsSync(file)) continue;
      await act(name);
      rmSync(file);
    }
    return script.exitCode !== null;
  });
  expect(script.exitCode).toBe(0);
  return [...done];
}

async function latestOf(prefix: string) {
  const map = await lab.cluster.client.getMap<string, string>(`${prefix}${FEATURES_MAP}`);
  const latest: Partial<ScanValue> & { bridge_source?: string } = JSON.parse(
    (await map.get(LATEST_KEY)) ?? "{}",
  );
  return latest;
}

const theirLatest = (scan: number) =>
  until(`theirs pushed ${scan}`, async () => {
    const latest = await latestOf("");
    return latest.scan_number === scan && latest.bridge_source === "scan_bridge_prefect";
  });
const ourLatest = (prefix: string, scan: number) =>
  until(`ours pushed ${scan} under '${prefix}'`, async () => {
    const latest = await latestOf(prefix);
    return latest.scan_number === scan && latest.seq === scan;
  });

function write(scan: number): void {
  putFile(site.archive, `${DAY}/${scanName(scan)}`, scanBytes(scan));
}

test("side by side, over, back and over again: never two writers, and no seq is lost or given twice", async () => {
  write(1);
  await act("FIRST_START");
  await theirLatest(1);
  await act("OURS_START");
  await ourLatest(PREFIX, 1);
  write(2);
  await Promise.all([theirLatest(2), ourLatest(PREFIX, 2)]);
  const shared = await lab.cluster.client.getRingbuffer(SCANS_RING);
  expect((await shared.size()).toNumber()).toBe(0);

  expect(await switchTo("ours")).toEqual(["FIRST_STOP", "OURS_STOP", "OURS_START"]);
  await ourLatest("", 2);
  write(3);
  await ourLatest("", 3);

  expect(await switchTo("theirs")).toEqual(["OURS_STOP", "OURS_START", "FIRST_START"]);
  write(4);
  await Promise.all([theirLatest(4), ourLatest(PREFIX, 4)]);

  await switchTo("ours");
  write(5);
  await ourLatest("", 5);
  // At least once each: what had been pushed under the other name was filled in. The ringbuffer follows the latest.
  const scans = async () => {
    const ring = await lab.cluster.ring();
    return [...new Set(ring.map(({ seq, scan_number: scan }) => `${seq} is ${scan}`))].toSorted();
  };
  await until("the ringbuffer holds the newest", async () => (await scans()).includes("5 is 5"));
  expect(await scans()).toEqual([1, 2, 3, 4, 5].map((n) => `${n} is ${n}`));
});

test("what cannot be switched is left as it is, with the reason", () => {
  const bare = join(site.dir, "bare.yaml");
  writeFileSync(bare, "hazelcast: { prefix: NEXT_ }\n");
  const callsFile = join(site.dir, "told");
  const env = {
    ...process.env,
    ...Object.fromEntries(COMMANDS.map((name) => [name, `echo ${name} >> '${callsFile}'; false`])),
  };
  const run = (file: string) =>
    spawnSync(SWITCH, ["ours"], { encoding: "utf8", env: { ...env, DOLPHIN_CONFIG: file } });
  expect(run(bare)).toMatchObject({ status: 78, stderr: expect.stringContaining("must have one") });
  expect(existsSync(callsFile)).toBe(false);
  const before = readFileSync(config, "utf8");
  // Who does not stop is not overwritten.
  expect(run(config).status).not.toBe(0);
  expect(readFileSync(callsFile, "utf8")).toBe("FIRST_STOP\n");
  expect(readFileSync(config, "utf8")).toBe(before);
});
