/**
 * The bridge's resident memory over 200,000 live scans, one file each in one day's folder: its median over scans
 * 10,001-20,000 and over the last 10,000, its peak, and afterwards its share of a core when idle with that folder.
 *     node bench/bridge-memory.ts [--json] [--files 200000] [--assets 50]
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { processUsage } from "../src/adapters/process/process-facts.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { cpuMsOf } from "./harness/drain.ts";
import { dayFolder } from "./harness/live-run.ts";
import { benchOptions, note, report } from "./harness/options.ts";
import { type BridgeProcess, startOurs } from "./harness/processes.ts";
import { scanCorpus } from "./harness/scan-corpus.ts";
import { withStack } from "./harness/stack.ts";
import { median, rounded } from "./harness/statistics.ts";

endWithBench();

type Sample = { readonly pushed: number; readonly rssMb: number };

const options = benchOptions();
const FILES = options.files ?? 200_000;
const ASSETS = options.assets[0]!;
const RATE = 600;
const TICK_MS = 20;
/** The writer waits for a bridge that is this far behind: the figure is about live scans. */
const BEHIND_MAX = 2_000;
const SAMPLE_EVERY_MS = 250;
const WINDOW = 10_000;
const SETTLE_MS = 30_000;
const IDLE_MS = 60_000;
const BYTES_PER_MB = 1_048_576;

await withStack(async (stack) => {
  const setup = { ...stack, dir: join(stack.dir, "ours"), archive: join(stack.dir, "archive") };
  const day = join(setup.archive, dayFolder());
  mkdirSync(day, { recursive: true });
  // The first start ever strips the types of its modules, which takes 15 MB that it keeps; every
  // later one finds them in the compile cache.
  await (await startOurs({ ...setup, dir: join(stack.dir, "first") })).stop();
  const bridge = await startOurs(setup);
  try {
    const samples: Sample[] = [];
    const sampling = setInterval(() => samples.push(sampleOf(bridge)), SAMPLE_EVERY_MS);
    await writeLive(day, bridge);
    clearInterval(sampling);
    await delay(SETTLE_MS);
    const before = cpuMsOf(bridge.pid);
    await delay(IDLE_MS);
    const idlePercent = ((cpuMsOf(bridge.pid) - before) * 100) / IDLE_MS;
    const within = (from: number, to: number) =>
      samples.filter(({ pushed }) => from < pushed && pushed <= to).map(({ rssMb }) => rssMb);
    const early = median(within(WINDOW, 2 * WINDOW));
    const late = median(within(FILES - WINDOW, FILES));
    const row = {
      scans: pushedBy(bridge),
      rss_mb_at_20000: rounded(early, 1),
      rss_mb_at_end: rounded(late, 1),
      growth_mb: rounded(late - early, 1),
      rss_mb_peak: rounded(Math.max(...samples.map(({ rssMb }) => rssMb)), 1),
      rss_mb_idle: rounded(sampleOf(bridge).rssMb, 1),
      idle_cpu_percent: rounded(idlePercent),
    };
    report(options, { title: `memory over ${FILES} scans of ${ASSETS} assets`, ...row }, { row });
  } finally {
    await bridge.stop();
  }
});

async function writeLive(day: string, bridge: BridgeProcess): Promise<void> {
  const scans = scanCorpus(ASSETS, FILES);
  let written = 0;
  let noted = 0;
  for (let next = scans.next(); !next.done;) {
    const tickMs = performance.now();
    for (let each = 0; each < (RATE * TICK_MS) / 1_000 && !next.done; each++) {
      const { name, bytes } = next.value;
      const temporary = join(day, `.${name}.tmp`);
      writeFileSync(temporary, bytes);
      renameSync(temporary, join(day, name));
      written++;
      next = scans.next();
    }
    while (BEHIND_MAX < written - pushedBy(bridge)) await delay(TICK_MS);
    if (noted + WINDOW <= written) {
      noted = written;
      note(`${written} written, ${rounded(sampleOf(bridge).rssMb, 1)} MB`);
    }
    await delay(Math.max(0, tickMs + TICK_MS - performance.now()));
  }
  while (pushedBy(bridge) < FILES) await delay(TICK_MS);
}

function pushedBy(bridge: BridgeProcess): number {
  return Number(bridge.beat()?.counters["pushed"] ?? 0);
}

function sampleOf(bridge: BridgeProcess): Sample {
  const usage = processUsage(bridge.pid);
  if (usage === null) throw new Error(`the bridge is gone\n${bridge.log()}`);
  return { pushed: pushedBy(bridge), rssMb: usage.rssBytes / BYTES_PER_MB };
}
