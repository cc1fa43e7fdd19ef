/**
 * The cost of a large day folder for the bridge: CPU time per scan of a drained backlog of 100,000 files compared with
 * 1,000, and afterwards its share of a core with that folder and a new file every five seconds (each causes a listing),
 * and without new files.
 *     node bench/bridge-scale.ts [--json] [--rounds 5] [--files 100000] [--assets 50]
 */
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { FEATURES_MAP } from "../src/wire/scan-value.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { writeDayArchive } from "./harness/day-archive.ts";
import { cpuMsOf, type Drain, drain } from "./harness/drain.ts";
import { startListener } from "./harness/listener.ts";
import { benchOptions, note, report } from "./harness/options.ts";
import { scanCorpus } from "./harness/scan-corpus.ts";
import { withStack } from "./harness/stack.ts";
import { median, rounded } from "./harness/statistics.ts";

endWithBench();

const options = benchOptions();
const FEW_FILES = 1_000;
const MANY_FILES = options.files ?? 100_000;
const ASSETS = options.assets[0]!;
const STEADY_MS = 60_000;
const FILE_EVERY_MS = 5_000;

await withStack(async (stack) => {
  const listener = await startListener({ ...stack, map: FEATURES_MAP });
  const run = async (
    count: number,
    name: string,
    use = async (_pid: number, _day: string) => {},
  ) => {
    const archive = join(stack.dir, `archive-${name}`);
    const backlog = writeDayArchive(archive, ASSETS, count);
    const setup = { ...stack, dir: join(stack.dir, `ours-${name}`), archive };
    const figures = await drain({ setup, backlog, listener }, ({ pid }) => use(pid, backlog.day));
    rmSync(archive, { recursive: true });
    note(`${count} files: ${rounded(figures.cpuUsPerScan, 1)} us of CPU a scan`);
    return figures;
  };
  try {
    const few: Drain[] = [];
    const many: Drain[] = [];
    let steady = { idle_percent: 0, one_file_each_5s_percent: 0 };
    await run(FEW_FILES, "warm");
    for (let round = 1; round <= options.rounds; round++) {
      few.push(await run(FEW_FILES, `few-${round}`));
      const isLast = round === options.rounds;
      const measure = async (pid: number, day: string) => {
        if (isLast) steady = await steadyState(pid, day);
      };
      many.push(await run(MANY_FILES, `many-${round}`, measure));
    }
    const row = {
      few_cpu_us_per_scan: rounded(cpuOf(few), 1),
      many_cpu_us_per_scan: rounded(cpuOf(many), 1),
      cpu_ratio: rounded(cpuOf(many) / cpuOf(few)),
      cpu_ratio_with_start: rounded(cpuWithStartOf(many) / cpuWithStartOf(few)),
      ...steady,
    };
    const title = `CPU time a scan, ${MANY_FILES} files in a day's folder against ${FEW_FILES}`;
    report(options, { title, ...row }, { [`${ASSETS} assets`]: row });
  } finally {
    await listener.stop();
  }
});

function cpuOf(runs: readonly Drain[]): number {
  return median(runs.map((figures) => figures.cpuUsPerScan));
}

function cpuWithStartOf(runs: readonly Drain[]): number {
  return median(runs.map((figures) => figures.cpuUsPerScanWithStart));
}

/** Per cent of a core: with a file every five seconds, then with nothing at all. */
async function steadyState(pid: number, day: string) {
  // Work left over from the drain (writing done files, a last listing) does not belong to the steady state.
  await delay(STEADY_MS);
  const idle_percent = await shareOfCore(pid, () => {});
  const files = [...scanCorpus(ASSETS, MANY_FILES + 20)].slice(MANY_FILES);
  const one_file_each_5s_percent = await shareOfCore(pid, () => {
    const file = files.shift()!;
    const temporary = join(day, `.${file.name}.tmp`);
    writeFileSync(temporary, file.bytes);
    renameSync(temporary, join(day, file.name));
  });
  return { idle_percent, one_file_each_5s_percent };
}

async function shareOfCore(pid: number, everyFiveSeconds: () => void): Promise<number> {
  const [startedMs, before] = [performance.now(), cpuMsOf(pid)];
  while (performance.now() - startedMs < STEADY_MS) {
    everyFiveSeconds();
    await delay(FILE_EVERY_MS);
  }
  return rounded(((cpuMsOf(pid) - before) * 100) / (performance.now() - startedMs));
}
