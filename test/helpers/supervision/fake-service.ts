/** A small real service for tests of supervision: it sends heartbeats, and a file tells it how to misbehave. */
import { spawn } from "node:child_process";
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openControlLink } from "../../../src/services/shell/control-link.ts";
import { type BridgeFacts, factsOfBridge } from "../../../src/wire/facts/bridge-facts.ts";

/** Read again every 50 ms. */
export type Behaviour = {
  /** Exits with this code as soon as it reads it. */
  readonly exit?: number;
  /** Exits like that, but only lives whose number of starts is below this. */
  readonly exitsUntilStart?: number;
  readonly ignoresTerm?: boolean;
  /** Never says ready. */
  readonly unready?: boolean;
  /** Spends the main thread for so long, once. */
  readonly stallMs?: number;
  readonly memoryMb?: number;
  /** Starts a grandchild that ignores SIGTERM. */
  readonly grandchild?: boolean;
  readonly facts?: Partial<BridgeFacts>;
};

const dir = process.env["FAKE_SERVICE_DIR"] ?? "";
const link = openControlLink();
const hoard: Buffer[] = [];
let seq = 0;
let hasStalled = false;
let isReady = false;

link.onClosed(() => process.exit(0));
appendFileSync(join(dir, "starts"), `${process.pid} ${Date.now()}\n`);
const starts = readFileSync(join(dir, "starts"), "utf8").trim().split("\n").length;
process.stdout.write(`fake service: start ${starts}\n`);
process.on("SIGTERM", () => {
  if (read().ignoresTerm !== true) process.exit(0);
});
if (read().grandchild === true) {
  const script = `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000);`;
  const grandchild = spawn(process.execPath, ["-e", script], { stdio: "ignore" });
  appendFileSync(join(dir, "grandchildren"), `${grandchild.pid}\n`);
}
obey();
setInterval(obey, 50);
setInterval(beat, 500);

function obey(): void {
  const behaviour = read();
  const isMeant = behaviour.exitsUntilStart === undefined || starts < behaviour.exitsUntilStart;
  if (behaviour.exit !== undefined && isMeant) {
    process.stderr.write(`fake service: told to exit with ${behaviour.exit}\n`);
    process.exit(behaviour.exit);
  }
  const wantedBytes = (behaviour.memoryMb ?? 0) * 1_048_576;
  while (hoard.length * 4_194_304 < wantedBytes) hoard.push(Buffer.alloc(4_194_304, 1));
  if (!isReady && behaviour.unready !== true) {
    isReady = true;
    link.ready();
    beat();
  }
  if (behaviour.stallMs !== undefined && !hasStalled) {
    hasStalled = true;
    const endMs = Date.now() + behaviour.stallMs;
    while (Date.now() < endMs);
  }
}

function beat(): void {
  seq += 1;
  link.log(`beat ${seq}`);
  const facts = factsOfBridge({
    archive: "ok",
    hazelcast: "ok",
    newestDataAgeS: 1,
    oldestUnpushedAgeS: null,
    settledAgeS: 1,
    listedAgeS: 1,
    backlog: 0,
    ...read().facts,
  });
  link.beat({ state: "running", facts, counters: { last_seq: seq } });
}

function read(): Behaviour {
  try {
    const behaviour: Behaviour = JSON.parse(readFileSync(join(dir, "behaviour.json"), "utf8"));
    return behaviour;
  } catch {
    return {};
  }
}
