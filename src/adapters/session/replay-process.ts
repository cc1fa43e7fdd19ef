/** `dolphin replay` as a process of its own, so that a long day holds nobody up. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type DayReplayJson, parseDayReplay } from "../../wire/session/day-replay.ts";

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const OUTPUT_BYTES_MAX = 64 * 1_048_576;
/** Equal, different, not comparable: each with its JSON. */
const TOLD_EXITS: ReadonlySet<unknown> = new Set([1, 3]);

export async function replayInProcess(of: {
  readonly book: string;
  readonly day: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}): Promise<DayReplayJson> {
  const { book, day, env, signal } = of;
  const args = ["--disable-warning=ExperimentalWarning", MAIN, "replay", day, "--book", book];
  const options = { env, signal, maxBuffer: OUTPUT_BYTES_MAX };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [...args, "--json"], options);
    return parseDayReplay(stdout);
  } catch (error) {
    const { code, stdout }: { code?: unknown; stdout?: unknown } = Object(error);
    if (TOLD_EXITS.has(code) && typeof stdout === "string" && stdout.startsWith("{")) {
      return parseDayReplay(stdout);
    }
    throw error;
  }
}
