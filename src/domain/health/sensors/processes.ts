/** M1: whether the process of each service that should run exists. How well it works is judged elsewhere. */
import type { SensorPart, SensorReading, ServiceSample } from "../sample.ts";
import { readingOf } from "./reading.ts";

export function senseProcesses(services: readonly ServiceSample[]): SensorReading {
  return readingOf(services.filter(({ isWanted }) => isWanted).map(partOf));
}

function partOf({ name, phase, verdict }: ServiceSample): SensorPart {
  const reason = verdict === null ? "" : `: ${verdict.reason}`;
  switch (phase) {
    case "running":
      // Its process can neither work nor be killed.
      if (verdict?.word === "Unkillable") return part(name, 0, `cannot be ended${reason}`);
      return part(name, 1, "runs");
    case "starting":
      // It will be running or not within seconds.
      return part(name, null, `starts${reason}`);
    case "absent":
    case "stopped":
      return part(name, 0, `no process${reason}`);
    case "fatal":
      return part(name, 0, `no process, and its restarts are spent${reason}`);
    case "unknown":
      return part(name, null, "neither Temporal nor a run file knows it");
  }
}

function part(subject: string, score: number | null, says: string): SensorPart {
  return { subject, score, says: `${subject} ${says}` };
}
