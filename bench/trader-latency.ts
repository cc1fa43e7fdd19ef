/**
 * The trader's time from event to commands: from entry into the listener's callback until all commands exist, including
 * parsing the text, appending the event to a real journal, and the step. And the whole time from renaming a file into
 * place, as reported by the writer, until the commands of its scan exist: for all scans, and for those that led to a
 * paper order. A real member, the real bridge and the writer are each their own process. Once with the default
 * parameters, and once with parameters that trade as often as possible, so that there are enough orders for a p99. With
 * --saving only once, with windows of 750 scans: in every other ten seconds states are saved without a pause, so that
 * nearly every scan arrives during a save; those scans are compared with the others.
 *     node bench/trader-latency.ts [--json] [--assets 50,400] [--files 6000] [--saving]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs, wallMs, wallMicros } from "../src/adapters/clock.ts";
import { connectHazelcast } from "../src/adapters/hazelcast/hazelcast-client.ts";
import { createScanFeed, type ScanFeed } from "../src/adapters/hazelcast/scan-feed.ts";
import { createScanLookup } from "../src/adapters/scan-journal/scan-lookup.ts";
import { createStateSaver } from "../src/adapters/event-log/aside/state-saver.ts";
import { saveSnapshot } from "../src/adapters/event-log/snapshots.ts";
import { OutcomeFile } from "../src/adapters/event-log/outcome-file.ts";
import { TradeFile } from "../src/adapters/event-log/trade-file.ts";
import { syncPeriodically } from "../src/adapters/event-log/segment-log.ts";
import { EventLog } from "../src/adapters/event-log/event-log.ts";
import { simulatedPrices, writeScans } from "../src/cli/simulate/scan-simulation.ts";
import { createPaperDesk } from "../src/domain/trading/broker/paper-desk.ts";
import { snapshotOf } from "../src/domain/trading/snapshot/snapshot.ts";
import { createTrader } from "../src/domain/trading/trader.ts";
import { feedsFrom } from "../src/wire/feeds/feeds.ts";
import { bookConfiguration } from "../src/wire/trading/book-configuration.ts";
import type { Outcomes } from "../src/services/trader/event-sequencer.ts";
import { publishConfiguredPosture } from "../src/services/trader/configured-posture.ts";
import { RunningTrader } from "../src/services/trader/running-trader.ts";
import { Configuration } from "../src/wire/configuration.ts";
import { encodeTraderSnapshot } from "../src/wire/trading/trader-snapshot.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { monotonicUs } from "./harness/listener.ts";
import { benchOptions, note, report } from "./harness/options.ts";
import { startOurs } from "./harness/processes.ts";
import type { WriterOrder, WriterReply } from "./harness/scan-writer-process.ts";
import { type Stack, withStack } from "./harness/stack.ts";
import { percentile, rounded } from "./harness/statistics.ts";

endWithBench();

const options = benchOptions();
const RATE = 20;
/** Five minutes. */
const FILES = options.files ?? 6_000;
const BACKLOG = 800;
/** Long enough for thousands of scans on either side, short enough to meet the same machine. */
const SAVING_BLOCK_MS = 10_000;
const SEED = 1;
const WRITER = join(import.meta.dirname, "harness/scan-writer-process.ts");
const SAVING = {
  "saving without a pause": { parameters: { sigmaScans: 750 }, snapshot_events: 1_000_000 },
};
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
  for (const [name, book] of Object.entries(options.saving ? SAVING : BOOKS)) {
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
    const saving = options.saving ? saveInBlocks(bench) : null;
    const renamedUs = new Map(await writeLive({ archive, assets }));
    while (trader.data.scans.lastSeq < BACKLOG + FILES) await delay(20);
    await saving?.stop();
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
      ...besideSaves(bench),
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

/** Every other block saves one state after another, from its copy to its file. */
function saveInBlocks(bench: Awaited<ReturnType<typeof openTrader>>) {
  const over = new AbortController();
  const began = performance.now();
  const isOn = () => Math.floor((performance.now() - began) / SAVING_BLOCK_MS) % 2 === 1;
  const done = (async () => {
    while (!over.signal.aborted) await (isOn() ? bench.saveOnce() : delay(5));
  })();
  return {
    async stop() {
      over.abort();
      await done;
    },
  };
}

/** The scans that came while a state was being saved, and those that came while none was. */
function besideSaves({ callbackMs, duringSave }: Awaited<ReturnType<typeof openTrader>>) {
  if (!options.saving) return {};
  const saving = callbackMs.filter((_, at) => duringSave[at]);
  const between = callbackMs.filter((_, at) => duringSave[at] === false);
  return {
    saving: saving.length,
    saving_p50: percentileOf(saving, 50),
    saving_p99: percentileOf(saving, 99),
    saving_max: percentileOf(saving, 100),
    between_p50: percentileOf(between, 50),
    between_p99: percentileOf(between, 99),
    between_max: percentileOf(between, 100),
  };
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
  const feed = createScanFeed(hazelcast);
  const posture = publishConfiguredPosture({ feed, posture: "APEX", nowUs: wallMicros });
  const settings = Configuration.parse({ trader: book }).trader;
  const { trader: configuration, paper } = bookConfiguration("BLUE", settings);
  const trader = createTrader(configuration);
  const log = new EventLog(
    { root: join(dir, "trading"), book: "BLUE" },
    { epoch: 1, carriedCount: 0 },
  );
  const trades = new TradeFile(log.journal.folder);
  const samples = { isOn: false, heardMs: Number.NaN, callbackMs: [] as number[], snapshots: 0 };
  const duringSave: boolean[] = [];
  let saves = 0;
  const steps: ScanStep[] = [];
  let steppedUs = 0;
  const lookup = createScanLookup({ journalFile: join(dir, "none.db"), archive });
  const program = { configurationHash: "", codeHash: "" };
  const { configurationHash } = program;
  const saver = createStateSaver({ journal: log.journal, trades, configurationHash });
  const running = new RunningTrader({
    trader,
    desk: createPaperDesk(paper),
    openStep: null,
    log,
    outcomes: noted(new OutcomeFile(log.journal.folder, program, { carriedCount: 0 }), (step) =>
      steps.push({ ...step, atUs: steppedUs }),
    ),
    trades,
    feed: timed(feed, samples),
    feeds: feedsFrom([]),
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
    prepareSnapshot: saver.prepare,
    async saveSnapshotAside(of, lastIndex) {
      samples.snapshots += 1;
      saves += 1;
      await saver.save(of, lastIndex).finally(() => (saves -= 1));
    },
    say() {},
    onFailure: fail,
    onStep(step) {
      if (step !== "stepped") return;
      steppedUs = monotonicUs();
      if (samples.isOn && !Number.isNaN(samples.heardMs)) {
        samples.callbackMs.push(performance.now() - samples.heardMs);
        duringSave.push(0 < saves);
      }
      samples.heardMs = Number.NaN;
    },
  });
  syncPeriodically(log.journal, { periodMs: 1_000, onError: fail });
  running.recordStart({ kind: "started", ...program, snapshotHash: "" });
  running.listen();
  return {
    trader,
    callbackMs: samples.callbackMs,
    duringSave,
    async saveOnce() {
      samples.snapshots += 1;
      saves += 1;
      try {
        await saver.prepare(trader);
        await saver.save(trader, trader.nextIndex - 1);
      } finally {
        saves -= 1;
      }
    },
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
    listen: ([scans, ...others]) =>
      feed.listen([
        {
          ...scans!,
          hear(text) {
            samples.heardMs = performance.now();
            scans!.hear(text);
            samples.heardMs = Number.NaN;
          },
        },
        ...others,
      ]),
  };
}

type ScanStep = { readonly scanNumber: number; readonly atUs: number; readonly hasOrder: boolean };

/** Reports for each stepped scan whether an order is among its commands. */
function noted(outcomes: Outcomes, tell: (step: Omit<ScanStep, "atUs">) => void): Outcomes {
  let hasOrder = false;
  return {
    beginDay: (of, day) => outcomes.beginDay(of, day),
    tookEvent: (event) => outcomes.tookEvent(event),
    tookBooks: (of, events) => outcomes.tookBooks(of, events),
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
