/** `spawnSync` and `execFileSync` with a time limit: while one of them waits, a test's own limit cannot fire. */
import * as childProcess from "node:child_process";
import type {
  ExecFileSyncOptions,
  ExecFileSyncOptionsWithStringEncoding,
  SpawnSyncOptions,
  SpawnSyncOptionsWithStringEncoding,
  SpawnSyncReturns,
} from "node:child_process";

/** Bounds a failure only: no machine is measured by it. */
const RUN_MS_MAX = 300_000;
const BOUNDS = { timeout: RUN_MS_MAX, killSignal: "SIGKILL" } as const;

type Arguments = readonly string[];

export function spawnSync(command: string, args?: Arguments): SpawnSyncReturns<Buffer>;
export function spawnSync(
  command: string,
  args: Arguments,
  options: SpawnSyncOptionsWithStringEncoding,
): SpawnSyncReturns<string>;
export function spawnSync(
  command: string,
  args: Arguments = [],
  options: SpawnSyncOptions = {},
): SpawnSyncReturns<string | Buffer> {
  return childProcess.spawnSync(command, [...args], { ...BOUNDS, ...options });
}

export function execFileSync(
  command: string,
  args: Arguments,
  options: ExecFileSyncOptionsWithStringEncoding,
): string;
export function execFileSync(
  command: string,
  args: Arguments,
  options?: ExecFileSyncOptions,
): string | Buffer;
export function execFileSync(
  command: string,
  args: Arguments,
  options: ExecFileSyncOptions = {},
): string | Buffer {
  return childProcess.execFileSync(command, [...args], { ...BOUNDS, ...options });
}
