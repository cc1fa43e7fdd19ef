/** `dolphin replay` and `dolphin backtest drift` as processes of their own, so that a long day holds nobody up. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type DayDrift, parseDayDrift } from "../../wire/session/day-drift.ts";
import { type DayReplayJson, parseDayReplay } from "../../wire/session/day-replay.ts";

export type RecordedDayPlace = {
  readonly book: string;
  readonly day: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
};

const MAIN = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const OUTPUT_BYTES_MAX = 64 * 1_048_576;
/** Equal, different, not comparable or not measured: each with its JSON. */
const TOLD_EXITS: ReadonlySet<unknown> = new Set([1, 3]);

export async function replayInProcess(of: RecordedDayPlace): Promise<DayReplayJson> {
  return parseDayReplay(await toldBy(["replay"], of));
}

export async function driftInProcess(of: RecordedDayPlace): Promise<DayDrift> {
  return parseDayDrift(await toldBy(["backtest", "drift"], of));
}

async function toldBy(verb: readonly string[], of: RecordedDayPlace): Promise<string> {
  const { book, day, env, signal } = of;
  const args = ["--disable-warning=ExperimentalWarning", MAIN, ...verb, day, "--book", book];
  const options = { env, signal, maxBuffer: OUTPUT_BYTES_MAX };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [...args, "--json"], options);
    return stdout;
  } catch (error) {
    type Ended = { code?: unknown; stdout?: unknown; stderr?: unknown };
    const { code, stdout, stderr }: Ended = Object(error);
    if (TOLD_EXITS.has(code) && typeof stdout === "string" && stdout.startsWith("{")) return stdout;
    // What the command says of it, without its own long name.
    if (typeof stderr === "string" && stderr !== "")
      throw new Error(stderr.trim(), { cause: error });
    throw error;
  }
}
