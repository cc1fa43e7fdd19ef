import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** They take a minute and a half to eight, most of it waiting: begun last, they would end alone. The longest first. */
const LONG = [
  "up",
  "supervision-outages",
  "chaos",
  "backtest-killed",
  "paper-trade",
  "bridge-journal",
  "status",
  "bridge-crashes",
  "trader",
  "supervision-policy",
  "budget",
  "temporal-away",
  "two-bridges",
  "drill",
  "up-full-disk",
  "recovery",
].map((name) => `/${name}.test.ts`);

const placeOf = ({ moduleId }: TestSpecification): number => {
  const at = LONG.findIndex((end) => moduleId.endsWith(end));
  return at === -1 ? LONG.length : at;
};

class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- no array's
    const ordered = await super.sort(files);
    return ordered.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

/**
 * Unit tests need nothing but Node. Integration tests start real servers on free ports; they wait
 * more than they work, so six files run at a time.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongFilesFirst },
    // As our own processes: src/adapters/process/node-flags.ts says why.
    execArgv: ["--no-memory-protection-keys"],
    // As bin/dolphin and the workers start their children: each of a thousand starts takes half as long.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, ".cache", "compile") },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/{integration,chaos,interop,replay,production}/**"],
          // Loading the same modules anew for each file took two thirds of the time.
          isolate: false,
          // A third of their time is waiting: one more than there are processors take two thirds of what two on two took.
          maxWorkers: availableParallelism() + 1,
          // Only a busy machine takes it.
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          // Replay leaves hooks on all promises of its process, which need what a strategy's file must not have.
          include: ["test/{integration,chaos,interop,replay}/**/*.test.ts"],
          maxWorkers: 6,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
      {
        extends: true,
        test: {
          // Needs a Postgres and the server of production: `npm run test:production` has both.
          name: "production",
          include: ["test/production/**/*.test.ts"],
          maxWorkers: 1,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
