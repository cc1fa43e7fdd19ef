/** run/<service>.json identifies the process of a service, so that it is found after a crash of its worker. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../files/replace-file.ts";

export type RunFile = RecordedProcess & {
  readonly service: string;
  readonly life: number;
  readonly started_at: string;
  /** The worker that keeps it; absent in an older release. */
  readonly keeper?: RecordedProcess;
};

/** Pid and start time together identify a process uniquely. */
export type RecordedProcess = { readonly pid: number; readonly started_ticks: number | null };

export function writeRunFile(folder: string, run: RunFile): void {
  mkdirSync(folder, { recursive: true });
  replaceFile(pathOf(folder, run.service), `${JSON.stringify(run)}\n`);
}

export function readRunFile(folder: string, service: string): RunFile | null {
  try {
    const text = readFileSync(pathOf(folder, service), "utf8");
    const value: unknown = JSON.parse(text);
    return isRunFile(value) ? value : null;
  } catch {
    return null;
  }
}

/** Removes it, unless it identifies another process by now. */
export function removeRunFile(folder: string, service: string, pid: number): void {
  if (readRunFile(folder, service)?.pid === pid) rmSync(pathOf(folder, service), { force: true });
}

function pathOf(folder: string, service: string): string {
  return join(folder, `${service}.json`);
}

/** Validated without a schema: the watchdog does not load the package. */
function isRunFile(value: unknown): value is RunFile {
  if (!isNamedProcess(value)) return false;
  const { service, life, started_at, keeper }: Partial<Record<keyof RunFile, unknown>> = value;
  const isWhole = typeof service === "string" && typeof started_at === "string";
  return isWhole && Number.isSafeInteger(life) && (keeper === undefined || isNamedProcess(keeper));
}

export function isNamedProcess(value: unknown): value is RecordedProcess {
  if (typeof value !== "object" || value === null) return false;
  const { pid, started_ticks: ticks }: Partial<Record<keyof RecordedProcess, unknown>> = value;
  return Number.isSafeInteger(pid) && (ticks === null || Number.isSafeInteger(ticks));
}
