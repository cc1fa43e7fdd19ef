/**
 * Microseconds from renaming a scan file into place to another process's entry listener: our bridge (with fence,
 * ringbuffer and journal) beside the Python peer on inotify, interleaved in one run, and beside the peer as it was
 * deployed, which lists the folder every five seconds. On a busy machine scans queue up and are pushed in batches: then
 * there is an event for the last one only, and the ringbuffer has all; `in_batches` counts those without an event.
 *     node bench/bridge-latency.ts [--json] [--rounds 5] [--files 500] [--assets 50,400] [--peer SCRIPT]
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { endWithBench } from "./harness/end-with-bench.ts";
import { type Listener, startListener } from "./harness/listener.ts";
import { liveRun } from "./harness/live-run.ts";
import { benchOptions, note, report } from "./harness/options.ts";
import { type BridgeProcess, PEER_MAP, startOurs, startPeer } from "./harness/processes.ts";
import { scanCorpus, type ScanFile } from "./harness/scan-corpus.ts";
import { type Stack, withStack } from "./harness/stack.ts";
import { median, percentile, rounded } from "./harness/statistics.ts";
import { FEATURES_MAP } from "../src/wire/scan-value.ts";

endWithBench();

type Bridge = "ours" | "watch" | "poll";
type Round = { readonly p50: number; readonly p99: number; readonly missed: number };

const options = benchOptions();
const FILES = options.files ?? 500;
const RATE = 20;
const WARM_FILES = 40;
const PATIENCE_MS = 12_000;

await withStack(async (stack) => {
  const listeners = {
    ours: await startListener({ ...stack, map: FEATURES_MAP }),
    peer: await startListener({ ...stack, map: PEER_MAP }),
  };
  try {
    const rows: Record<string, ReturnType<typeof summarise>> = {};
    for (const assets of options.assets) {
      const files = [...scanCorpus(assets, FILES + WARM_FILES)];
      // Once for the member's own sake, whose code is slow until it was run.
      await measure({ stack, listeners, assets, round: 0 }, "watch", files.slice(0, 200));
      await measure({ stack, listeners, assets, round: 0 }, "ours", files.slice(0, 200));
      const rounds: Record<Bridge, Round[]> = { ours: [], watch: [], poll: [] };
      for (let round = 1; round <= options.rounds; round++) {
        // Who goes first changes, so that a drift of the machine falls on both.
        const order: Bridge[] = round % 2 === 1 ? ["watch", "ours"] : ["ours", "watch"];
        for (const bridge of order) {
          rounds[bridge].push(await measure({ stack, listeners, assets, round }, bridge, files));
        }
      }
      const at = { stack, listeners, assets, round: 1 };
      rounds.poll.push(await measure(at, "poll", files));
      rows[`${assets} assets`] = summarise(rounds);
    }
    report(
      options,
      { title: "rename to listener, microseconds", files: FILES, rate: RATE, rows },
      rows,
    );
  } finally {
    await Promise.all([listeners.ours.stop(), listeners.peer.stop()]);
  }
});

async function measure(
  at: {
    readonly stack: Stack;
    readonly listeners: { readonly ours: Listener; readonly peer: Listener };
    readonly assets: number;
    readonly round: number;
  },
  bridge: Bridge,
  files: readonly ScanFile[],
): Promise<Round> {
  const dir = join(at.stack.dir, `${bridge}-${at.assets}-${at.round}-${files.length}`);
  const setup = { ...at.stack, dir, archive: join(dir, "archive") };
  mkdirSync(setup.archive, { recursive: true });
  const listener = bridge === "ours" ? at.listeners.ours : at.listeners.peer;
  await listener.reset();
  const started: BridgeProcess =
    bridge === "ours" ? await startOurs(setup) : await startPeer(bridge, setup, options);
  try {
    const { archive } = setup;
    const run = { archive, listener, files, rate: RATE, warmFiles: WARM_FILES };
    const { latenciesUs, missed } = await liveRun({ ...run, patienceMs: PATIENCE_MS });
    if (latenciesUs.length === 0) throw new Error(`no scan arrived\n${started.log()}`);
    const p50 = rounded(percentile(latenciesUs, 50), 0);
    const p99 = rounded(percentile(latenciesUs, 99), 0);
    note(
      `${at.assets} assets, round ${at.round}, ${bridge}: p50 ${p50}, p99 ${p99}, missed ${missed}`,
    );
    return { p50, p99, missed };
  } finally {
    await started.stop();
  }
}

function summarise({ ours, watch, poll }: Readonly<Record<Bridge, readonly Round[]>>) {
  const p50 = (rounds: readonly Round[]) => median(rounds.map((round) => round.p50));
  const p99 = (rounds: readonly Round[]) => median(rounds.map((round) => round.p99));
  return {
    ours_p50: p50(ours),
    peer_p50: p50(watch),
    p50_ratio: rounded(p50(ours) / p50(watch)),
    ours_p99: p99(ours),
    peer_p99: p99(watch),
    p99_ratio: rounded(p99(ours) / p99(watch)),
    polling_p50: p50(poll),
    times_faster_than_polling: rounded(p50(poll) / p50(ours), 0),
    in_batches: ours.reduce((sum, round) => sum + round.missed, 0),
    peer_missed: watch.reduce((sum, round) => sum + round.missed, 0),
  };
}
