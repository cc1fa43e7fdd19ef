/**
 * `dolphin simulate feeds`: simulated public services for indicators and order books, on loopback, until it is ended.
 */
import { once } from "node:events";
import { type Command, InvalidArgumentError } from "commander";
import { wallMs } from "../../adapters/clock.ts";
import { compactHeapLater } from "../../adapters/process/compact-heap.ts";
import {
  startSimulatedVenues,
  type VenueFault,
} from "../../embedded/simulated-venues/simulated-venues.ts";
import type { StreamFault } from "../../embedded/simulated-venues/depth-streams.ts";
import { archivePrices } from "../../embedded/simulated-venues/venue-prices.ts";

type FeedsFlags = {
  readonly port: number;
  readonly symbols: readonly string[];
  /** The archive whose newest prices they use. */
  readonly follow?: string;
  readonly fault: readonly (readonly [path: string, fault: VenueFault])[];
  readonly streamFault?: StreamFault;
};

const HELP = `
Answers like Binance USD-M (/fapi), Deribit (/api/v2/public) and alternative.me (/fng), and states in each answer that it is
simulated: readings of it have a source that begins with 'simulated'. Prints its address and the lines for dolphin.yaml.
A fault is a path and what happens there: a status such as 429 or 503, or hang, drip, half, huge, html. Order books are
streamed by WebSocket, like Binance's (/public/stream?streams=btcusdt@depth20@100ms, /public/ws/...); their faults are drop,
duplicate, reorder, silence, garbage, close, slow, repeat and crossed.`;
const KINDS = ["hang", "drip", "half", "huge"] as const;

export function addSimulateFeeds(simulate: Command): void {
  simulate
    .command("feeds")
    .description("simulate the public services that indicators read, on loopback")
    .option("--port <n>", "port (default: a free one)", port, 0)
    .option("--symbols <names>", "symbols of Binance, separated by commas", symbols, [
      "BTCUSDT",
      "ETHUSDT",
    ])
    .option(
      "--fault <path=what>",
      "a fault on a path, such as /fapi=429; may be repeated",
      fault,
      [],
    )
    .option("--stream-fault <what>", "a fault of the order books, such as drop", streamFault)
    .option("--follow <archive>", "the archive whose newest scan gives the prices")
    .addHelpText("after", HELP)
    .action(serve);
}

async function serve(flags: FeedsFlags): Promise<void> {
  const prices = flags.follow === undefined ? null : archivePrices(flags.follow);
  const venues = await startSimulatedVenues({
    port: flags.port,
    nowMs: wallMs,
    symbols: flags.symbols,
    ...(prices === null ? {} : { priceOf: prices.of }),
  });
  venues.streams.misbehave(flags.streamFault ?? null);
  for (const [path, what] of flags.fault) venues.misbehave(path, what);
  const names = ["funding", "funding_settled", "premium", "open_interest", "dvol", "fear_greed"];
  const lines = names.map((name) => `  ${name}: { url: '${venues.url}' }`);
  process.stdout.write(`${venues.url}\nindicators:\n${lines.join("\n")}\n  esoteric: {}\n`);
  const books = `url: '${venues.url.replace("http", "ws")}/public', rest_url: '${venues.url}'`;
  const heard = flags.symbols.join(", ");
  process.stdout.write(`order_book: { ${books}, symbols: [${heard}] }\n`);
  compactHeapLater();
  await Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  prices?.close();
  await venues.stop();
}

function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError("Give a port, 0 to 65535.");
}

function symbols(text: string): readonly string[] {
  const names = text.split(",");
  if (names.every((name) => /^[A-Z0-9]{1,30}$/.test(name))) return names;
  throw new InvalidArgumentError("Give symbols such as BTCUSDT,ETHUSDT.");
}

function fault(text: string, before: FeedsFlags["fault"]): FeedsFlags["fault"] {
  const [path = "", what = ""] = text.split("=");
  const found = faultOf(what);
  if (path.startsWith("/") && found !== null) return [...before, [path, found]];
  throw new InvalidArgumentError(`Give a path and a status, or html, ${KINDS.join(", ")}.`);
}

function faultOf(what: string): VenueFault | null {
  if (/^[45]\d\d$/.test(what)) return { kind: "status", status: Number(what) };
  if (what === "html") return { kind: "text", text: "<html>Bad Gateway</html>" };
  const kind = KINDS.find((one) => one === what);
  return kind === undefined ? null : { kind };
}

function streamFault(text: string): StreamFault {
  const found = STREAM_FAULTS.find(({ kind }) => kind === text);
  if (found !== undefined) return found;
  const kinds = STREAM_FAULTS.map(({ kind }) => kind).join(", ");
  throw new InvalidArgumentError(`Give one of ${kinds}.`);
}

const STREAM_FAULTS: readonly StreamFault[] = [
  { kind: "drop", share: 0.1 },
  { kind: "duplicate", share: 0.1 },
  { kind: "reorder", share: 0.1 },
  { kind: "silence" },
  { kind: "garbage" },
  { kind: "close" },
  { kind: "slow", ms: 5_000 },
  { kind: "repeat" },
  { kind: "crossed" },
];
