/**
 * Runs one strategy file over a CSV of closes and prints what a tear sheet would say.
 *
 *     node examples/run-strategy.ts examples/strategies/breakout.ts [CLOSES.csv] [name=value ...]
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { loadStrategy } from "../src/adapters/strategy-file/load-strategy.ts";
import { feedBacktest, finishBacktest, startBacktest } from "../src/domain/backtest/backtest.ts";
import { DEFAULT_PAPER_SETTINGS } from "../src/domain/trading/broker/paper-broker.ts";
import { DEFAULT_AGE_BUDGETS_MS, DEFAULT_LIMITS } from "../src/domain/trading/configuration.ts";
import type { ParameterValue } from "../src/domain/trading/strategy.ts";
import { closesToChunk } from "./strategies/closes-to-chunk.ts";

const CLOSES = resolve(import.meta.dirname, "data/crypto-5m-closes.csv");

const words = process.argv.slice(2);
const files = words.filter((word) => !word.includes("="));
const settings = words.filter((word) => word.includes("="));
if (files[0] === undefined) {
  process.stderr.write(
    "usage: node examples/run-strategy.ts STRATEGY.ts [CLOSES.csv] [name=value]\n",
  );
  process.exit(64);
}
const { choice: strategy } = await loadStrategy(resolve(files[0]));
const text = readFileSync(files[1] ?? CLOSES, "utf8");
const run = startBacktest({
  dataHash: createHash("sha256").update(text).digest("hex"),
  codeVersion: "example",
  trader: {
    book: "EXAMPLE",
    capital: 100_000,
    strategy,
    parameters: Object.fromEntries(settings.map(parameterFrom)),
    slippageBps: DEFAULT_PAPER_SETTINGS.slippageBps,
    instruments: {},
    limits: DEFAULT_LIMITS,
    ageBudgetsMs: DEFAULT_AGE_BUDGETS_MS,
    configuredPosture: "APEX",
  },
  paper: DEFAULT_PAPER_SETTINGS,
});
feedBacktest(run, closesToChunk(text));
process.stdout.write(`${JSON.stringify(finishBacktest(run), null, 2)}\n`);

function parameterFrom(setting: string): readonly [string, ParameterValue] {
  const at = setting.indexOf("=");
  const value = setting.slice(at + 1);
  const isWord = value === "true" || value === "false";
  const number = Number(value);
  return [setting.slice(0, at), isWord ? value === "true" : Number.isNaN(number) ? value : number];
}
