/**
 * Runs the command that restarts a server, at most once per decision: its start is recorded first, so that it is not
 * repeated if the worker dies during it, and its outcome afterwards.
 */
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { RecoveryOutcome } from "../../domain/health/recovery.ts";
import { replaceFile } from "../files/replace-file.ts";
import { messageOf } from "../../domain/failure.ts";

export type RecoveryCommands = Readonly<Record<string, string | null>>;

const COMMAND_MS_MAX = 60_000;
const OUTPUT_BYTES_MAX = 65_536;
const KEPT_MAX = 64;
const SHOWN_MAX = 200;
const BEGUN: RecoveryOutcome = { done: true, says: "it was started, and its outcome is not known" };

export function createServerRestarts(runFolder: string, commands: RecoveryCommands) {
  const file = join(runFolder, "recovery-commands");
  return async (server: string, decision: string): Promise<RecoveryOutcome> => {
    const command = commands[server] ?? null;
    if (command === null) {
      return { done: false, says: `no command is configured that restarts ${server}` };
    }
    const before = readNotes(file).get(decision);
    if (before !== undefined) return before;
    note(file, decision, BEGUN);
    const outcome = await run(command);
    note(file, decision, outcome);
    return outcome;
  };
}

/** By decision, oldest first. */
function readNotes(file: string): Map<string, RecoveryOutcome> {
  if (!existsSync(file)) return new Map();
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [decision = "", state = "", says = ""] = line.split("\t");
      return [decision, says === "" ? BEGUN : { done: state === "done", says }];
    }),
  );
}

function note(file: string, decision: string, { done, says }: RecoveryOutcome): void {
  const notes = readNotes(file).set(decision, { done, says: says.replaceAll(/\s+/g, " ") });
  const lines = [...notes].slice(-KEPT_MAX).map(([id, one]) => {
    return `${id}\t${one.done ? "done" : "failed"}\t${one.says}\n`;
  });
  mkdirSync(dirname(file), { recursive: true });
  replaceFile(file, lines.join(""));
}

function run(command: string): Promise<RecoveryOutcome> {
  const limits = { timeout: COMMAND_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX };
  return new Promise((resolve) => {
    execFile("/bin/sh", ["-c", command], limits, (error, _out, err) => {
      if (error === null) resolve({ done: true, says: "done: the configured command succeeded" });
      else {
        const why = `${messageOf(error)} ${err}`.slice(0, SHOWN_MAX);
        resolve({ done: false, says: `the configured command failed: ${why}` });
      }
    });
  });
}
