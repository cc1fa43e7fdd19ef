/** What happens to files while no bridge runs: found by chaos, each as the smallest case of it. */
import { appendFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkBooks } from "../helpers/books.ts";
import { type Lab, openLab, until } from "../helpers/bridge.ts";
import { putFile, scanBytes } from "../helpers/scan-files.ts";

const DAY = "2026-01-05";
let lab: Lab;
beforeAll(async () => {
  lab = await openLab("bridge-meanwhile");
});
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
  await until("latest is told again", async () => (await lab.cluster.latest())?.seq === 3, 60_000);
  await checkBooks(site, lab.cluster);
});
