import { assert, constantFrom, property, subarray, uniqueArray } from "fast-check";
import { describe, expect, test } from "vitest";
import { diagnose } from "../../../src/domain/health/diagnose.ts";
import type { Diagnosis } from "../../../src/domain/health/diagnosis.ts";
import { SERVICES } from "../../../src/domain/supervision/services.ts";
import {
  type Fault,
  faultName,
  FAULTS,
  GRAPH,
  sampleWith,
  WANTED,
} from "../../helpers/health/faulty-world.ts";

function diagnosed(...faults: readonly Fault[]): Diagnosis {
  return diagnose(sampleWith(faults), GRAPH);
}

/** `owner id -> remedy`, or why there is none. */
function rootsOf({ roots }: Diagnosis): string[] {
  return roots.map(({ id, owner, remedy }) => {
    const mends =
      remedy.kind === "none"
        ? "none"
        : `${remedy.kind} ${"service" in remedy ? remedy.service : remedy.server}`;
    return `${owner} ${id} -> ${mends}`;
  });
}

const evidence = (fault: Fault) => diagnosed(fault).roots.flatMap((root) => root.evidence);
/** To start it is for its supervisor, which counts and waits. */
const started = (service: string) => [`ours process:${service} -> none`];
const restarted = (service: string) => [`ours process:${service} -> restart-service ${service}`];
const MOUNT = ["operator mount:archive -> none"];

/** Each fault alone: its cause, and the subjects that suffer from it. */
const ALONE: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["scan-bridge dead", started("scan-bridge"), ["trader-blue", "scan", "state BLUE"]],
  ["scan-bridge frozen", restarted("scan-bridge"), ["trader-blue", "scan", "state BLUE"]],
  ["scan-bridge fatal", started("scan-bridge"), ["trader-blue", "scan", "state BLUE"]],
  [
    "scan-bridge stopped",
    ["operator process:scan-bridge -> none"],
    ["trader-blue", "scan", "state BLUE"],
  ],
  ["trader-blue dead", started("trader-blue"), ["safety", "state BLUE"]],
  ["trader-blue frozen", restarted("trader-blue"), ["safety", "state BLUE"]],
  ["trader-blue fatal", started("trader-blue"), ["safety", "state BLUE"]],
  ["bookkeeper dead", started("bookkeeper"), []],
  ["bookkeeper frozen", restarted("bookkeeper"), []],
  ["bookkeeper fatal", started("bookkeeper"), []],
  // Nothing suffers from it, and an operator wanted it so.
  ["bookkeeper stopped", [], []],
  [
    "worker of trader",
    ["ours worker:trader -> none"],
    ["trader-blue", "bookkeeper", "safety", "state BLUE"],
  ],
  [
    "worker of scan",
    ["ours worker:scan -> none"],
    ["scan-bridge", "trader-blue", "scan", "state BLUE"],
  ],
  [
    "hazelcast",
    ["ours hazelcast:hazelcast -> restart-server hazelcast"],
    ["health", "scan-bridge", "trader-blue"],
  ],
  ["temporal", ["ours temporal:temporal -> none"], ["bookkeeper", "health"]],
  ["mount-hung", MOUNT, ["scan-bridge", "trader-blue", "scan", "state BLUE"]],
  ["mount-missing", MOUNT, ["scan-bridge", "trader-blue", "scan", "state BLUE"]],
  [
    "upstream",
    ["upstream upstream:scan -> none"],
    ["scan-bridge", "trader-blue", "scan", "state BLUE"],
  ],
  [
    "stuck",
    ["ours bridge:scan-bridge -> restart-service scan-bridge"],
    ["trader-blue", "scan", "state BLUE"],
  ],
  ["disk", ["operator disk:disk -> none"], []],
  ["clock", ["operator clock:clock -> none"], ["scan", "safety", "state BLUE"]],
  ["processor", ["operator processor:processor -> none"], []],
];

describe("each fault alone", () => {
  const byName = new Map(FAULTS.map((fault) => [faultName(fault), fault]));
  test.each(ALONE)("%s", (name, roots, sufferers) => {
    const found = diagnosed(byName.get(name)!);
    expect(rootsOf(found)).toEqual(roots);
    expect(found.symptoms.map(({ subject }) => subject).toSorted()).toEqual(sufferers.toSorted());
    expect(new Set(found.symptoms.map(({ of }) => of)).size).toBeLessThanOrEqual(1);
  });

  test("nothing at all", () => {
    expect(diagnosed()).toEqual({ roots: [], symptoms: [], word: "GREEN", rmMeta: 1 });
  });

  test("the evidence has the figures", () => {
    expect(evidence({ kind: "stuck" })).toEqual([
      "scan-bridge: a complete file lies unpushed for 90 s; no file is settled for 90 s, though archive and Hazelcast answer",
    ]);
    expect(evidence({ kind: "hazelcast" })).toContain("Hazelcast has not answered for 12 s");
    expect(evidence({ kind: "frozen", service: "trader-blue" })).toEqual([
      "trader-blue: no beat for 45 s (limit 10 s)",
    ]);
    expect(evidence({ kind: "worker", layer: "scan" })).toEqual([
      "no worker serves layer scan ('dolphin worker scan' does)",
    ]);
  });
});

describe("a service that its supervisor holds back is the operator's", () => {
  test.each([
    ["Fenced", "another one with a newer epoch does its work"],
    ["Error", "its configuration is wrong: a person has to correct it"],
    ["Unkillable", "the kernel holds the process: no restart ends it"],
  ] as const)("%s", (word, because) => {
    const sample = sampleWith([]);
    const services = sample.services.map((one) => {
      if (one.name !== "scan-bridge") return one;
      const verdict = { word, cause: "process", action: "none", reason: "it ended" } as const;
      return { ...one, phase: "absent", verdict } as const;
    });
    const { roots } = diagnose({ ...sample, services }, GRAPH);
    expect(roots).toMatchObject([
      { id: "process:scan-bridge", owner: "operator", remedy: { kind: "none", because } },
    ]);
  });
});

test("a server that another one works with is not restarted for health's own connection", () => {
  const sample = sampleWith([{ kind: "hazelcast" }]);
  const { roots } = diagnose({ ...sample, answered: { hazelcast: "trader-blue" } }, GRAPH);
  expect(roots).toMatchObject([
    {
      id: "hazelcast:hazelcast",
      owner: "ours",
      remedy: {
        kind: "none",
        because: "it answers trader-blue; health's own connection is at fault",
      },
    },
  ]);
});

/** The causes of one fault beside another one, which may hide it. */
function rootsBeside(fault: Fault, other: Fault | null): readonly string[] {
  const hides = (...kinds: Fault["kind"][]) => other !== null && kinds.includes(other.kind);
  const isHiddenByWorker = (service: string) =>
    other?.kind === "worker" &&
    WANTED.some(({ name, layer }) => name === service && layer === other.layer);
  const isBridgeFault = other !== null && "service" in other && other.service === "scan-bridge";
  const isBridgeGone =
    isHiddenByWorker("scan-bridge") ||
    (isBridgeFault && ["dead", "fatal", "stopped"].includes(other.kind));
  switch (fault.kind) {
    case "dead":
    case "fatal":
      if (isHiddenByWorker(fault.service)) return [];
      if (isSame(fault, other) && other?.kind === "stopped") return [];
      return [`process:${fault.service}`];
    case "frozen":
      if (isHiddenByWorker(fault.service) || isSame(fault, other)) return [];
      // The service needs them, and what fails for want of them is not held against it.
      if (!["bookkeeper", "health"].includes(fault.service) && hides("hazelcast")) return [];
      if (fault.service === "scan-bridge" && hides("mount-hung", "mount-missing")) return [];
      return [`process:${fault.service}`];
    case "stopped": {
      if (fault.service !== "scan-bridge") return [];
      // Nobody else is left that would suffer from it, or he suffers from something else.
      return hides("hazelcast") ? [] : ["process:scan-bridge"];
    }
    case "worker":
      // Then it is not known which process belongs to whom: only that their processes are gone is seen.
      if (!hides("temporal")) return [`worker:${fault.layer}`];
      return WANTED.filter(({ layer }) => layer === fault.layer).map(
        ({ name }) => `process:${name}`,
      );
    case "mount-hung":
    case "mount-missing":
      return isBridgeGone ? [] : ["mount:archive"];
    case "upstream":
      if (isBridgeFault || isBridgeGone) return [];
      return hides("mount-hung", "mount-missing", "hazelcast", "stuck") ? [] : ["upstream:scan"];
    case "stuck":
      if (isBridgeFault || isBridgeGone) return [];
      return hides("mount-hung", "mount-missing", "hazelcast") ? [] : ["bridge:scan-bridge"];
    case "hazelcast":
    case "temporal":
    case "disk":
    case "clock":
    case "processor":
      return [`${fault.kind}:${fault.kind}`];
  }
}

function isSame(one: Fault, other: Fault | null): boolean {
  return other !== null && "service" in one && "service" in other && one.service === other.service;
}

describe("each pair of faults", () => {
  const pairs = FAULTS.flatMap((one, at) =>
    FAULTS.slice(at + 1).map((other) => [one, other] as const),
  );

  test.each(FAULTS.map((fault) => [faultName(fault), fault] as const))(
    "with %s",
    (_name, fault) => {
      for (const [one, other] of pairs.filter((pair) => pair.includes(fault))) {
        const expected = new Set([...rootsBeside(one, other), ...rootsBeside(other, one)]);
        const found = diagnosed(one, other).roots.map(({ id }) => id);
        const both = `${faultName(one)} and ${faultName(other)}`;
        expect([both, found.toSorted()]).toEqual([both, [...expected].toSorted()]);
      }
    },
  );
});

const someFaults = uniqueArray(constantFrom(...FAULTS), {
  maxLength: 5,
  selector: (fault) => faultName(fault),
});

describe("whatever is at fault", () => {
  test("a root is no symptom of another, and every symptom has a root", () => {
    assert(
      property(someFaults, (faults) => {
        const { roots, symptoms } = diagnosed(...faults);
        const ids = new Set(roots.map(({ id }) => id));
        for (const symptom of symptoms) {
          expect(ids).toContain(symptom.of);
          const own = roots.find(
            ({ kind, subject }) => kind !== "worker" && subject === symptom.subject,
          );
          expect(own === undefined || own.id === symptom.of).toBe(true);
        }
        expect(ids.size).toBe(roots.length);
        for (const root of roots) expect(root.evidence.join("")).not.toBe("");
      }),
    );
  });

  test("no service is to be restarted while only others are at fault", () => {
    const others = [
      "hazelcast",
      "mount-hung",
      "mount-missing",
      "upstream",
      "disk",
      "clock",
      "processor",
    ];
    const ofOthers = FAULTS.filter(({ kind }) => others.includes(kind));
    assert(
      property(subarray(ofOthers), (faults) => {
        const remedies = diagnosed(...faults).roots.map(({ remedy }) => remedy.kind);
        expect(remedies).not.toContain("restart-service");
      }),
    );
  });

  test("nothing is to be restarted while the machine has too much to do", () => {
    assert(
      property(someFaults, (faults) => {
        const { roots } = diagnosed(...faults, { kind: "processor" });
        const remedies = roots.map(({ remedy }) => remedy.kind);
        expect(new Set(remedies)).toEqual(new Set(["none"]));
        expect(roots.map(({ id }) => id)).toContain("processor:processor");
      }),
    );
  });

  test("only a service with evidence of its own is to be restarted", () => {
    assert(
      property(someFaults, (faults) => {
        const restarts = diagnosed(...faults).roots.flatMap(({ remedy }) =>
          remedy.kind === "restart-service" ? [remedy.service] : [],
        );
        for (const service of restarts) {
          const isStuck = faults.some(({ kind }) => kind === "stuck");
          const hasOwn = faults.some((fault) => "service" in fault && fault.service === service);
          expect(hasOwn || (isStuck && service === "scan-bridge")).toBe(true);
        }
      }),
    );
  });

  test("silence of what is not ours reads DEGRADED, neither better nor worse", () => {
    const others = FAULTS.filter(({ kind }) =>
      ["mount-hung", "upstream", "mount-missing"].includes(kind),
    );
    assert(
      property(subarray(others, { minLength: 1 }), (faults) => {
        expect(diagnosed(...faults).word).toBe("DEGRADED");
      }),
    );
  });

  test("nothing with a cause reads GREEN, and nothing without one is worse", () => {
    assert(
      property(someFaults, (faults) => {
        const { word, roots } = diagnosed(...faults);
        expect(word === "GREEN").toBe(roots.length === 0);
      }),
    );
  });
});

test("a warning about a feed beside the scans makes no silent upstream", () => {
  const sample = sampleWith([]);
  const reason = "no order book heard yet";
  const warned = { word: "Warning", cause: "upstream", action: "none", reason } as const;
  const services = sample.services.map((seen) =>
    seen.name === "trader-blue" ? { ...seen, verdict: warned } : seen,
  );
  expect(diagnose({ ...sample, services }, GRAPH)).toMatchObject({ roots: [], word: "GREEN" });
});

test("the graph knows every service of the table, upstream first", () => {
  const names = GRAPH.services.map(({ name }) => name);
  expect(names.toSorted()).toEqual(Object.keys(SERVICES).toSorted());
  expect(names.indexOf("scan-bridge")).toBeLessThan(names.indexOf("trader-blue"));
});
