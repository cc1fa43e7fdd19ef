/** Ends this process with an exit code, also while a disk owes it an answer. */
import { accessSync, constants } from "node:fs";

/**
 * An orderly exit waits for file operations under way, one that the disk never answers included: a program that ends at
 * once takes the place of this one. Node aborts where it cannot run that program, and with that the exit code would be lost,
 * which says whether the service is started again: so only a program that is there is tried.
 */
export function leaveProcess(exitCode: number, shell = "/bin/sh"): never {
  const isAtDisk = process.getActiveResourcesInfo().some((name) => name.startsWith("FSReq"));
  if (isAtDisk) takePlace(exitCode, shell);
  process.exit(exitCode);
}

function takePlace(exitCode: number, shell: string): void {
  const isShellThere = isRunnable(shell);
  // Node itself is slower, and there where no shell is.
  const file = isShellThere ? shell : process.execPath;
  const args = isShellThere
    ? ["sh", "-c", `exit ${exitCode}`]
    : ["node", "-e", `process.exit(${exitCode})`];
  if (isShellThere || isRunnable(file)) process.execve?.(file, args, {});
}

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
