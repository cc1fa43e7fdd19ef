/**
 * The long form of the chaos test: 200 random `kill -9` while 20,000 scans are written, in at most an hour, and
 * `--rounds` times each of: an audit while Hazelcast is frozen, `up` paused, Temporal's database removed, the data disk
 * filled. With `--polls` the archive is only listed, and the writer's clock is ten minutes ahead. Prints one line of
 * JSON at the end, and exits with 1 if a checker found a fault.
 *     node bench/chaos.ts [--seed N] [--kills 200] [--scans 20000] [--minutes 45] [--rounds 3] [--polls]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runChaos } from "../test/chaos/harness/chaos-run.ts";
import { TROUBLES } from "../test/chaos/harness/troubles.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { machine, note } from "./harness/options.ts";

endWithBench();

const SEED_MAX = 2 ** 31;
const MINUTES_MAX = 60;
/** Longer than any silence that a watcher allows. */
const TROUBLE_MS = 45_000;
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Math.random() * SEED_MAX)) },
    kills: { type: "string", default: "200" },
    scans: { type: "string", default: "20000" },
    /** The time over which the scans are written. */
    minutes: { type: "string", default: "45" },
    rounds: { type: "string", default: "3" },
    polls: { type: "boolean", default: false },
  },
});
const scans = Number(values.scans);
const root = mkdtempSync(join(tmpdir(), "dolphin-chaos-"));
note(`seed ${values.seed}, in ${root}, which stays when something is wrong`);
const limit = setTimeout(() => {
  throw new Error(`not done within ${MINUTES_MAX} minutes`);
}, MINUTES_MAX * 60_000);
const report = await runChaos({
  root,
  seed: Number(values.seed),
  scans,
  scansPerSecond: scans / (Number(values.minutes) * 60),
  kills: Number(values.kills),
  pauseMsMax: 10_000,
  troubles: Array.from({ length: Number(values.rounds) }, () => TROUBLES).flat(),
  troubleMs: TROUBLE_MS,
  polls: values.polls,
  say: note,
});
clearTimeout(limit);
process.stdout.write(`${JSON.stringify({ ...report, machine: machine() })}\n`);
if (0 < report.faults.length) process.exit(1);
rmSync(root, { recursive: true, force: true });
