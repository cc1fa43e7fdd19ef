/** A book's trader as a real process, a feeder in place of the bridge, and the audit of its journal. */
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect } from "vitest";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import { askControl, controlSocketPath } from "../../src/adapters/control-socket.ts";
import { EventLogReader } from "../../src/adapters/event-log/event-log.ts";
import { listSegmentDays } from "../../src/adapters/event-log/segments/segment-files.ts";
import { seededRandom } from "../../src/domain/simulator/random.ts";
import { createPaperDesk } from "../../src/domain/trading/broker/paper-desk.ts";
import { stepDesk } from "../../src/domain/trading/broker/step-desk.ts";
import type { TraderCommand } from "../../src/domain/trading/commands.ts";
import type { TraderEvent } from "../../src/domain/trading/events.ts";
import { createTrader, decisionOf } from "../../src/domain/trading/trader.ts";
import { bookConfiguration } from "../../src/wire/trading/book-configuration.ts";
import { Configuration } from "../../src/wire/configuration.ts";
import type { ServiceBeat } from "../../src/wire/control-pipe.ts";
import {
  encodeScanValue,
  FEATURES_MAP,
  LATEST_KEY,
  SCANS_RING,
} from "../../src/wire/scan-value.ts";
import { encodePosture, SAFETY_KEY, SAFETY_MAP } from "../../src/wire/safety/posture-value.ts";
import {
  type TraderAnswer,
  TraderAnswer as AnswerSchema,
} from "../../src/wire/trading/trader-control.ts";
import { type Cluster } from "./bridge.ts";
import { until } from "./until.ts";
import { LIVELY } from "./lively.ts";

export { LIVELY } from "./lively.ts";
import { listenTo } from "./service-pipe.ts";

const MAIN = resolve(import.meta.dirname, "../../src/services/trader/main.ts");
const FAILING = resolve(import.meta.dirname, "failing-trader.ts");
export const BOOK_ASSETS = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "ADAUSDT", "DOTUSDT"];

export type TraderPlace = {
  readonly dir: string;
  readonly data: string;
  readonly archive: string;
  readonly address: string;
};

export type TraderProcess = ReturnType<typeof spawnTrader>;

/** `env` with TEST_STEP runs the trader that ends itself there. */
export function spawnTrader(
  place: TraderPlace,
  settings: object = LIVELY,
  env: Readonly<Record<string, string>> = {},
  sections: object = {},
) {
  const config = join(place.dir, "trader.yaml");
  const output = join(place.dir, "trader.out");
  mkdirSync(place.data, { recursive: true });
  writeFileSync(
    config,
    JSON.stringify({
      data_dir: place.data,
      archive: place.archive,
      hazelcast: { address: place.address, cluster: "dolphin", deadline_ms: 1_000 },
      trader: settings,
      // Tests say for themselves which posture there is.
      safety: { posture: null },
      ...sections,
    }),
  );
  const out = openSync(output, "a");
  const main = env["TEST_STEP"] === undefined ? MAIN : FAILING;
  const child = spawn(process.execPath, [...NODE_FLAGS, main], {
    stdio: ["ignore", out, out, "pipe"],
    env: { ...process.env, ...env, DOLPHIN_CONFIG: config },
  });
  const heard = listenTo(child);
  const exited = new Promise<number | NodeJS.Signals | null>((settle) => {
    child.once("exit", (code, signal) => settle(code ?? signal));
  });
  const isGone = () => child.exitCode !== null || child.signalCode !== null;
  const socket = controlSocketPath(place.data, "trader-blue");
  const ask = async (request: object): Promise<TraderAnswer> => {
    const line = JSON.stringify({ id: randomUUID(), ...request });
    const answer = await askControl(socket, line, { withinMs: 60_000, answerCharsMax: 1e7 });
    return AnswerSchema.parse(JSON.parse(answer));
  };
  const status = async () => {
    const { status: found } = await ask({ command: "status" });
    if (found === null) throw new Error("a status has a status");
    return found;
  };
  return {
    child,
    socket,
    exited,
    isGone,
    beats: heard.beats,
    ask,
    status,
    output: () => readFileSync(output, "utf8"),
    ready: () =>
      until("the trader is ready", () => {
        if (isGone()) throw new Error(`the trader ended: ${readFileSync(output, "utf8")}`);
        return heard.isReady;
      }),
    /** Until every seq up to this one has its decision. */
    decided: (seq: number) =>
      until(`seq ${seq} is decided`, async () => {
        if (isGone()) throw new Error(`the trader ended: ${readFileSync(output, "utf8")}`);
        return seq <= (await status()).last_seq;
      }),
    /** Waits for a beat that says so, among those still to come. */
    beatWhere: (what: string, check: (beat: ServiceBeat) => boolean) => {
      const from = heard.beats.length;
      return until(`a beat: ${what}`, () => heard.beats.slice(from).findLast(check));
    },
    hearsHazelcast: () =>
      until("it hears Hazelcast", () =>
        heard.beats.findLast(({ facts }) => facts?.dependencies["hazelcast"] === "ok"),
      ),
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

export type Feeder = ReturnType<typeof createFeeder>;

/** Publishes seeded scans as the bridge does: ringbuffer and latest. */
export function createFeeder({ client }: Cluster, seed = 1) {
  const random = seededRandom(seed);
  const prices = BOOK_ASSETS.map((_, at) => 100 * (at + 1));
  let seq = 0;
  const nextText = (of: readonly string[] = BOOK_ASSETS, behindMs = 0): string => {
    seq += 1;
    for (let at = 0; at < prices.length; at++) {
      prices[at] = prices[at]! * (1 + (random.uniform() - 0.5) / 100);
    }
    const eigenvalues = prices.map(() => random.uniform() * 3).toSorted((a, b) => b - a);
    const priced = of.map((asset) => prices[BOOK_ASSETS.indexOf(asset)]!);
    return scanText({ seq, prices: priced, eigenvalues, atMs: Date.now() - behindMs, assets: of });
  };
  const ring = async (text: string) => (await client.getRingbuffer<string>(SCANS_RING)).add(text);
  const tell = async (text: string) => {
    await (await client.getMap<string, string>(FEATURES_MAP)).set(LATEST_KEY, text);
  };
  return {
    seq: () => seq,
    nextText,
    ring,
    tell,
    /** `behindMs`: what their writer's clock is behind. */
    async push(count = 1, behindMs = 0): Promise<void> {
      for (let i = 0; i < count; i++) {
        const text = nextText(BOOK_ASSETS, behindMs);
        await ring(text);
        await tell(text);
      }
    },
    /** One scan of these assets only. */
    async pushOf(assets: readonly string[]): Promise<void> {
      const text = nextText(assets);
      await ring(text);
      await tell(text);
    },
    async posture(posture: "APEX" | "HIBERNATE" = "APEX"): Promise<void> {
      const map = await client.getMap<string, string>(SAFETY_MAP);
      const atUs = Date.now() * 1_000;
      await map.set(SAFETY_KEY, encodePosture({ posture, reasons: [], source: "test", atUs }));
    },
  };
}

export function scanText(of: {
  readonly seq: number;
  readonly prices: readonly number[];
  readonly eigenvalues: readonly number[];
  readonly atMs: number;
  readonly assets?: readonly string[];
  readonly invalid?: readonly string[];
  readonly replayed?: boolean;
}): string {
  const { seq, prices, eigenvalues, atMs, assets = BOOK_ASSETS, invalid = [] } = of;
  const iso = `${new Date(atMs).toISOString().slice(0, -1)}000+00:00`;
  const priced = assets.map((asset, at) => `${JSON.stringify(asset)}:${prices[at]}`);
  const members =
    `"scan_number":${seq},"timestamp":"${iso}","assets":${JSON.stringify(assets)},` +
    `"asset_prices":{${priced.join(",")}},"eigenvalues":${JSON.stringify(eigenvalues)},` +
    `"assets_invalid":${JSON.stringify(invalid)}`;
  return encodeScanValue(members, {
    bridgeUs: atMs * 1_000,
    seq,
    epoch: 1,
    instance: "test",
    file: `2026-03-25/scan_${String(seq).padStart(6, "0")}.arrow`,
    mtimeUs: atMs * 1_000,
    replayed: of.replayed ?? false,
    late: false,
  });
}

/** The whole journal, folded from its start by this process: what the trader must have come to. */
export function auditBook(place: Pick<TraderPlace, "data">, settings: object = LIVELY) {
  const { trader: configuration, paper } = bookConfiguration(
    "BLUE",
    Configuration.parse({ trader: settings }).trader,
  );
  const trader = createTrader(configuration);
  const reader = new EventLogReader(
    { root: join(place.data, "journal/trading"), book: "BLUE" },
    null,
  );
  const events = [...reader.poll()];
  reader.close();
  const decided: number[] = [];
  const commands: TraderCommand[] = [];
  const said: TraderEvent[] = [];
  const desk = {
    trader,
    desk: createPaperDesk(paper),
    beforeReport: (event: TraderEvent) => said.push(event),
    onCommands: (_event: TraderEvent, some: readonly TraderCommand[]) => commands.push(...some),
  };
  for (const event of events) {
    if (event.kind.startsWith("order_")) continue;
    stepDesk(desk, event);
    if (event.kind !== "scan" && event.kind !== "scan_lost") continue;
    const decision = trader.data.decision;
    if (decision.index === event.index) decided.push(decision.seq);
  }
  // Broker parity: the fills that follow from the market are those that were recorded.
  expect(said).toEqual(events.filter(({ kind }) => kind.startsWith("order_")));
  expect(decisionOf(trader)?.seq ?? 0).toBeLessThanOrEqual(trader.data.scans.lastSeq);
  const quantities = new Map<string, number>();
  for (const command of commands) {
    if (command.kind !== "book_fill") continue;
    const { asset, side, fill } = command.entry;
    const sign = side === "buy" ? 1 : -1;
    quantities.set(asset, (quantities.get(asset) ?? 0) + sign * fill.quantity);
  }
  for (const [asset, quantity] of quantities) {
    const open = trader.data.positions.filter((position) => position.asset === asset);
    const sum = open.reduce((total, { sign, quantity: size }) => total + sign * size, 0);
    expect(quantity, `fills of ${asset} are its position`).toBeCloseTo(sum, 9);
  }
  const trades = commands.filter(({ kind }) => kind === "book_trade").length;
  return { trader, events, decided: decided.toSorted((a, b) => a - b), trades };
}

/** The newest day of the journal: today's, but for a midnight in between. */
export function lastDayOf({ data }: Pick<TraderPlace, "data">): string {
  return listSegmentDays(join(data, "journal/trading/BLUE")).at(-1) ?? "none";
}

export function seqsTo(last: number, first = 1): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
