/** Faults of the dependencies of services, and of values that others leave in Hazelcast. */
import { type Faults, nothing, type NewRoot } from "./faults.ts";
import type { SensorPart } from "./sample.ts";

export function serverFaults(faults: Faults): void {
  const { dependencies, said, answered = {} } = faults.sample;
  for (const [name, state] of Object.entries(dependencies)) {
    if (state === "ok" || state === "unknown") continue;
    const root = dependencyRoot(name);
    if (root === null) continue;
    const whom = answered[name];
    // A server that others still work with is not restarted, because that would interrupt them.
    const remedy =
      root.remedy.kind === "restart-server" && whom !== undefined
        ? nothing(`it answers ${whom}; health's own connection is at fault`)
        : root.remedy;
    faults.root({ ...root, remedy, says: said[name] ?? `${name}: ${state}` });
  }
}

const LAYER = /^worker:(.+)$/;

/** Null: the diagnosis knows no such dependency. */
export function dependencyRoot(name: string): Omit<NewRoot, "says"> | null {
  const layer = LAYER.exec(name)?.[1];
  if (layer !== undefined) {
    const remedy = nothing("'dolphin up' or systemd starts the workers again");
    return { kind: "worker", subject: layer, owner: "ours", remedy };
  }
  switch (name) {
    case "hazelcast": {
      const remedy = { kind: "restart-server", server: name } as const;
      return { kind: name, subject: name, owner: "ours", remedy };
    }
    case "temporal": {
      // metaHealth, which decides on recoveries, runs on it.
      const remedy = nothing("'dolphin up' or systemd restarts Temporal");
      return { kind: name, subject: name, owner: "ours", remedy };
    }
    case "archive": {
      const remedy = nothing(
        "the share or the folder is not ours; the bridge continues once it answers",
      );
      return { kind: "mount", subject: name, owner: "operator", remedy };
    }
    case "postgres": {
      const remedy = nothing("the copy continues once Postgres answers");
      return { kind: "postgres", subject: name, owner: "operator", remedy };
    }
    case "disk": {
      const remedy = nothing("a person has to free some space");
      return { kind: "disk", subject: name, owner: "operator", remedy };
    }
    case "clock": {
      const remedy = nothing("whoever operates this machine has to correct its clock");
      return { kind: "clock", subject: name, owner: "operator", remedy };
    }
    case "processor": {
      const remedy = nothing("this machine has too much to do; a start would add to it");
      return { kind: "processor", subject: name, owner: "operator", remedy };
    }
    default:
      return null;
  }
}

/** The problems that M5 found, unless they follow from the clock. */
export function valueFaults(faults: Faults): void {
  for (const part of faults.sample.sensors.m5_coherence.parts) {
    if (part.score === null || 0.5 <= part.score || part.subject === "clock") continue;
    if (faults.roots.has("clock:clock") && / clock$|^heartbeat /.test(part.subject)) {
      faults.symptom({ subject: part.subject, says: part.says, of: "clock:clock" });
    } else {
      faults.root(valueRoot(part));
    }
  }
  // Feeds of our own are covered above.
  for (const { name, writer } of faults.graph.feeds) {
    const part = faults.sample.sensors.m3_data_freshness.parts.find((one) => one.subject === name);
    if (writer === null && part?.score === 0 && faults.feed(name)?.ageS === null) {
      faults.root(valueRoot(part));
    }
  }
}

function valueRoot({ subject, says }: SensorPart): NewRoot {
  const isScan = /^scan (ranges|prices|order|clock)$/.test(subject);
  const because = subject.startsWith("book ")
    ? "a person has to compare the book with its journal ('dolphin replay')"
    : isScan
      ? "the value comes from its source like this"
      : "another program writes there, which a restart would not prevent";
  const owner = subject.startsWith("book ") ? "ours" : isScan ? "upstream" : "operator";
  return { kind: "values", subject, owner, says, remedy: nothing(because) };
}
