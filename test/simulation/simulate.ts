/**
 * `npm run simulate [-- --seeds 100000] [--from 1] [--threads 2]`: runs simulated months through all checkers. Prints
 * each violation with its seed; `--seeds 1 --from SEED` replays one. Exits with 1 if there was one.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { checkMonth } from "./recovery/check-month.ts";

type Part = { readonly from: number; readonly to: number };
type PartOutcome = {
  readonly seeds: number;
  readonly restarts: number;
  readonly decisions: number;
  readonly violations: readonly string[];
};

const SEEDS = 100_000;
const PART = 200;
const SHOWN_MAX = 50;
const DAYS = 30;

function runPart({ from, to }: Part): PartOutcome {
  const violations: string[] = [];
  let restarts = 0;
  let decisions = 0;
  for (let seed = from; seed < to; seed += 1) {
    const { outcome, violations: found } = checkMonth(seed);
    violations.push(...found);
    restarts += outcome.restarts.length;
    for (const one of outcome.considered) decisions += one.decisions.length;
  }
  return { seeds: to - from, restarts, decisions, violations };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: String(SEEDS) },
      from: { type: "string", default: "1" },
      threads: { type: "string", default: String(availableParallelism()) },
    },
  });
  const first = Number(values.from);
  const end = first + Number(values.seeds);
  const startedMs = performance.now();
  const total = { seeds: 0, restarts: 0, decisions: 0, violations: 0 };
  let next = first;
  const take = (): Part | null => {
    if (end <= next) return null;
    const part = { from: next, to: Math.min(end, next + PART) };
    next = part.to;
    return part;
  };
  const tell = (outcome: PartOutcome): void => {
    for (const sentence of outcome.violations.slice(0, SHOWN_MAX))
      process.stdout.write(`${sentence}\n`);
    total.seeds += outcome.seeds;
    total.restarts += outcome.restarts;
    total.decisions += outcome.decisions;
    total.violations += outcome.violations.length;
    process.stderr.write(`\r${total.seeds} of ${end - first} months`);
  };
  await Promise.all(
    Array.from({ length: Math.max(1, Number(values.threads)) }, () => runThread(take, tell)),
  );
  const seconds = (performance.now() - startedMs) / 1_000;
  process.stdout.write(
    `\nseeds ${first} to ${end - 1}, ${DAYS} simulated days each: ${total.restarts} restarts, ` +
      `${total.decisions} decisions, ${total.violations} violations in ${seconds.toFixed(0)} s\n`,
  );
  if (0 < total.violations) process.exitCode = 1;
}

/** Does one part after another until none is left. */
function runThread(take: () => Part | null, tell: (outcome: PartOutcome) => void): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: "part" });
  return new Promise((resolve, reject) => {
    const give = (): void => {
      const part = take();
      if (part !== null) return worker.postMessage(part);
      void worker.terminate().then(() => resolve());
    };
    worker.on("message", (outcome: PartOutcome) => {
      tell(outcome);
      give();
    });
    worker.on("error", reject);
    give();
  });
}

if (isMainThread) await main();
else if (workerData === "part") {
  parentPort?.on("message", (part: Part) => parentPort?.postMessage(runPart(part)));
}
