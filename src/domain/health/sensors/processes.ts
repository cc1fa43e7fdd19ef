/** M1: whether the process of each service that is wanted runs. How well it works is not this sensor's. */
import type { SensorPart, SensorReading, ServiceSample } from "../sample.ts";
import { readingOf } from "./reading.ts";

export function senseProcesses(services: readonly ServiceSample[]): SensorReading {
  return readingOf(services.filter(({ isWanted }) => isWanted).map(partOf));
}

function partOf({ name, phase, verdict }: ServiceSample): SensorPart {
  const reason = verdict === null ? "" : `: ${verdict.reason}`;
  switch (phase) {
    case "running":
      // It has a process, and that one can neither work nor be ended.
      if (verdict?.word === "Unkillable") return part(name, 0, `cannot be ended${reason}`);
      return part(name, 1, "runs");
    case "starting":
      // In seconds it is the one or the other.
      return part(name, null, `starts${reason}`);
    case "absent":
    case "stopped":
      return part(name, 0, `no process${reason}`);
    case "fatal":
      return part(name, 0, `no process, and its restarts are spent${reason}`);
    case "unknown":
      return part(name, null, "neither Temporal nor a run file tells of it");
  }
}

function part(subject: string, score: number | null, says: string): SensorPart {
  return { subject, score, says: `${subject} ${says}` };
}
