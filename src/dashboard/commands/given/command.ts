/** A command of the page: its input, its deadline, and the operation that it shares with the command line. */
import { z } from "zod";
import type { Config } from "../../../config.ts";
import type { Confirmations } from "./confirmations.ts";

export type CommandContext = {
  readonly dataDir: string;
  readonly config: Config;
  readonly temporalAddress: string | undefined;
  /** For journals and incidents: the process's user, and the session. */
  readonly by: string;
  readonly session: number;
  /** Idempotency key chosen by the page. */
  readonly id: string;
  readonly confirmations: Confirmations;
  readonly nowMs: number;
  /** Aborted when nobody waits any more: what has not started must not start. */
  readonly signal: AbortSignal;
};

export type DashboardAnswer = {
  readonly ok: boolean;
  /** A sentence. */
  readonly says: string;
  /** Where `ok` is not enough: it was partly done, or the outcome is unknown. */
  readonly outcome?: "partly" | "unknown";
  /** Sent back within a minute, it confirms what `would` lists. */
  readonly confirm?: string;
  readonly would?: readonly string[];
};

export type DashboardCommand = {
  readonly withinMs: number;
  /** The validated input for audit and work, or a sentence that says what is wrong. */
  read(raw: unknown): ReadCommand | string;
};
export type ReadCommand = {
  readonly arguments: Readonly<Record<string, unknown>>;
  run(context: CommandContext): Promise<DashboardAnswer>;
};

export function command<Input extends Readonly<Record<string, unknown>>>(
  input: z.ZodType<Input>,
  withinMs: number,
  run: (input: Input, context: CommandContext) => Promise<DashboardAnswer>,
): DashboardCommand {
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
