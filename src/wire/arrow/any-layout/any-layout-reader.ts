/**
 * Runs the general reader in a worker thread, because hostile bytes can make apache-arrow loop or allocate
 * without end. A read that exceeds its time or memory limit is ended together with its worker.
 */
import { Worker } from "node:worker_threads";
import { invalidScan } from "../../../domain/scan/scan.ts";
import type { FromWorker } from "./any-layout-worker.ts";
import type { ScanRead } from "../scan-json.ts";
import { THREAD_CODE_MB } from "../../../domain/supervision/thread-code.ts";

export type GeneralReader = {
  /** Reads one file at a time. Rejects only when the worker cannot be started. */
  read(bytes: Uint8Array): Promise<ScanRead>;
  close(): Promise<void>;
};

/** `timeoutMs`: of the processor, for one file. */
export type GeneralReaderLimits = { readonly timeoutMs: number; readonly heapMb: number };

const START_TIMEOUT_MS = 15_000;
const IDLE_TIMEOUT_MS = 60_000;
const YOUNG_GENERATION_MB = 8;
const US_PER_MS = 1_000;
/** Between two looks at the worker's processor time. */
const LOOK_MS_MIN = 50;
/** For a worker that neither computes nor answers, which none has done yet. */
const LOOKS_MAX = 30;

export function createGeneralReader(limits: GeneralReaderLimits): GeneralReader {
  let worker: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function end(): Promise<void> {
    clearTimeout(idle);
    const ending = worker;
    worker = null;
    await ending?.terminate();
  }

  async function start(): Promise<Worker> {
    const started = await startWorker(limits.heapMb);
    started.once("exit", () => {
      if (worker === started) worker = null;
    });
    return started;
  }

  async function readNow(bytes: Uint8Array): Promise<ScanRead> {
    clearTimeout(idle);
    const asked = (worker ??= await start());
    asked.ref();
    const answer = nextFrom(asked, (expire) => whenUsed(asked, limits.timeoutMs, expire));
    const copy = new Uint8Array(bytes); // Not bytes.slice(): on a Buffer that returns a view, not a copy.
    asked.postMessage(copy, [copy.buffer]);
    const next = await answer;
    if (next.kind === "read") {
      asked.unref();
      idle = setTimeout(() => void end(), IDLE_TIMEOUT_MS).unref();
      return next.read;
    }
    await end();
    return lostReading(next, limits);
  }

  return {
    read(bytes) {
      const reading = last.then(() => readNow(bytes));
      last = reading.catch(() => undefined);
      return reading;
    },
    async close() {
      await last;
      await end();
    },
  };
}

type Lost = { readonly kind: "timeout" } | { readonly kind: "error"; readonly error: Error };

function lostReading(
  lost: Lost | { readonly kind: "ready" },
  limits: GeneralReaderLimits,
): ScanRead {
  if (lost.kind === "timeout") {
    return invalidScan("parse_timeout", `${limits.timeoutMs} ms of processor time did not suffice`);
  }
  const found = lost.kind === "ready" ? "a second start" : lost.error.message;
  const outOfMemory =
    lost.kind === "error" && "code" in lost.error && lost.error.code === "ERR_WORKER_OUT_OF_MEMORY";
  return outOfMemory
    ? invalidScan("parse_memory", `the file needs more than ${limits.heapMb} MB of heap to read`)
    : invalidScan("malformed", `the reader failed on the file (${found})`);
}

async function startWorker(heapMb: number): Promise<Worker> {
  const worker = new Worker(new URL("./any-layout-worker.ts", import.meta.url), {
    execArgv: [], // The worker must not inherit the process's own execArgv.
    resourceLimits: {
      codeRangeSizeMb: THREAD_CODE_MB,
      maxOldGenerationSizeMb: heapMb,
      maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
    },
  });
  // A worker that fails while no read is pending must not end the process; its exit event is handled.
  worker.on("error", () => undefined);
  const first = await nextFrom(worker, (expire) => {
    const deadline = setTimeout(expire, START_TIMEOUT_MS);
    return () => clearTimeout(deadline);
  });
  if (first.kind === "ready") return worker;
  await worker.terminate();
  throw new Error("the general Arrow reader's worker did not start", {
    cause: first.kind === "error" ? first.error : undefined,
  });
}

/**
 * A sound file must not be given up because this machine is busy or was paused: what counts is what the worker used, and
 * an answer that lies unread is read before the second look. Returns what cancels it.
 */
function whenUsed(worker: Worker, limitMs: number, expire: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  let looks = 0;
  const before = worker.cpuUsage();
  const look = async (): Promise<void> => {
    looks += 1;
    const { user, system } = await worker.cpuUsage(await before);
    if (isOver) return;
    const leftMs = limitMs - (user + system) / US_PER_MS;
    if (leftMs <= 0 || looks === LOOKS_MAX) expire();
    else wait(Math.max(leftMs, LOOK_MS_MIN));
  };
  // One that has ended says so itself.
  const wait = (ms: number): void => {
    timer = setTimeout(() => void look().catch(() => undefined), ms);
  };
  before.catch(() => undefined);
  wait(limitMs);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

/** The worker's next message, its failure or the deadline, whichever comes first. */
function nextFrom(
  worker: Worker,
  deadline: (expire: () => void) => () => void,
): Promise<FromWorker | Lost> {
  return new Promise((resolve) => {
    const settle = (next: FromWorker | Lost): void => {
      cancel();
      worker.off("message", settle).off("error", failed).off("exit", exited);
      resolve(next);
    };
    const failed = (error: Error): void => settle({ kind: "error", error });
    const exited = (code: number): void => {
      settle({ kind: "error", error: new Error(`the worker ended with code ${code}`) });
    };
    const cancel = deadline(() => settle({ kind: "timeout" }));
    worker.on("message", settle).on("error", failed).on("exit", exited);
  });
}
