/**
 * Ends what a bench has started when a signal or an error ends the bench: every bench that starts processes calls
 * this, and a test of the house checks that. Its children get SIGTERM, since `up` ends its own servers and workers;
 * what is left after the grace is killed. A second signal kills at once.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

type Started = { readonly pid: number; readonly parent: number; readonly startedTicks: string };

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
const EXIT_BY_SIGNAL = 128;
/** Longer than `up` takes to end its servers on a busy machine. */
const GRACE_MS = 60_000;
const LOOK_EVERY_MS = 100;
/** Fields of /proc/PID/stat after the name, which may contain spaces. */
const PARENT = 1;
const STARTED_TICKS = 19;

let isEnding = false;

/** Before anything is started. */
export function endWithBench(): void {
  for (const [name, number] of Object.entries(SIGNALS)) {
    process.on(name, () => void endBy(EXIT_BY_SIGNAL + number));
  }
  process.on("exit", () => terminate(descendants()));
}

async function endBy(exitCode: number): Promise<void> {
  const started = descendants();
  if (isEnding) killAndExit(started, exitCode);
  isEnding = true;
  // The bench itself fails meanwhile, because what it measures ends.
  process.on("uncaughtException", () => undefined);
  process.on("unhandledRejection", () => undefined);
  terminate(started);
  const endMs = performance.now() + GRACE_MS;
  for (let isTold = false; started.some(isAlive) && performance.now() < endMs;) {
    // What outlives its parent would wait for nobody.
    if (!isTold && !started.some((one) => isChild(one) && isAlive(one))) {
      for (const { pid } of started.filter(isAlive)) send(pid, "SIGTERM");
      isTold = true;
    }
    await delay(LOOK_EVERY_MS);
  }
  killAndExit(started, exitCode);
}

function killAndExit(started: readonly Started[], exitCode: number): never {
  for (const one of started.filter(isAlive)) send(one.pid, "SIGKILL");
  process.exit(exitCode);
}

/** A frozen one has to go on to end. */
function terminate(started: readonly Started[]): void {
  for (const { pid } of started) send(pid, "SIGCONT");
  for (const { pid } of started.filter(({ parent }) => parent === process.pid))
    send(pid, "SIGTERM");
}

function descendants(): readonly Started[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => lookAt(Number(name)) ?? []);
  const below = (parents: ReadonlySet<number>): readonly Started[] => {
    const children = all.filter(({ parent }) => parents.has(parent));
    if (children.length === 0) return [];
    return [...children, ...below(new Set(children.map(({ pid }) => pid)))];
  };
  return below(new Set([process.pid]));
}

function isChild({ parent }: Started): boolean {
  return parent === process.pid;
}

/** Null where it is gone, or was never waited for. */
function lookAt(pid: number): Started | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z") return null;
    return { pid, parent: Number(fields[PARENT]), startedTicks: fields[STARTED_TICKS] ?? "" };
  } catch {
    return null;
  }
}

/** By its start, as its number may have been reused. */
function isAlive({ pid, startedTicks }: Started): boolean {
  return lookAt(pid)?.startedTicks === startedTicks;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
