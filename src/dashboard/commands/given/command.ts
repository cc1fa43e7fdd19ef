/** A command of the page: what it takes, how long it may take, and the operation that it shares with the command line. */
import { z } from "zod";
import type { Config } from "../../../config.ts";
import type { Confirmations } from "./confirmations.ts";

export type CommandContext = {
  readonly dataDir: string;
  readonly config: Config;
  readonly temporalAddress: string | undefined;
  /** For journals and incidents: the user of the process, and the session. */
  readonly by: string;
  readonly session: number;
  /** Chosen by the page: sent twice, it is done once. */
  readonly id: string;
  readonly confirmations: Confirmations;
  readonly nowMs: number;
  /** Nobody waits any more: what has not begun does not begin. */
  readonly signal: AbortSignal;
};

export type CommandAnswer = {
  readonly ok: boolean;
  /** A sentence. */
  readonly says: string;
  /** Where `ok` says too little: a part of it was done, or nobody knows whether it was. */
  readonly outcome?: "partly" | "unknown";
  /** Sent back within a minute, it carries out what `would` says. */
  readonly confirm?: string;
  readonly would?: readonly string[];
};

export type Command = {
  readonly withinMs: number;
  /** Its input as it stands in the audit and the work, or a sentence on what is wrong with it. */
  read(raw: unknown): ReadCommand | string;
};
export type ReadCommand = {
  readonly arguments: Readonly<Record<string, unknown>>;
  run(context: CommandContext): Promise<CommandAnswer>;
};

export function command<Input extends Readonly<Record<string, unknown>>>(
  input: z.ZodType<Input>,
  withinMs: number,
  run: (input: Input, context: CommandContext) => Promise<CommandAnswer>,
): Command {
  return {
    withinMs,
    read(raw) {
      const read = input.safeParse(raw);
      if (read.success) {
        return { arguments: read.data, run: (context) => run(read.data, context) };
      }
      return read.error.issues
        .map((issue) => `${issue.path.join(".") || "input"}: ${issue.message}`)
        .join("; ");
    },
  };
}
