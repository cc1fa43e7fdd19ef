/**
 * Files per second of a drained backlog, beside the Python peer in one run: with latest_eigen_scan set once per batch,
 * and set for every scan as the peer does. The peer is measured from its first push to its last, after 200 warm-up
 * pushes; ours is reported in the same way (cold), from `ready`, and in total.
 *     node bench/bridge-backlog.ts [--json] [--rounds 5] [--files 5000] [--assets 50,400] [--peer SCRIPT]
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { FEATURES_MAP } from "../src/wire/scan-value.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { type DayArchive, writeDayArchive } from "./harness/day-archive.ts";
import { type Drain, drain } from "./harness/drain.ts";
import { type Listener, startListener } from "./harness/listener.ts";
import { benchOptions, note, report } from "./harness/options.ts";
import { runPeerBacklog } from "./harness/processes.ts";
import { type Stack, withStack } from "./harness/stack.ts";
import { median, rounded } from "./harness/statistics.ts";

endWithBench();

type PeerRun = Awaited<ReturnType<typeof runPeerBacklog>>;
type Rounds = { readonly peer: PeerRun[]; readonly batch: Drain[]; readonly every: Drain[] };
type At = {
  readonly stack: Stack;
  readonly listener: Listener;
  readonly backlog: DayArchive;
  readonly name: string;
};

const options = benchOptions();
const FILES = options.files ?? 5_000;

await withStack(async (stack) => {
  const listener = await startListener({ ...stack, map: FEATURES_MAP });
  try {
    const rows: Record<string, ReturnType<typeof summarise>> = {};
    for (const assets of options.assets) {
      const archive = join(stack.dir, `archive-${assets}`);
      const backlog = writeDayArchive(archive, assets, FILES);
      const rounds: Rounds = { peer: [], batch: [], every: [] };
      for (let round = 0; round <= options.rounds; round++) {
        const at = { stack, listener, backlog, name: `${assets}-${round}` };
        // Round 0 warms the member and is not counted.
        await runRound(at, round === 0 ? { peer: [], batch: [], every: [] } : rounds, round);
      }
      rows[`${assets} assets`] = summarise(rounds);
      rmSync(archive, { recursive: true });
    }
    report(options, { title: "backlog, files a second", files: FILES, rows }, rows);
  } finally {
    await listener.stop();
  }
});

/** Who goes first changes, so that a drift of the machine falls on all. */
async function runRound(at: At, rounds: Rounds, round: number): Promise<void> {
  const runs = [
    async () => rounds.peer.push(await runPeer(at)),
    async () => rounds.batch.push(await runOurs(at, "batch")),
    async () => rounds.every.push(await runOurs(at, "every")),
  ];
  for (const step of runs.keys()) await runs[(step + round) % runs.length]!();
}

async function runPeer({ stack, backlog, name }: At): Promise<PeerRun> {
  const setup = { ...stack, dir: join(stack.dir, `peer-${name}`), archive: backlog.archive };
  const run = await runPeerBacklog(backlog.day, setup, options);
  note(`${name}, peer: ${run.filesPerSecond} files/s`);
  return run;
}

async function runOurs(
  { stack, listener, backlog, name }: At,
  latest: "batch" | "every",
): Promise<Drain> {
  const dir = join(stack.dir, `ours-${latest}-${name}`);
  const scanBridge = [`backlog_latest: ${latest}`];
  const setup = { ...stack, dir, archive: backlog.archive, scanBridge };
  const run = await drain({ setup, backlog, listener });
  const rate = rounded(run.pushingPerSecond, 0);
  note(`${name}, ours, ${latest}: ${rate} files/s, ${rounded(run.readyPerSecond, 0)} from ready`);
  return run;
}

function summarise({ peer, batch, every }: Rounds) {
  const peerRate = median(peer.map((run) => run.filesPerSecond));
  const peerMs = median(peer.map((run) => run.processMs));
  const ours = (runs: readonly Drain[], name: string) => {
    const pushing = median(runs.map((run) => run.pushingPerSecond));
    const fromReady = median(runs.map((run) => run.readyPerSecond));
    const processMs = median(runs.map((run) => run.processMs));
    return {
      [`${name}_per_s`]: rounded(pushing, 0),
      [`${name}_ratio`]: rounded(pushing / peerRate),
      [`${name}_from_ready_per_s`]: rounded(fromReady, 0),
      [`${name}_from_ready_ratio`]: rounded(fromReady / peerRate),
      [`${name}_process_ms`]: rounded(processMs, 0),
      [`${name}_process_ratio`]: rounded(peerMs / processMs),
      [`${name}_cpu_us_per_scan`]: rounded(median(runs.map((run) => run.cpuUsPerScan)), 0),
    };
  };
  return {
    peer_per_s: rounded(peerRate, 0),
    peer_process_ms: rounded(peerMs, 0),
    ...ours(batch, "batch"),
    ...ours(every, "every"),
  };
}
