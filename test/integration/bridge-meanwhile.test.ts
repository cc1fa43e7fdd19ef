/** Changes to files while no bridge runs: each found by chaos, reduced to its smallest case. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { checkBooks } from "../helpers/books.ts";
import { type Lab, openLab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { DONE_MAP } from "../../src/wire/scan-value.ts";
import { putFile, scanBytes } from "../helpers/scan-files.ts";

const MAIN = fileURLToPath(new URL("../../src/services/scan-bridge/main.ts", import.meta.url));
const FAILING_PUMP = fileURLToPath(new URL("../helpers/failing-pump.ts", import.meta.url));
const DAY = "2026-01-05";
let lab: Lab;
beforeAll(async () => {
  lab = await openLab("bridge-meanwhile");
});
afterEach(() => lab.stopBridges());
afterAll(() => lab.close());

test("a quarantined file that is completed meanwhile is taken by the next start, as replayed", async () => {
  const site = await lab.site();
  putFile(site.archive, `${DAY}/a.arrow`, scanBytes(1));
  const bytes = scanBytes(2);
  const half = bytes.length >> 1;
  writeFileSync(join(site.archive, DAY, "b.arrow"), bytes.subarray(0, half));
  const first = await site.start();
  await until("b is quarantined", () => site.verdict(`${DAY}/b.arrow`)?.kind === "quarantined");
  await first.kill();
  appendFileSync(join(site.archive, DAY, "b.arrow"), bytes.subarray(half));
  await site.start();
  await site.journaled(2);
  const { scans } = await checkBooks(site, lab.cluster);
  expect(scans.map(({ file, replayed }) => [file, replayed])).toEqual([
    [`${DAY}/a.arrow`, true],
    [`${DAY}/b.arrow`, true],
  ]);
});

test("a file that was renamed after it was pushed is in the ringbuffer of a member that comes back empty", async () => {
  const site = await lab.site();
  for (const n of [1, 2, 3]) putFile(site.archive, `${DAY}/${n}.arrow`, scanBytes(n));
  await site.start();
  await site.journaled(3);
  renameSync(join(site.archive, DAY, "3.arrow"), join(site.archive, DAY, "moved.arrow"));
  await until("it is known", () => site.verdict(`${DAY}/moved.arrow`)?.kind === "duplicate");
  await lab.replaceMember(async () => {});
  await until("latest is told again", async () => (await lab.cluster.latest())?.seq === 3);
  await checkBooks(site, lab.cluster);
});

test("a file that was renamed while no bridge ran keeps its seq, without a journal and untold", async () => {
  const site = await lab.site();
  putFile(site.archive, `${DAY}/1.arrow`, scanBytes(1));
  const first = await site.start();
  await site.journaled(1);
  putFile(site.archive, `${DAY}/2.arrow`, scanBytes(2));
  await until("it is in Hazelcast", async () => (await lab.cluster.latest())?.seq === 2);
  await first.kill();
  // As if the death had come before the second in which it is published.
  await (await lab.cluster.client.getMap(DONE_MAP)).delete(`${DAY}/2.arrow`);
  renameSync(join(site.archive, DAY, "2.arrow"), join(site.archive, DAY, "moved.arrow"));
  rmSync(join(site.data, "journal"), { recursive: true });
  putFile(site.archive, `${DAY}/3.arrow`, scanBytes(3));
  await site.start();
  await site.journaled(3);
  await until("it is known", () => site.verdict(`${DAY}/moved.arrow`)?.kind === "duplicate");
  const { scans } = await checkBooks(site, lab.cluster);
  expect(scans.map(({ file }) => file)).toEqual(["1", "2", "3"].map((n) => `${DAY}/${n}.arrow`));
});

test("a committed batch whose file was renamed before it was published is published all the same", async () => {
  const site = await lab.site();
  await (await site.start()).kill();
  for (const n of [1, 2, 3]) putFile(site.archive, `${DAY}/${n}.arrow`, scanBytes(n));
  const failing = spawn(process.execPath, [...NODE_FLAGS, MAIN, FAILING_PUMP], {
    env: {
      ...process.env,
      TEST_STEP: "claimed",
      DOLPHIN_CONFIG: join(site.dir, "dolphin.yaml"),
    },
  });
  expect(await once(failing, "exit")).toEqual([null, "SIGKILL"]);
  // A slow machine may claim fewer than all at once.
  const claimed = (await lab.cluster.checkpoint())?.files.at(-1) ?? "";
  renameSync(join(site.archive, claimed), join(site.archive, DAY, "moved.arrow"));
  await site.start();
  await until("it is known", () => site.verdict(`${DAY}/moved.arrow`)?.kind === "duplicate");
  await site.settled(4);
  await checkBooks(site, lab.cluster);
});
