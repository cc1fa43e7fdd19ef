/**
 * One injected fault and its undo. Three parties can undo it, and the first one does: the injector; a guard process
 * that outlives the injector and notices its death; and whoever reads the injector's record later, if the guard died
 * too. Invariant: it is recorded before it is injected, and undoing it twice is harmless.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isoFromMs } from "../../domain/time.ts";
import { InjectionRecord } from "../../wire/drills/injection-record.ts";
import { wallMs } from "../clock.ts";
import { isProcessAlive, startedTicks } from "../process/process-facts.ts";
import { replaceFile } from "../files/replace-file.ts";

export type Undo = readonly string[];
export type Injected = { undo(): void };

const UNDO = fileURLToPath(new URL("undo-fault.sh", import.meta.url));
/** Longer than any fault of the command line's drills lasts. */
const STANDS_S_MAX = 120;
const UNDO_MS_MAX = 10_000;
const SUFFIX = ".json";

/** Injects by calling `strike`; an error is undone and rethrown. */
export function inject(
  dataDir: string,
  fault: { readonly name: string; readonly undo: Undo; readonly standsSMax?: number },
  strike: () => void,
): Injected {
  const file = join(folderOf(dataDir), `${fault.name}-${process.pid}${SUFFIX}`);
  mkdirSync(folderOf(dataDir), { recursive: true, mode: 0o750 });
  const record: InjectionRecord = {
    fault: fault.name,
    at: isoFromMs(wallMs()),
    pid: process.pid,
    started_ticks: startedTicks(process.pid),
    undo: [...fault.undo],
  };
  replaceFile(file, `${JSON.stringify(record)}\n`);
  // In a session of its own, so that neither Ctrl-C nor the terminal's end stops it.
  const guard = spawn("/bin/sh", [UNDO, String(fault.standsSMax ?? STANDS_S_MAX), ...fault.undo], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guard.on("error", () => undefined);
  guard.stdin.on("error", () => undefined);
  guard.unref();
  let isDone = false;
  const undo = (): void => {
    if (isDone) return;
    isDone = undoNow(fault.undo);
    guard.stdin.end();
    if (isDone) rmSync(file, { force: true });
  };
  try {
    strike();
  } catch (error) {
    undo();
    throw error;
  }
  return { undo };
}

/** Undoes faults of dead drills; returns their names. */
export function undoLeftFaults(dataDir: string): readonly string[] {
  return recordsIn(dataDir).flatMap(({ path, record }) => {
    if (record === null) {
      // A half-written record was never injected.
      rmSync(path, { force: true });
      return [];
    }
    if (isProcessAlive(record.pid, record.started_ticks)) return [];
    if (!undoNow(record.undo)) return [];
    rmSync(path, { force: true });
    return [record.fault];
  });
}

/** The fault of a drill in progress; null where there is none. */
export function faultUnderWay(dataDir: string): InjectionRecord | null {
  for (const { record } of recordsIn(dataDir)) {
    if (record !== null && isProcessAlive(record.pid, record.started_ticks)) return record;
  }
  return null;
}

function undoNow(undo: Undo): boolean {
  const done = spawnSync("/bin/sh", [UNDO, "0", ...undo], {
    stdio: "ignore",
    timeout: UNDO_MS_MAX,
  });
  return done.status === 0;
}

function recordsIn(dataDir: string) {
  const folder = folderOf(dataDir);
  return namesIn(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => ({ path: join(folder, name), record: readRecord(join(folder, name)) }));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readRecord(path: string): InjectionRecord | null {
  try {
    return InjectionRecord.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return null;
  }
}

function folderOf(dataDir: string): string {
  return join(dataDir, "drills");
}
