/**
 * The trader's way from event to commands: from entry into the listener's callback until every
 * command is in hand, with the text read, the event appended to a real journal, and the step. And the
 * whole way, from a file's rename into place, which the writer tells, until the commands of its scan
 * are in hand: of all scans, and of those that gave a paper order. A real member, the real bridge and
 * the writer stand before it, each a process of its own. Once with the default parameters, once with
 * some that trade as often as they can, so that the p99 of an order is one of many.
 *     node bench/trader-latency.ts [--json] [--assets 50,400] [--files 6000]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs, wallMs } from "../src/adapters/clock.ts";
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
import type { Outcomes } from "../src/services/trader/book.ts";
import { RunningTrader } from "../src/services/trader/running-trader.ts";
import { Configuration } from "../src/wire/configuration.ts";
import { encodeTraderSnapshot } from "../src/wire/trading/trader-snapshot.ts";
import { monotonicUs } from "./harness/listener.ts";
import { benchOptions, note, report } from "./harness/options.ts";
import { startOurs } from "./harness/processes.ts";
import type { WriterOrder, WriterReply } from "./harness/scan-writer-process.ts";
import { type Stack, withStack } from "./harness/stack.ts";
import { percentile, rounded } from "./harness/statistics.ts";

const options = benchOptions();
const RATE = 20;
/** Five minutes. */
const FILES = options.files ?? 6_000;
const BACKLOG = 450;
const SEED = 1;
const WRITER = join(import.meta.dirname, "harness/scan-writer-process.ts");
const BOOKS = {
  "default parameters": {},
  /** Any divergence enters, three scans are held, no limit ends it. */
  "many orders": {
    parameters: { threshold: 0.0001, volatilityQuantile: 0.01, holdScansMax: 3 },
    limits: { entries_per_minute_max: 1_000_000, daily_loss_max: 1, drawdown_max: 1 },
  },
};

const rows: Record<string, Awaited<ReturnType<typeof measure>>> = {};
for (const assets of options.assets) {
  for (const [name, book] of Object.entries(BOOKS)) {
    // A member each: the bridge of another size begins at seq 1.
    await withStack(async (stack) => {
      rows[`${assets} assets, ${name}`] = await measure(stack, { assets, book });
    });
  }
}
const title = `trader, milliseconds; ${FILES} scans at ${RATE}/s; many orders: ${JSON.stringify(BOOKS["many orders"])}`;
report(options, { title, files: FILES, rate: RATE, books: BOOKS, rows }, rows);

type Case = { readonly assets: number; readonly book: object };

async function measure(stack: Stack, { assets, book }: Case) {
  const dir = join(stack.dir, `trader-${assets}`);
  const archive = join(dir, "archive");
  mkdirSync(archive, { recursive: true });
  await writeBacklog(archive, assets);
  const bridge = await startOurs({ ...stack, dir, archive });
  const bench = await openTrader(stack, { dir, archive, book });
  try {
    const { trader } = bench;
    while (trader.data.scans.lastSeq < BACKLOG) await delay(20);
    if (!trader.strategy.isWarm()) throw new Error("the backlog did not fill the windows");
    bench.begin();
    const renamedUs = new Map(await writeLive({ archive, assets }));
    while (trader.data.scans.lastSeq < BACKLOG + FILES) await delay(20);
    const { callbackMs, steps } = bench;
    const waysMs = (of: readonly ScanStep[]) =>
      of.map(({ scanNumber, atUs }) => (atUs - renamedUs.get(scanNumber)!) / 1_000);
    const live = steps.filter(({ scanNumber }) => renamedUs.has(scanNumber));
    const orders = waysMs(live.filter(({ hasOrder }) => hasOrder));
    note(`${assets} assets: ${callbackMs.length} scans in their callback, ${orders.length} orders`);
    return {
      callback_p50: percentileOf(callbackMs, 50),
      callback_p99: percentileOf(callbackMs, 99),
      callback_max: percentileOf(callbackMs, 100),
      rename_to_commands_p50: percentileOf(waysMs(live), 50),
      rename_to_commands_p99: percentileOf(waysMs(live), 99),
      rename_to_order_p50: percentileOf(orders, 50),
      rename_to_order_p99: percentileOf(orders, 99),
      rename_to_order_max: percentileOf(orders, 100),
      scans_with_order: orders.length,
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

type Place = { readonly dir: string; readonly archive: string; readonly book: object };

async function openTrader(stack: Stack, { dir, archive, book }: Place) {
  const hazelcast = await connectHazelcast({ ...stack, name: "bench", deadlineMs: 5_000 });
  if (!(await hazelcast.waitConnected(20_000))) throw new Error("no member answered");
  const posture = publishStaticPosture(hazelcast, "APEX");
  const settings = Configuration.parse({ trader: book }).trader;
  const { trader: configuration, paper } = bookConfiguration("BLUE", settings);
  const trader = createTrader(configuration);
  const log = new TradingLog(
    { root: join(dir, "trading"), book: "BLUE" },
    { epoch: 1, carriedCount: 0 },
  );
  const trades = new TradeFile(log.journal.folder);
  const samples = { isOn: false, heardMs: Number.NaN, callbackMs: [] as number[], snapshots: 0 };
  const steps: ScanStep[] = [];
  let steppedUs = 0;
  const lookup = createScanLookup({ journalFile: join(dir, "none.db"), archive });
  const program = { configurationHash: "", codeHash: "" };
  const running = new RunningTrader({
    trader,
    broker: createPaperBroker(paper),
    log,
    outcomes: noted(new OutcomeFile(log.journal.folder, program, 0), (step) =>
      steps.push({ ...step, atUs: steppedUs }),
    ),
    trades,
    feed: timed(createScanFeed(hazelcast), samples),
    lookup,
    clock: { nowMs: wallMs, monotonicMs },
    snapshotEvents: settings.snapshot_events,
    saveSnapshot(of, lastIndex) {
      samples.snapshots += 1;
      saveSnapshot(
        log.journal,
        lastIndex,
        encodeTraderSnapshot(snapshotOf(of), program.configurationHash),
      );
    },
    say() {},
    onFailure: fail,
    onStep(step) {
      if (step !== "stepped") return;
      steppedUs = monotonicUs();
      if (samples.isOn && !Number.isNaN(samples.heardMs)) {
        samples.callbackMs.push(performance.now() - samples.heardMs);
      }
      samples.heardMs = Number.NaN;
    },
  });
  syncPeriodically(log.journal, { periodMs: 1_000, onError: fail });
  running.start({ kind: "started", ...program, snapshotHash: "" });
  return {
    trader,
    callbackMs: samples.callbackMs,
    steps,
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

/** Notes when a scan is heard, until it was stepped or its callback is over. */
function timed(feed: ScanFeed, samples: { heardMs: number }): ScanFeed {
  return {
    ...feed,
    listen: ({ onScan, onPosture }) =>
      feed.listen({
        onPosture,
        onScan(text) {
          samples.heardMs = performance.now();
          onScan(text);
          samples.heardMs = Number.NaN;
        },
      }),
  };
}

type ScanStep = { readonly scanNumber: number; readonly atUs: number; readonly hasOrder: boolean };

/** Tells of each scan that was stepped whether an order is among its commands. */
function noted(outcomes: Outcomes, tell: (step: Omit<ScanStep, "atUs">) => void): Outcomes {
  let hasOrder = false;
  return {
    beginDay: (of, day) => outcomes.beginDay(of, day),
    tookEvent: (event) => outcomes.tookEvent(event),
    gaveCommands(commands) {
      outcomes.gaveCommands(commands);
      hasOrder ||= commands.some(({ kind }) => kind === "submit_order");
    },
    endStep(of, event) {
      outcomes.endStep(of, event);
      if (event.kind === "scan") tell({ scanNumber: event.scanNumber, hasOrder });
      hasOrder = false;
    },
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

async function writeLive(at: Pick<WriterOrder, "archive" | "assets">): Promise<WriterReply> {
  const order: WriterOrder = { ...at, seed: SEED, skip: BACKLOG, count: FILES, rate: RATE };
  const child = fork(WRITER, [JSON.stringify(order)]);
  const replied = new Promise<WriterReply>((resolve) => child.once("message", resolve));
  const ended = once(child, "disconnect").then(() =>
    Promise.reject(new Error("the writer told nothing")),
  );
  return Promise.race([replied, ended]);
}
