/**
 * The default strategy and the paper fills, implemented a second time in Python from the design only, trade by trade.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { seededRandom } from "../../src/domain/simulator/random.ts";
import { findToolchain } from "../../src/embedded/toolchain.ts";
import { putChunk } from "../helpers/trading/archive-of-chunk.ts";
import { realCloses } from "../helpers/trading/real-closes.ts";
import { bootstrapped, putFaultyArchive } from "./bootstrapped-archive.ts";

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL("paper_book.py", import.meta.url));
const MAIN = resolve(import.meta.dirname, "../../src/cli/main.ts");
const SEED = 4;
const SCANS = 4_000;
const dir = mkdtempSync(join(tmpdir(), "dolphin-paper-book-"));
const closes = join(dir, "closes");
const faulty = join(dir, "faulty");
/** An asset that is silent for ten minutes is gone, and worth half. */
const BOOK = join(dir, "dolphin.yaml");

beforeAll(() => {
  const real = realCloses();
  putChunk(closes, real);
  putFaultyArchive(faulty, bootstrapped(real, SCANS, seededRandom(SEED)), SEED);
  writeFileSync(BOOK, JSON.stringify({ trader: { delisted_after_s: 600, delisted_at: 0.5 } }));
});
afterAll(() => rmSync(dir, { recursive: true }));

const DEFAULTS = {
  capital: 100_000,
  fee_bps: 4,
  slippage_bps: 2,
  fills: "next_scan",
  latency_ms: 0,
  posture: "APEX",
  short: 10,
  long: 60,
  threshold: 0.02,
  long_enabled: true,
  share: 0.2,
  take_profit: 0.0095,
  stop_loss: 0.01,
  hold: 120,
  adaptive: false,
  delisted_after_ms: 600_000,
  delisted_at: 0.5,
  limits: null as null | { [name: string]: number },
};

type Case = { readonly settings: Partial<typeof DEFAULTS>; readonly flags: readonly string[] };

const parameters = (...pairs: string[]) => pairs.flatMap((pair) => ["--param", pair]);
const BOOK_LIMITS = { daily_loss_max: 0.05, drawdown_max: 0.2, notional_max: 100_000 };

const CASES: readonly Case[] = [
  { settings: {}, flags: [] },
  { settings: { fills: "same_scan" }, flags: ["--fills", "same_scan"] },
  { settings: { fills: "latency", latency_ms: 95_000 }, flags: ["--fills", "latency:95000"] },
  {
    settings: { adaptive: true, fee_bps: 0, slippage_bps: 0, posture: "STALKER" },
    flags: ["--fee-bps", "0", "--slippage-bps", "0", "--posture", "STALKER"].concat(
      parameters("hasAdaptiveExits=true"),
    ),
  },
  {
    settings: { short: 50, long: 750, long_enabled: false },
    flags: ["--preset", "classic"].concat(parameters("isLongEnabled=false")),
  },
  {
    settings: { take_profit: 0.3, stop_loss: 0.3, hold: 700 },
    flags: parameters("takeProfit=0.3", "stopLoss=0.3", "holdScansMax=700"),
  },
  {
    settings: { share: 0.99, threshold: 0.01, limits: BOOK_LIMITS },
    flags: ["--limits", "book", ...parameters("share=0.99", "threshold=0.01")],
  },
  {
    settings: {
      share: 1.5,
      limits: { ...BOOK_LIMITS, drawdown_max: 0.03, daily_loss_max: 0.9, notional_max: 151_000 },
    },
    flags: [
      "--limits",
      "drawdown_max=0.03,daily_loss_max=0.9,position_notional_max=151000,gross_notional_max=151000",
      ...parameters("share=1.5"),
    ],
  },
];

type Trade = {
  readonly asset: string;
  readonly direction: string;
  readonly entry_ms: number;
  readonly exit_ms: number;
  readonly reason: string;
  readonly figures: readonly number[];
};

async function tradesOfPython(
  archive: string,
  cases: readonly Case[],
): Promise<readonly (readonly Trade[])[]> {
  const { python } = findToolchain();
  if (python === undefined) throw new Error("there is no Python with pyarrow; run 'npm test'");
  const settings = `${archive}.json`;
  writeFileSync(settings, JSON.stringify(cases.map((one) => ({ ...DEFAULTS, ...one.settings }))));
  const { stdout } = await run(python, [SCRIPT, archive, settings], { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout);
}

async function tradesOfDolphin(archive: string, flags: readonly string[]): Promise<Trade[]> {
  const out = mkdtempSync(join(dir, "run-"));
  const where = ["--archive", archive, "--out", out, "--name", "it", "--data-dir", dir];
  await run(process.execPath, [
    MAIN,
    "backtest",
    "run",
    "--local",
    "--config",
    BOOK,
    ...where,
    ...flags,
  ]);
  const [header = "", ...lines] = readFileSync(join(out, "trades.csv"), "utf8")
    .trimEnd()
    .split("\n");
  const names = header.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    const cell = (name: string) => cells[names.indexOf(name)]!;
    return {
      asset: cell("asset"),
      direction: cell("direction"),
      entry_ms: Date.parse(cell("entered_at")),
      exit_ms: Date.parse(cell("exited_at")),
      reason: cell("exit_reason"),
      figures: ["quantity", "entry_price", "exit_price", "fees", "pnl"].map((name) =>
        Number(cell(name)),
      ),
    };
  });
}

/** The figures may differ by what adding in another order does. */
function shown({ figures, ...trade }: Trade): string {
  return JSON.stringify({ ...trade, figures: figures.map((figure) => figure.toPrecision(9)) });
}

test.each([
  ["real closes", closes, [0, 2, 3, 4]],
  ["bootstrapped ones with gaps, wrong prices, comings and goings", faulty, [0, 1, 2, 5, 6, 7]],
])("both make the same trades of %s", async (_, archive, numbers) => {
  const cases = numbers.map((number) => CASES[number]!);
  const [python, ...ours] = await Promise.all([
    tradesOfPython(archive, cases),
    ...cases.map(({ flags }) => tradesOfDolphin(archive, flags)),
  ]);
  for (const [at, { flags }] of cases.entries()) {
    expect([flags, ours[at]!.map(shown)]).toEqual([flags, python[at]!.map(shown)]);
  }
  expect(ours.flat().length).toBeGreaterThan(90);
  const reasons = ours.flat().map(({ reason }) => reason);
  expect(reasons).toContain("max_hold");
  expect(reasons.includes("delisted")).toBe(archive === faulty);
});
