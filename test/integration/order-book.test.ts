import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { booksFolder, readPublishedBooks } from "../../src/adapters/order-book/book-archive.ts";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { EXIT_FENCED } from "../../src/domain/supervision/exit-codes.ts";
import {
  type SimulatedVenues,
  startSimulatedVenues,
} from "../../src/embedded/simulated-venues/simulated-venues.ts";
import {
  bookKey,
  LATEST_FEATURES_KEY,
  parseBook,
  parseMarker,
} from "../../src/wire/order-book/book-values.ts";
import { type Lab, openLab } from "../helpers/bridge.ts";
import { until } from "../helpers/until.ts";
import { sendSignal } from "../helpers/processes.ts";
import { listenTo } from "../helpers/service-pipe.ts";

const MAIN = resolve(import.meta.dirname, "../../src/services/order-book/main.ts");
const SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];
const [FIRST = ""] = SYMBOLS;

let lab: Lab;
let venues: SimulatedVenues;
const children: ChildProcess[] = [];

beforeAll(async () => {
  venues = await startSimulatedVenues({ port: 0, nowMs: () => Date.now(), symbols: SYMBOLS });
  lab = await openLab("order-book");
});
afterAll(async () => {
  for (const child of children) {
    if (child.exitCode === null && child.signalCode === null) sendSignal(child.pid, "SIGKILL");
  }
  await lab?.close();
  await venues?.stop();
});

test("books are published and recorded, marked simulated, and a second process fences the first", async () => {
  const first = start("first");
  await until("both kinds of text are there", async () => {
    const latest = await read(LATEST_FEATURES_KEY);
    return parseBook(await read(bookKey(FIRST))) !== null && hasAll(latest);
  });
  const published = parseBook(await read(bookKey(FIRST)));
  expect(published?.source).toBe("simulated binance-usdm");
  expect(published?.features.size).toBe(8);
  const common: unknown = JSON.parse(String(await read(LATEST_FEATURES_KEY)));
  expect(common).toMatchObject({ source: "simulated binance-usdm", [FIRST]: {} });
  await first.beatWhere("it is well", ({ facts, counters }) => {
    const [books] = facts?.inputs ?? [];
    return (
      facts?.dependencies["hazelcast"] === "ok" &&
      books?.ageS != null &&
      0 < Number(counters["told"])
    );
  });

  await until("the first has recorded all", () => recordedBy("first").size === SYMBOLS.length);

  const second = start("second");
  expect(await first.exited).toBe(EXIT_FENCED);
  await until("the second tells all", () => areAllOf(2));
  sendSignal(second.child.pid, "SIGTERM");
  expect(await second.exited).toBe(0);
  // It has published all three, and what is published is recorded by the end.
  expect(recordedBy("second")).toEqual(new Set(SYMBOLS));
});

test("a process that was stopped while another took over publishes nothing more when it wakes", async () => {
  const sleeper = start("sleeper");
  await until("it tells", async () => 3 === parseMarker(await read(bookKey(FIRST)))?.epoch);
  sendSignal(sleeper.child.pid, "SIGSTOP");
  const next = start("next");
  await until("the next one tells all", () => areAllOf(4));
  sendSignal(sleeper.child.pid, "SIGCONT");
  expect(await sleeper.exited).toBe(EXIT_FENCED);
  // The paused process may have published only some before it was stopped: it overwrites none of the others.
  expect(await areAllOf(4)).toBe(true);
  sendSignal(next.child.pid, "SIGTERM");
  expect(await next.exited).toBe(0);
});

function start(name: string) {
  const dir = join(lab.dir, name);
  mkdirSync(join(dir, "data"), { recursive: true });
  const config = join(dir, "dolphin.json");
  writeFileSync(
    config,
    JSON.stringify({
      data_dir: join(dir, "data"),
      hazelcast: { address: lab.address, cluster: "dolphin" },
      order_book: {
        url: `${venues.url.replace("http", "ws")}/public`,
        rest_url: venues.url,
        symbols: SYMBOLS,
        publish_every_ms: 200,
        record_every_ms: 200,
      },
    }),
  );
  const output = join(dir, "out");
  const out = openSync(output, "a");
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], {
    stdio: ["ignore", out, out, "pipe"],
    env: { ...process.env, DOLPHIN_CONFIG: config },
  });
  children.push(child);
  const heard = listenTo(child);
  const exited = new Promise<number | NodeJS.Signals | null>((settle) => {
    child.once("exit", (code, signal) => settle(code ?? signal));
  });
  return {
    child,
    exited,
    beatWhere: (what: string, check: (beat: (typeof heard.beats)[number]) => boolean) =>
      until(
        () =>
          `a beat: ${what}; ${readFileSync(output, "utf8")} ${JSON.stringify(heard.beats.at(-1))}`,
        () => heard.beats.find(check),
      ),
  };
}

async function areAllOf(epoch: number): Promise<boolean> {
  const keys = [LATEST_FEATURES_KEY, ...SYMBOLS.map(bookKey)];
  const found = await Promise.all(keys.map(read));
  return found.every((text) => parseMarker(text)?.epoch === epoch);
}

async function read(key: string): Promise<unknown> {
  return (await lab.cluster.features()).get(key);
}

function recordedBy(name: string): ReadonlySet<string> {
  const all = { fromMs: 0, toMs: Date.now() + 86_400_000 };
  const recorded = readPublishedBooks(booksFolder(join(lab.dir, name, "data")), null, all);
  return new Set([...recorded].map(({ asset }) => asset));
}

function hasAll(text: unknown): boolean {
  return typeof text === "string" && SYMBOLS.every((symbol) => text.includes(`"${symbol}"`));
}
