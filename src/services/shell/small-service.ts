/**
 * The frame of a process that no worker keeps and that is to stay small: lines to its own output, signals, the end.
 * Invariant: loads no package and no configuration, and no line that cannot be written ends it.
 */
import { wallMicros } from "../../adapters/clock.ts";
import { isoFromMicros } from "../../domain/time.ts";

export type SaySmall = (level: "info" | "warn" | "error", msg: string) => void;

export type SmallService = {
  readonly name: string;
  /** Before each line of its log. */
  readonly tag: string;
  /** A sentence where it is not to run. */
  start(say: SaySmall): Promise<{ stop(): Promise<void> } | string>;
};

const EXIT_REFUSED = 1;

export async function runSmallService(service: SmallService): Promise<void> {
  const { name, tag } = service;
  // A disk that is full, or a reader that is gone, costs lines and nothing else.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => undefined);
  const say: SaySmall = (level, msg) => {
    const time = isoFromMicros(wallMicros());
    const line = { level, time, service: name, pid: process.pid, msg: `[${tag}] ${msg}` };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
  const running = await service.start(say);
  if (typeof running === "string") {
    say("error", running);
    process.exit(EXIT_REFUSED);
  }
  const stop = async (why: string): Promise<void> => {
    say("info", `stopping: ${why}`);
    await running.stop();
    process.exit(0);
  };
  process.once("SIGTERM", () => void stop("SIGTERM"));
  process.once("SIGINT", () => void stop("SIGINT"));
}
