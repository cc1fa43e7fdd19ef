/**
 * Random `kill -9` of everything while scans are written: nothing is lost, doubled or left behind. CHAOS_SEED=random
 * draws another plan, a number repeats one, CHAOS_KEEP keeps the files; the long form is `npm run chaos`.
 */
import { expect, test } from "vitest";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";
import { runChaos } from "./harness/chaos-run.ts";

const SEED_MAX = 2 ** 31;
const SEED = 20_261_129;
const asked = process.env["CHAOS_SEED"] ?? String(SEED);
const seed = asked === "random" ? Math.floor(Math.random() * SEED_MAX) : Number(asked);

test(`6 kills, 2 troubles and 450 scans, CHAOS_SEED=${seed}`, async () => {
  const root = makeTemporaryDirectory("chaos");
  const say = (line: string) => process.stdout.write(`chaos ${seed}: ${line}\n`);
  say(`in ${root}, which stays when something is wrong`);
  const report = await runChaos({
    root,
    seed,
    scans: 450,
    scansPerSecond: 10,
    kills: 6,
    pauseMsMax: 6_000,
    troubles: ["audit", "forget"],
    troubleMs: 0,
    polls: false,
    say,
  });
  say(JSON.stringify(report));
  expect(report.faults).toEqual([]);
  if (process.env["CHAOS_KEEP"] === undefined) removeTemporaryDirectory(root);
});
