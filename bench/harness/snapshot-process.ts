/** One size of windows, with a trader's heap: how long a save blocks the thread, and how long a restore takes. */
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createStateSaver } from "../../src/adapters/event-log/aside/state-saver.ts";
import { latestSnapshot } from "../../src/adapters/event-log/snapshots.ts";
import { TradeFile } from "../../src/adapters/event-log/trade-file.ts";
import { SegmentLog } from "../../src/adapters/event-log/segment-log.ts";
import { restoreFrom } from "../../src/domain/trading/snapshot/snapshot.ts";
import { createTrader, stepTrader } from "../../src/domain/trading/trader.ts";
import { defineStrategy } from "../../src/domain/trading/strategy.ts";
import { Configuration } from "../../src/wire/configuration.ts";
import { bookConfiguration } from "../../src/wire/trading/book-configuration.ts";
import { decodeTraderSnapshot } from "../../src/wire/trading/trader-snapshot.ts";
import { median, rounded } from "./statistics.ts";

const [lookBack = 750, assetCount = 400] = process.argv.slice(2, 4).map(Number);
const folder = process.argv[4] ?? "";
const SAVES = 7;
const DAY = "2026-03-25";
const START_MS = Date.parse(DAY);
const BYTES_PER_MB = 1_000_000;

const longLookBack = defineStrategy({
  name: "looks-back",
  version: 1,
  inputs: ["scan"],
  carried: [],
  defaults: {},
  presets: {},
  lookBackScans: () => lookBack,
  positionsMax: () => 1,
  remember: () => ({}),
  observe: () => {},
  isWarm: () => true,
  decide: () => null,
  readings: () => ({}),
});
const { trader: base } = bookConfiguration("BLUE", Configuration.parse({}).trader);
const configuration = { ...base, strategy: longLookBack, parameters: {} };
const trader = createTrader(configuration);
const place = { root: join(folder, `${lookBack}-${assetCount}`), book: "BLUE" };
const journal = new SegmentLog(place, 1);
const trades = new TradeFile(journal.folder);
journal.rollTo(DAY);
const assets = Array.from({ length: assetCount }, (_, at) => `A${at}USDT`);
const prices = new Float64Array(assetCount).fill(100.123);

function scan(): void {
  const index = trader.nextIndex;
  const nowMs = START_MS + index;
  prices[0] = index;
  journal.append(index, Buffer.alloc(8));
  stepTrader(trader, {
    kind: "scan",
    index,
    nowMs,
    seq: index,
    scanNumber: index,
    asOfMs: nowMs,
    isReplayed: false,
    isLate: false,
    isRepaired: false,
    assets,
    prices,
    pricesAt: 0,
    eigenvalues: prices,
    eigenvaluesAt: 0,
    eigenvalueCount: 1,
    carried: prices,
    carriedAt: 0,
  });
}

for (let scans = 0; scans <= lookBack; scans += 1) scan();
const saver = createStateSaver({ journal, trades, configurationHash: "" });
const takes: number[] = [];
const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();
for (let saves = 0; saves < SAVES; saves += 1) {
  scan();
  await saver.prepare(trader);
  const beganMs = performance.now();
  const saving = saver.save(trader, trader.nextIndex - 1);
  takes.push(performance.now() - beganMs);
  await saving;
}
delays.disable();
const before = process.memoryUsage();
const beganMs = performance.now();
const { snapshot } = latestSnapshot(journal.folder, trader.nextIndex);
const restored = restoreFrom(configuration, decodeTraderSnapshot(snapshot!.bytes).snapshot);
const restore_ms = rounded(performance.now() - beganMs, 1);
const after = process.memoryUsage();
if (restored.nextIndex !== trader.nextIndex) throw new Error("the restored state is another one");
const figures = {
  windows_mb: rounded(trader.windows.dump().ring.byteLength / BYTES_PER_MB, 1),
  take_p50: rounded(median(takes), 2),
  take_max: rounded(Math.max(...takes), 2),
  loop_delay_p99: rounded(delays.percentile(99) / 1e6, 1),
  restore_ms,
  restore_heap_mb: rounded((after.heapUsed - before.heapUsed) / BYTES_PER_MB, 1),
  restore_buffers_mb: rounded((after.arrayBuffers - before.arrayBuffers) / BYTES_PER_MB, 1),
};
process.stdout.write(JSON.stringify(figures));
trades.close();
journal.close();
