/**
 * The real trader of book BLUE with one more feed, `weather`, which sends its own process a signal at a chosen moment
 * of an event: TEST_STEP names the moment, TEST_TIMES the number of the occurrence.
 */
import { runTrader } from "../../src/services/trader/trader-process.ts";
import { FEED_ROWS, type FeedRow } from "../../src/wire/feeds/feeds.ts";
import { FEATURES_MAP } from "../../src/wire/scan-value.ts";

const wanted = process.env["TEST_STEP"];
let left = Number(process.env["TEST_TIMES"] ?? 1);

/** Two numbers and a time in one text; its parser throws on any other text. */
const WEATHER: FeedRow = {
  name: "weather",
  map: FEATURES_MAP,
  key: "weather_latest",
  read(text) {
    const { heat, rain, as_of: asOfMs } = JSON.parse(String(text));
    const facts = Object.entries({ heat, rain }).map(([name, value]) => ({
      kind: "feature" as const,
      name: `weather.${name}`,
      value: Number(value),
      asOfMs: Number(asOfMs),
    }));
    return { facts, isReadable: true };
  },
  budgetMs: 60_000,
  everyMs: 0,
  what: "weather",
  otherwise: "ignored",
  isBuiltIn: false,
};

await runTrader({
  service: "trader-blue",
  book: "BLUE",
  feedRows: [...FEED_ROWS, WEATHER],
  onStep(step) {
    if (step === wanted && --left === 0) process.kill(process.pid, "SIGKILL");
  },
});
