/**
 * Asks a process of its own which market the archive shows, so that a share that hangs stops nobody else: at the end
 * of its time the process is killed and left to the kernel, and the forecast is made without it.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { NODE_FLAGS } from "../../adapters/process/node-flags.ts";
import { messageOf } from "../../domain/failure.ts";
import { jsonOrNull } from "../../domain/json-record.ts";
import { MS_PER_SECOND } from "../../domain/time.ts";
import { MarketAnswer, unreadMarket } from "../../wire/forewarn/market-answer.ts";
import type { MarketQuestion } from "./read-market.ts";

const ENTRY = fileURLToPath(new URL("./market-process.ts", import.meta.url));
/** The regimes of 90 days are 26,000 characters. */
const OUTPUT_CHARS_MAX = 1_048_576;
const SAID_CHARS_MAX = 2_000;

/** @param killAfterMs more than the time for reading: a process has to start, and a read that is under way to end */
export async function askMarket(
  question: MarketQuestion,
  killAfterMs: number,
): Promise<MarketAnswer> {
  const args = [...NODE_FLAGS, ENTRY, JSON.stringify(question)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const { promise, resolve } = Promise.withResolvers<MarketAnswer>();
  const without = (reason: string): void => resolve(unreadMarket(reason));
  let stdout = "";
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (part) => {
    stdout = (stdout + String(part)).slice(0, OUTPUT_CHARS_MAX);
  });
  child.stderr.setEncoding("utf8").on("data", (part) => {
    said = (said + String(part)).slice(-SAID_CHARS_MAX);
  });
  child.once("error", (error) => without(`the archive was not read: ${messageOf(error)}`));
  child.once("close", (code, signal) => {
    const answer = MarketAnswer.safeParse(jsonOrNull(stdout));
    if (answer.success) return resolve(answer.data);
    const line = said.trim().split("\n").at(-1) ?? "";
    return without(
      `the archive was not read: its reader ended with ${signal ?? code} ${line}`.trim(),
    );
  });
  const late = setTimeout(() => {
    const seconds = Math.ceil(killAfterMs / MS_PER_SECOND);
    without(`the archive ${question.archive} did not answer within ${seconds} s`);
  }, killAfterMs);
  try {
    return await promise;
  } finally {
    clearTimeout(late);
    child.kill("SIGKILL");
    child.stdout.destroy();
    child.stderr.destroy();
    // One that the kernel does not let go must not keep this process.
    child.unref();
  }
}
