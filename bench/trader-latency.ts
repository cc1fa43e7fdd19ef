/**
 * The trader's way from event to commands: from entry into the listener's callback until every
 * command is in hand, with the text read, the event appended to a real journal, and the step. A real
 * member, the real bridge and the simulator stand before it, each a process of its own; the default
 * strategy is warm. Beside it, from the file's rename into place to the commands.
 *     node bench/trader-latency.ts [--json] [--assets 50,400] [--files 6000]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs, wallMicros, wallMs } from "../src/adapters/clock.ts";
import { connectHazelcast } from "../src/adapters/hazelcast/hazelcast-client.ts";
import { createScanFeed, type ScanFeed } from "../src/adapters/hazelcast/scan-feed.ts";
import { createScanLookup } from "../src/adapters/journal/scan-lookup.ts";
import { saveSnapshot } from "../src/adapters/trading-journal/snapshots.ts";
import { OutcomeFile } from "../src/adapters/trading-journal/replay/outcome-file.ts";
import { TradeFile } from "../src/adapters/trading-journal/trade-file.ts";
import { syncPeriodically } from "../src/adapters/trading-journal/trading-journal.ts";
import { TradingLog } from "../src/adapters/trading-journal/trading-log.ts";
import { simulatedPrices, writeScans } from "../src/cli/simulate/scan-simulation.ts";
import { createPaperBroker } from "../src/domain/trading/broker/paper-broker.ts";
import { snapshotOf } from "../src/domain/trading/snapshot/snapshot.ts";
import { createTrader } from "../src/domain/trading/trader.ts";
import { publishStaticPosture } from "../src/cli/up/static-posture.ts";
import { bookConfiguration } from "../src/wire/trading/book-configuration.ts";
import { RunningTrader } from "../src/services/trader/running-trader.ts";
import { Configuration } from "../src/wire/configuration.ts";
import { microsFromIso } from "../src/wire/scan-value.ts";
import { encodeTraderSnapshot } from "../src/wire/trading/trader-snapshot.ts";
import { benchOptions, note, report } from "./harness/options.ts";
import { startOurs } from "./harness/processes.ts";
import { type Stack, withStack } from "./harness/stack.ts";
import { percentile, rounded } from "./harness/statistics.ts";

const options = benchOptions();
const RATE = 20;
/** Five minutes. */
const FILES = options.files ?? 6_000;
const BACKLOG = 450;
const SEED = 1;
const MAIN = resolve(import.meta.dirname, "../src/cli/main.ts");
/** Of the end of a text, where the file's time stands. */
const TAIL_CHARACTERS = 400;

const rows: Record<string, Awaited<ReturnType<typeof measure>>> = {};
for (const assets of options.assets) {
  // A member each: the bridge of another size begins at seq 1.
  await withStack(async (stack) => {
    rows[`${assets} assets`] = await measure(stack, assets);
  });
}
report(options, { title: "trader, milliseconds", files: FILES, rate: RATE, rows }, rows);

async function measure(stack: Stack, assets: number) {
  const dir = join(stack.dir, `trader-${assets}`);
  const archive = join(dir, "archive");
  mkdirSync(archive, { recursive: true });
  await writeBacklog(archive, assets);
  const bridge = await startOurs({ ...stack, dir, archive });
  const bench = await openTrader(stack, dir, archive);
  try {
    const { trader } = bench;
    while (trader.data.scans.lastSeq < BACKLOG) await delay(20);
    if (!trader.strategy.isWarm()) throw new Error("the backlog did not fill the windows");
    bench.begin();
    await simulate(archive, assets);
    while (trader.data.scans.lastSeq < BACKLOG + FILES) await delay(20);
    const { callbackMs, fileMs } = bench;
    note(
      `${assets} assets: ${callbackMs.length} scans in their callback, ${trader.data.account.trades} trades`,
    );
    return {
      callback_p50: percentileOf(callbackMs, 50),
      callback_p99: percentileOf(callbackMs, 99),
      callback_max: percentileOf(callbackMs, 100),
      file_to_commands_p50: percentileOf(fileMs, 50),
      file_to_commands_p99: percentileOf(fileMs, 99),
      in_callback: callbackMs.length,
      repaired: FILES - callbackMs.length,
      trades: trader.data.account.trades,
      snapshots: bench.snapshots(),
    };
  } finally {
    await bench.close();
    await bridge.stop();
  }
}

function percentileOf(samples: readonly number[], percent: number): number | null {
  return samples.length === 0 ? null : rounded(percentile(samples, percent), 3);
}

function fail(error: unknown): never {
  process.stderr.write(`${String(error)}\n`);
  process.exit(1);
}

async function openTrader(stack: Stack, dir: string, archive: string) {
  const hazelcast = await connectHazelcast({ ...stack, name: "bench", deadlineMs: 5_000 });
  if (!(await hazelcast.waitConnected(20_000))) throw new Error("no member answered");
  const posture = publishStaticPosture(hazelcast, "APEX");
  const settings = Configuration.parse({}).trader;
  const { trader: configuration, paper } = bookConfiguration("BLUE", settings);
  const trader = createTrader(configuration);
  const log = new TradingLog(
    { root: join(dir, "trading"), book: "BLUE" },
    { epoch: 1, carriedCount: 0 },
  );
  const trades = new TradeFile(log.journal.folder);
  const samples = { isOn: false, callbackMs: [] as number[], fileMs: [] as number[], snapshots: 0 };
  const lookup = createScanLookup({ journalFile: join(dir, "none.db"), archive });
  const running = new RunningTrader({
    trader,
    broker: createPaperBroker(paper),
    log,
    outcomes: new OutcomeFile(log.journal.folder, { configurationHash: "", codeHash: "" }, 0),
    trades,
    feed: timed(createScanFeed(hazelcast), () => trader.data.scans.lastSeq, samples),
    lookup,
    clock: { nowMs: wallMs, monotonicMs },
    snapshotEvents: settings.snapshot_events,
    saveSnapshot(of, lastIndex) {
      samples.snapshots += 1;
      saveSnapshot(log.journal, lastIndex, encodeTraderSnapshot(snapshotOf(of)));
    },
    say() {},
    onFailure: fail,
    onStep() {},
  });
  syncPeriodically(log.journal, { periodMs: 1_000, onError: fail });
  running.start({ kind: "started", configurationHash: "", codeHash: "", snapshotHash: "" });
  return {
    trader,
    callbackMs: samples.callbackMs,
    fileMs: samples.fileMs,
    snapshots: () => samples.snapshots,
    begin: () => (samples.isOn = true),
    async close() {
      posture.stop();
      running.stop();
      log.close();
      await lookup.close();
      await hazelcast.shutdown();
    },
  };
}

/** Counts the scans that were stepped within their callback. */
function timed(
  feed: ScanFeed,
  lastSeq: () => number,
  samples: { readonly isOn: boolean; readonly callbackMs: number[]; readonly fileMs: number[] },
): ScanFeed {
  return {
    ...feed,
    listen: ({ onScan, onPosture }) =>
      feed.listen({
        onPosture,
        onScan(text) {
          const before = lastSeq();
          const startMs = performance.now();
          onScan(text);
          const endMs = performance.now();
          if (!samples.isOn || lastSeq() === before || typeof text !== "string") return;
          samples.callbackMs.push(endMs - startMs);
          const mtime = /"file_mtime":"([^"]+)"/.exec(text.slice(-TAIL_CHARACTERS))?.[1] ?? "";
          samples.fileMs.push((wallMicros() - microsFromIso(mtime)) / 1_000);
        },
      }),
  };
}

async function writeBacklog(archive: string, assets: number): Promise<void> {
  await writeScans({
    archive,
    source: simulatedPrices(assets, SEED),
    pace: { rate: RATE, outage: null },
    writing: { mode: "rename", pauseMs: 0 },
    count: BACKLOG,
    backlog: BACKLOG,
    skip: 0,
    firstNumber: 1,
    restartEvery: null,
    startMicros: null,
    stop: new AbortController().signal,
    report() {},
  });
}

async function simulate(archive: string, assets: number): Promise<void> {
  const words = ["--out", archive, "--assets", assets, "--rate", RATE, "--seed", SEED];
  words.push("--count", FILES, "--skip", BACKLOG, "--first-number", BACKLOG + 1);
  const args = ["--disable-warning=ExperimentalWarning", MAIN, "simulate", ...words.map(String)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`the simulator ended with ${code}`);
}
