/** The exchange of versions, killed at every step: done once or not at all; and the reasons to refuse it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exchangeBooks } from "../../src/operations/books/exchange-books.ts";
import { promotedState, readBooksFile } from "../../src/adapters/event-log/books/books-store.ts";
import { latestSnapshot } from "../../src/adapters/event-log/snapshots.ts";
import type { TraderSnapshot } from "../../src/domain/trading/snapshot/snapshot.ts";
import { builtInStrategy } from "../../src/domain/trading/strategies/built-in.ts";
import { Configuration } from "../../src/wire/configuration.ts";
import { decodeShadow } from "../../src/wire/trading/shadow-snapshot.ts";
import { decodeTraderSnapshot } from "../../src/wire/trading/trader-snapshot.ts";
import type { ExchangeOrder } from "../helpers/exchange-process.ts";
import { leftByGreen, spawnGreen, startBlue } from "../helpers/green.ts";
import { LIVELY } from "../helpers/lively.ts";
import { recordBook } from "../helpers/trading/recorded-book.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory } from "../helpers/servers.ts";

const EXCHANGE = resolve(import.meta.dirname, "../helpers/exchange-process.ts");
const GREEN = { parameters: { ...LIVELY.parameters, threshold: 0.008 } };

let dir = "";
beforeEach(() => {
  dir = makeTemporaryDirectory("exchange-books");
});
afterEach(() => {
  removeTemporaryDirectory(dir);
});

function request(dataDir: string, id = "one", green: object = GREEN) {
  const configuration = Configuration.parse({ trader: LIVELY, green });
  return {
    dataDir,
    configuration,
    strategyOf: builtInStrategy,
    id,
    by: "test",
    at: "2026-03-25T00:00:00Z",
  };
}

/** Both books flat and ended. */
async function recordFlatBooks(data: string): Promise<void> {
  const blue = startBlue(data);
  blue.run(300);
  blue.tell((at) => ({
    kind: "operator",
    commandId: "flat",
    by: "test",
    command: { kind: "flatten" },
    ...at,
  }));
  blue.run(30);
  expect(blue.trader.data.positions).toEqual([]);
  const green = spawnGreen({ dir, data, green: GREEN });
  await green.taken(blue.lastIndex());
  await green.stop();
  blue.close();
}

/** In a process of its own; returns the signal that ended it. */
async function exchangeIn(dataDir: string, copies: string, dieAt: number | null = null) {
  const order: ExchangeOrder = { dataDir, copies, dieAt, id: "one", green: GREEN };
  const child = spawn(process.execPath, [EXCHANGE, JSON.stringify(order)], { stdio: "inherit" });
  const [, signal] = await once(child, "close");
  return signal;
}

/** Whether it was done already; afterwards it is, once. */
function finish(data: string): boolean {
  const isDone = existsSync(join(data, "books.json"));
  expect(exchangeBooks(request(data))).toMatchObject({ kind: isDone ? "repeated" : "exchanged" });
  const books = readBooksFile(data);
  expect(books).toMatchObject({ is_exchanged: true, promotions: [{ id: "one" }] });
  expect(JSON.stringify(promotedState(data, books)?.blue.strategy)).toContain('"threshold":0.008');
  return isDone;
}

test("killed at any moment it is done once or not at all; the same id finishes it", async () => {
  const template = join(dir, "template");
  await recordFlatBooks(template);
  const data = (name: string | number): string => {
    cpSync(template, join(dir, `data-${name}`), { recursive: true });
    return join(dir, `data-${name}`);
  };
  // What a kill leaves does not depend on how it ends, so one run shows all moments.
  const copies = join(dir, "copies");
  expect(await exchangeIn(data("whole"), copies)).toBeNull();
  const moments = readdirSync(copies).length;
  const isDone = Array.from({ length: moments }, (_, call) => finish(join(copies, String(call))));
  const firstDone = isDone.indexOf(true);
  expect(firstDone).toBeGreaterThan(5);
  expect(isDone).toEqual(isDone.map((_, call) => firstDone <= call));
  // Really killed, on either side of the rename that makes it so: its locks are gone with it.
  for (const call of [firstDone - 1, firstDone]) {
    const killed = data(call);
    expect(await exchangeIn(killed, join(dir, `copies-${call}`), call)).toBe("SIGKILL");
    expect(finish(killed)).toBe(call === firstDone);
  }
});

function account({ data }: Pick<TraderSnapshot, "data">) {
  return Object(data)["account"];
}

test("after an exchange GREEN tries a third version: it keeps its cash, and can be promoted", async () => {
  const data = join(dir, "data");
  await recordFlatBooks(data);
  const started = exchangeBooks(request(data));
  expect(started).toMatchObject({ kind: "exchanged" });
  const promoted = promotedState(data, readBooksFile(data))!;
  expect(account(promoted.green)).not.toEqual(account(promoted.blue));
  // BLUE goes on as what GREEN was, and GREEN with a third one in BLUE's former place.
  const third = { ...LIVELY, parameters: { ...LIVELY.parameters, longWindow: 5 } };
  const green = spawnGreen({ dir, data, trader: third, green: GREEN });
  const { counters } = await green.taken(promoted.index);
  const { cash, trades } = account(promoted.green);
  expect(counters).toMatchObject({ cash, trades });
  await green.stop();
  expect(leftByGreen(data).trades.trim().split("\n")).toHaveLength(trades);
  const settings = { ...LIVELY, ...GREEN };
  const run = { scans: 60, scanEveryMs: 1_000, snapshotEvery: 0, end: "flattened" } as const;
  recordBook(data, { ...run, startMs: promoted.nowMs + 1_000, settings });
  const { snapshot } = latestSnapshot(join(data, "journal/trading/BLUE"), Number.MAX_SAFE_INTEGER);
  const again = spawnGreen({ dir, data, trader: third, green: GREEN });
  await again.taken(snapshot!.index);
  await again.stop();
  const own = latestSnapshot(join(data, "journal/trading/GREEN"), Number.MAX_SAFE_INTEGER);
  const left = decodeShadow(own.snapshot!.bytes)!;
  expect(account(left.blue)).toEqual(account(decodeTraderSnapshot(snapshot!.bytes).snapshot));
  const configuration = Configuration.parse({ trader: third, green: GREEN });
  const next = exchangeBooks({ ...request(data, "two"), configuration });
  expect(next).toMatchObject({ kind: "exchanged", atIndex: snapshot!.index });
});

test("what can't be handed over safely is refused, and nothing is changed", async () => {
  const none = join(dir, "none");
  const alone = startBlue(none);
  expect(exchangeBooks(request(none))).toHaveProperty("reason", "the trader of BLUE still runs");
  alone.close();
  expect(exchangeBooks(request(none))).toHaveProperty(
    "reason",
    expect.stringMatching(/^GREEN has no state/),
  );
  const data = join(dir, "data");
  await recordFlatBooks(data);
  expect(exchangeBooks(request(data, "two", { seed: 9 }))).toHaveProperty(
    "reason",
    expect.stringMatching(/^GREEN's state belongs to another configuration/),
  );
  expect(existsSync(join(data, "books.json"))).toBe(false);
  expect(exchangeBooks(request(data))).toMatchObject({ kind: "exchanged" });
  // And back.
  expect(exchangeBooks(request(data, "two"))).toMatchObject({ kind: "exchanged" });
  expect(readBooksFile(data)).toMatchObject({ is_exchanged: false, promotions: [{}, {}] });
});
