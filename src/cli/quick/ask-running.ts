/**
 * Lets a running `up` or worker answer a verb, because it has open connections: `up` a question, its worker a command.
 * If there is none, or it has other code, or is frozen, the verb does its work itself. Invariant: nothing is printed
 * before the whole answer has arrived, and a command has one id on both ways.
 */
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { askControl, controlSocketPath } from "../../adapters/control/ask-control.ts";
import { codePrint } from "./code-print.ts";
import { type Asked, questionIn } from "./question.ts";

export type RunningAnswer = { readonly out: string; readonly err: string; readonly exit: number };

/** An answering process acknowledges at once; one that is busy for longer is not waited for. */
const HELLO_MS = 250;
/** Longest silence once it is working. */
const ALIVE_MS = 1_500;
const ALIVE_EVERY_MS = 500;
/** A command takes as long as the service does; longer than any of them. */
const ANSWER_MS_MAX = 120_000;
const ANSWER_CHARS_MAX = 4_000_000;
const HELLO = JSON.stringify({ kind: "hello" });
const ANSWERERS = ["up", "worker"] as const;

/** Computed once, because a repeating verb keeps running the code with which it began. */
let ownCode: string | null = null;

/** Null: nobody has answered. */
export async function askRunning(argv: readonly string[]): Promise<RunningAnswer | null> {
  const asked = questionIn(argv, { env: process.env, cwd: process.cwd() });
  if (asked === null) return null;
  for (const name of ANSWERERS) {
    const path = controlSocketPath(asked.dataDir, name);
    if (!existsSync(path)) continue;
    try {
      return await askAt(path, asked);
    } catch {
      // The direct way finds the problem, and reports it.
    }
  }
  return null;
}

async function askAt(path: string, { question }: Asked): Promise<RunningAnswer> {
  const hello = await askControl(path, HELLO, { withinMs: HELLO_MS, answerCharsMax: 1_000 });
  const { code }: { readonly code?: unknown } = JSON.parse(hello);
  if (code !== (ownCode ??= codePrint())) throw new Error("it runs other code than this");
  const over = new AbortController();
  const line = askControl(path, JSON.stringify({ kind: "ask", question }), {
    withinMs: ANSWER_MS_MAX,
    answerCharsMax: ANSWER_CHARS_MAX,
    signal: over.signal,
  });
  try {
    return answerIn(await Promise.race([line, watchLife(path, over.signal)]));
  } finally {
    over.abort();
    line.catch(() => undefined);
  }
}

/** Rejects when it freezes during its work. */
async function watchLife(path: string, signal: AbortSignal): Promise<never> {
  for (;;) {
    await delay(ALIVE_EVERY_MS, undefined, { signal });
    await askControl(path, HELLO, { withinMs: ALIVE_MS, answerCharsMax: 1_000, signal });
  }
}

function answerIn(line: string): RunningAnswer {
  const { out, err, exit }: Partial<RunningAnswer> = JSON.parse(line);
  if (typeof out !== "string" || typeof err !== "string" || typeof exit !== "number") {
    throw new Error("it declines");
  }
  return { out, err, exit };
}
