/**
 * The real trader of book BLUE, which sends its own process a signal at a chosen moment of an event:
 * TEST_STEP names the moment, TEST_TIMES its how manyth passing.
 */
import { runTrader } from "../../src/services/trader/trader-process.ts";

const wanted = process.env["TEST_STEP"];
let left = Number(process.env["TEST_TIMES"] ?? 1);

await runTrader({
  service: "trader-blue",
  book: "BLUE",
  onStep(step) {
    if (step === wanted && --left === 0) process.kill(process.pid, "SIGKILL");
  },
});
