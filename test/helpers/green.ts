/** BLUE's log as its trader writes it, and GREEN as a real process that follows it. */
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { saveSnapshot } from "../../src/adapters/event-log/snapshots.ts";
import { EventLog } from "../../src/adapters/event-log/event-log.ts";
import { seededRandom } from "../../src/domain/simulator/random.ts";
import { dayFromMicros } from "../../src/domain/time.ts";
import { createPaperDesk } from "../../src/domain/trading/broker/paper-desk.ts";
import { stepDesk } from "../../src/domain/trading/broker/step-desk.ts";
import type { TraderEvent } from "../../src/domain/trading/events.ts";
import { snapshotOf } from "../../src/domain/trading/snapshot/snapshot.ts";
import { createTrader } from "../../src/domain/trading/trader.ts";
import { Configuration } from "../../src/wire/configuration.ts";
import { bookConfiguration } from "../../src/wire/trading/book-configuration.ts";
import { encodeTraderSnapshot } from "../../src/wire/trading/trader-snapshot.ts";
import { until } from "./until.ts";
import { BOOK_ASSETS, LIVELY } from "./trader.ts";
import { listenTo } from "./service-pipe.ts";

const MAIN = resolve(import.meta.dirname, "../../src/services/trader-green/main.ts");
const START_MS = 1_774_400_000_000;

/** `scanPeriodMs` says how many scans a day has. */
export function startBlue(data: string, settings: object = LIVELY, scanPeriodMs = 100_000) {
  const {
    trader: configuration,
    paper,
    hash,
  } = bookConfiguration("BLUE", Configuration.parse({ trader: settings }).trader);
  const place = { root: join(data, "journal/trading"), book: "BLUE" };
  const log = new EventLog(place, { epoch: 1, carriedCount: 0 });
  const trader = createTrader({ ...configuration });
  const random = seededRandom(5);
  const desk = {
    trader,
    desk: createPaperDesk(paper),
    beforeReport: (event: TraderEvent) => log.append(event),
    onCommands() {},
  };
  let nowMs = START_MS;
  let seq = 0;
  const prices = BOOK_ASSETS.map((_, at) => 100 * (at + 1));
  const tell = (event: TraderEvent) => {
    log.append(event);
    stepDesk(desk, event);
  };
  const now = () => ({ index: trader.nextIndex, nowMs });
  tell({
    kind: "started",
    configurationHash: hash,
    codeHash: "test",
    snapshotHash: "",
    ...now(),
  });
  return {
    trader,
    log,
    lastIndex: () => trader.nextIndex - 1,
    tell: (make: (at: { readonly index: number; readonly nowMs: number }) => TraderEvent) =>
      tell(make(now())),
    run(scans: number): void {
      for (let i = 0; i < scans; i++) {
        seq += 1;
        nowMs += scanPeriodMs;
        const day = dayFromMicros(nowMs * 1_000);
        if (trader.data.day.day !== day) tell({ kind: "day_rolled", day, ...now() });
        tell({ kind: "posture", posture: "APEX", asOfMs: nowMs, source: "test", ...now() });
        for (let at = 0; at < prices.length; at++) {
          prices[at] = prices[at]! * (1 + (random.uniform() - 0.5) / 100);
        }
        const eigenvalues = prices.map(() => random.uniform() * 3).toSorted((a, b) => b - a);
        tell({
          kind: "scan",
          ...now(),
          seq,
          scanNumber: seq,
          asOfMs: nowMs - 100,
          isReplayed: false,
          isLate: seq % 97 === 0,
          isRepaired: false,
          assets: BOOK_ASSETS,
          prices: Float64Array.from(prices),
          pricesAt: 0,
          eigenvalues: Float64Array.from(eigenvalues),
          eigenvaluesAt: 0,
          eigenvalueCount: eigenvalues.length,
          carried: new Float64Array(0),
          carriedAt: 0,
        });
      }
    },
    saveSnapshot(): void {
      saveSnapshot(
        log.journal,
        trader.nextIndex - 1,
        encodeTraderSnapshot(snapshotOf(trader), hash),
      );
    },
    close: () => log.close(),
  };
}

export type GreenProcess = ReturnType<typeof spawnGreen>;

/** `address`: of Hazelcast; by default nothing listens there, and GREEN works without it. */
export function spawnGreen(of: {
  readonly dir: string;
  readonly data: string;
  readonly trader?: object;
  readonly green?: object;
  readonly address?: string;
}) {
  const { dir, data, trader = LIVELY, green = {}, address = "127.0.0.1:9" } = of;
  const config = join(dir, "green.yaml");
  const settings = { data_dir: data, hazelcast: { address, deadline_ms: 500 }, trader, green };
  writeFileSync(config, JSON.stringify(settings));
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN], {
    stdio: ["ignore", "ignore", "pipe", "pipe"],
    env: { ...process.env, DOLPHIN_CONFIG: config },
  });
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const heard = listenTo(child);
  const { beats } = heard;
  const exited = new Promise<number | NodeJS.Signals | null>((settle) => {
    child.once("exit", (code, signal) => settle(code ?? signal));
  });
  const isGone = () => child.exitCode !== null || child.signalCode !== null;
  return {
    child,
    exited,
    isGone,
    errors: () => errors,
    ready: () =>
      until("GREEN is ready", () => {
        if (isGone()) throw new Error(`GREEN ended: ${errors}`);
        return heard.isReady;
      }),
    /** A beat after the event of this index was taken. */
    taken: (index: number) =>
      until(`event ${index} is taken`, () => {
        if (isGone()) throw new Error(`GREEN ended: ${errors}`);
        return beats.findLast(({ counters }) => counters["last_index"] === index);
      }),
    async stop() {
      child.kill("SIGTERM");
      return exited;
    },
    async kill(): Promise<void> {
      if (!isGone()) child.kill("SIGKILL");
      await exited;
    },
  };
}

/** What GREEN leaves: its newest state and its trades, as bytes. */
export function leftByGreen(data: string) {
  const folder = join(data, "journal/trading/GREEN");
  const newest = readdirSync(join(folder, "snapshots")).toSorted().at(-1) ?? "";
  return {
    newest,
    state: readFileSync(join(folder, "snapshots", newest)).toString("latin1"),
    trades: readFileSync(join(folder, "trades.jsonl"), "utf8"),
  };
}
