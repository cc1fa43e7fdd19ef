/** M2: the age of the last sign of life of each service that should run. */
import type { SensorPart, SensorReading, ServiceSample } from "../sample.ts";
import { ageText, readingOf } from "./reading.ts";

const LATE_S = 30;
const SILENT_S = 60;

export function senseHeartbeats(services: readonly ServiceSample[]): SensorReading {
  return readingOf(services.filter(({ isWanted }) => isWanted).map(partOf));
}

function partOf({ name, beatAgeS }: ServiceSample): SensorPart {
  if (beatAgeS === null) {
    return { subject: name, score: null, says: `${name}: its heartbeat could not be read` };
  }
  const score = SILENT_S < beatAgeS ? 0 : LATE_S < beatAgeS ? 0.5 : 1;
  return { subject: name, score, says: `${name} beat ${ageText(beatAgeS)} ago` };
}
