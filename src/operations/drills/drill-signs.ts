/** The signs of a fault in the logs of a running system, from its injection on. */
import { join } from "node:path";
import { wallMs } from "../../adapters/clock.ts";
import { followFile, type LogFollower } from "../../adapters/files/log-files.ts";
import type { Sign } from "../../domain/drills/drill-observation.ts";
import { readLifeLine } from "../../wire/facts/life-lines.ts";
import { parseLogLine, type LogLine } from "../../wire/log-line.ts";

export type DrillSigns = {
  /** All signs so far. */
  poll(): readonly Sign[];
  close(): void;
};

type Source = {
  readonly by: string;
  readonly log: LogFollower;
  /** Returns the sign's sentence, where the line shows the fault. */
  readonly read: (line: LogLine) => string | null;
};

const SIGNS_MAX = 100;
const READ_LATE_MS_MAX = 60_000;
const SAYS_CHARS_MAX = 200;

/** Ends of targets, and warnings of targets that are our services. */
export function followSigns(dataDir: string, targets: readonly string[]): DrillSigns {
  const fileOf = (name: string) => join(dataDir, "logs", `${name}.log`);
  const sources: readonly Source[] = [
    { by: "up", log: followFile(fileOf("up"), "end"), read: ({ msg }) => endIn(msg, targets) },
    {
      by: "worker",
      log: followFile(fileOf("worker"), "end"),
      read: ({ msg }) => lifeEndIn(msg, targets),
    },
    ...targets.map((name) => ({
      by: name,
      log: followFile(fileOf(name), "end"),
      read: ({ level, msg }: LogLine) => (level === "warn" || level === "error" ? msg : null),
    })),
  ];
  const signs: Sign[] = [];
  return {
    poll() {
      for (const { by, log, read } of sources) {
        for (const text of log.poll()) {
          const line = parseLogLine(text);
          const says = line === null ? null : read(line);
          if (line === null || says === null || SIGNS_MAX <= signs.length) continue;
          signs.push({ atMs: timeOf(line), by, says: says.slice(0, SAYS_CHARS_MAX) });
        }
      }
      return signs;
    },
    close() {
      for (const { log } of sources) log.close();
    },
  };
}

/** The line's own time, unless the writer's clock is off. */
function timeOf({ time }: LogLine): number {
  const nowMs = wallMs();
  const atMs = Date.parse(time);
  return Math.abs(nowMs - atMs) < READ_LATE_MS_MAX ? atMs : nowMs;
}

function endIn(message: string, targets: readonly string[]): string | null {
  return targets.some(
    (name) => message.startsWith(`${name} ended`) || message.startsWith(`${name} has not answered`),
  )
    ? message
    : null;
}

function lifeEndIn(message: string, targets: readonly string[]): string | null {
  const line = readLifeLine(message);
  return line?.kind === "ended" && targets.includes(line.service) ? message : null;
}
