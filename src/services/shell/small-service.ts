/**
 * The frame of a small process that no worker keeps: output lines, signals, the end. Invariant: it loads no package
 * and no configuration, and a line that cannot be written does not end it.
 */
import { wallMicros } from "../../adapters/clock.ts";
import { isoFromMicros } from "../../domain/time.ts";

export type SaySmall = (level: "info" | "warn" | "error", msg: string) => void;

export type SmallService = {
  readonly name: string;
  /** Prefix of each log line. */
  readonly tag: string;
  /** Returns a sentence where it should not run. */
  start(say: SaySmall): Promise<{ stop(): Promise<void> } | string>;
};

const EXIT_REFUSED = 1;

export async function runSmallService(service: SmallService): Promise<void> {
  const { name, tag } = service;
  // A full disk, or a closed pipe, only costs lines.
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
