/**
 * The cost of streaming order books: `npm run bench:order-book -- [--symbols 200] [--seconds 20] [--ccxt DIR]
 * [--json]`. Each symbol has ten messages a second, over real WebSockets from the simulated venue, which is its own
 * process. With --ccxt (a folder created by `npm install ccxt@4.5.84`, as node_modules/ccxt) its watchOrderBook
 * alternates with ours on the same venue. Memory over 10^6 messages is measured without a socket.
 */
import { fork } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { BookBoard } from "../src/services/order-book/book-board.ts";
import { endWithBench } from "./harness/end-with-bench.ts";
import { machine, note } from "./harness/options.ts";
import { rounded } from "./harness/statistics.ts";

endWithBench();

const { values } = parseArgs({
  options: {
    symbols: { type: "string", default: "200" },
    seconds: { type: "string", default: "20" },
    rounds: { type: "string", default: "2" },
    messages: { type: "string", default: "1000000" },
    ccxt: { type: "string", default: "" },
    json: { type: "boolean", default: false },
  },
});
const symbols = Array.from({ length: Number(values.symbols) }, (_, at) => `S${1_000 + at}USDT`);
const HARNESS = resolve(import.meta.dirname, "harness");
const FLAGS = ["--max-old-space-size=128", "--max-semi-space-size=4"];

type Figures = Readonly<Record<string, number>>;

const venue = fork(resolve(HARNESS, "order-book-venue-process.ts"), [symbols.join(",")]);
const { url } = await new Promise<{ url: string }>((settle) => {
  venue.once("message", (hello: { url: string }) => settle(hello));
});
const kinds = ["depth20", "changes", ...(values.ccxt === "" ? [] : ["ccxt"])];
const rounds: Record<string, Figures[]> = {};
try {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const kind of kinds) {
      note(`round ${round + 1}: ${kind}`);
      (rounds[kind] ??= []).push(await run(kind));
    }
  }
} finally {
  venue.kill();
}
const figures = Object.fromEntries(Object.entries(rounds).map(([kind, all]) => [kind, best(all)]));
// Of a core: the loop of ccxt sees fewer updates than it takes messages in.
const cpu = (kind: string) => figures[kind]?.["cpu_percent"] ?? Number.NaN;
const result = {
  ...machine(),
  symbols: symbols.length,
  ...figures,
  ...(values.ccxt === "" ? {} : { ccxt_cpu_over_ours: rounded(cpu("ccxt") / cpu("changes"), 2) }),
  memory: memory(Number(values.messages)),
};
process.stdout.write(`${JSON.stringify(result, null, values.json ? undefined : 2)}\n`);

function run(kind: string): Promise<Figures> {
  const args = ["--kind", kind, "--url", url, "--symbols", symbols.join(",")];
  args.push("--seconds", values.seconds);
  if (values.ccxt !== "") args.push("--ccxt", resolve(values.ccxt));
  const child = fork(resolve(HARNESS, "order-book-process.ts"), args, {
    execArgv: kind === "ccxt" ? [] : FLAGS,
  });
  return new Promise((settle, fail) => {
    child.once("message", (message: Figures) => settle(message));
    child.once("exit", (code) => fail(new Error(`${kind} ended with ${code}`)));
  });
}

/** Of each figure the least of all rounds: what the machine did beside is not ours. */
function best(all: readonly Figures[]): Figures {
  const names = Object.keys(all[0] ?? {});
  const least = (name: string) => Math.min(...all.map((one) => one[name] ?? Number.NaN));
  return Object.fromEntries(names.map((name) => [name, rounded(least(name), 3)]));
}

/** The same messages again and again, with ids and times that go on. */
function memory(count: number) {
  const board = new BookBoard(symbols, { isByChanges: false });
  const origin = { connection: 1, source: "bench" };
  const now = { wallMs: 1e12, monotonicMs: 1 };
  const [bids, asks] = [JSON.stringify(levels(99, -0.01)), JSON.stringify(levels(100, 0.01))];
  const take = (at: number) => {
    const [symbol, id] = [symbols[at % symbols.length], 1_000_000 + at];
    const head = `{"stream":"x","data":{"e":"depthUpdate","E":${id},"T":${id},"s":"${symbol}"`;
    const text = `${head},"U":${id},"u":${id},"pu":${id - 1},"b":${bids},"a":${asks}}}`;
    if (board.take(Buffer.from(text), now, origin) === null)
      throw new Error("a message is refused");
  };
  for (let at = 0; at < 10_000; at += 1) take(at);
  const fromMb = heapMb();
  const before = process.cpuUsage();
  for (let at = 10_000; at < 10_000 + count; at += 1) take(at);
  const { user, system } = process.cpuUsage(before);
  return {
    messages: count,
    us_per_message: rounded((user + system) / count, 2),
    heap_growth_mb: rounded(heapMb() - fromMb, 2),
  };
}

function levels(first: number, step: number) {
  return Array.from({ length: 20 }, (_, at) => [
    (first + step * at).toFixed(2),
    (1 + at).toFixed(3),
  ]);
}

function heapMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}
