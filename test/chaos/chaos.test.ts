/**
 * Random `kill -9` of everything while scans are written: nothing is lost, doubled or left behind.
 * CHAOS_SEED repeats a run, CHAOS_KEEP keeps what it wrote; the long form is `npm run chaos`.
 */
import { expect, test } from "vitest";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { runChaos } from "./harness/chaos-run.ts";

const SEED_MAX = 2 ** 31;
const seed = Number(process.env["CHAOS_SEED"] ?? Math.floor(Math.random() * SEED_MAX));

test(`15 kills and 1,000 scans, CHAOS_SEED=${seed}`, async () => {
  const root = makeTemporaryDirectory("chaos");
  const say = (line: string) => process.stdout.write(`chaos ${seed}: ${line}\n`);
  say(`in ${root}, which stays when something is wrong`);
  const report = await runChaos({
    root,
    seed,
    scans: 1_000,
    scansPerSecond: 10,
    kills: 15,
    pauseMsMax: 6_000,
    say,
  });
  say(JSON.stringify(report));
  expect(report.faults).toEqual([]);
  if (process.env["CHAOS_KEEP"] === undefined) removeTemporaryDirectory(root);
});
