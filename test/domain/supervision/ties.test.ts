import { describe, expect, test } from "vitest";
import { SERVICES, type ServiceName } from "../../../src/domain/supervision/services.ts";
import { type DependencyState, DEPENDENCY_STATES } from "../../../src/domain/supervision/ties.ts";
import { verdict, type WorkFacts } from "../../../src/domain/supervision/verdict.ts";

const FRESH: Readonly<Record<ServiceName, WorkFacts>> = {
  "scan-bridge": {
    dependencies: { archive: "ok", hazelcast: "ok" },
    inputs: [{ name: "scans", ageS: 12, budgetS: 30, lookedAgeS: 1 }],
    queue: { waiting: 3, oldestS: 2, progressS: 1 },
  },
  "trader-blue": {
    dependencies: { hazelcast: "ok", "scan-bridge": "ok" },
    inputs: [{ name: "scans", ageS: 12, budgetS: 30 }],
    queue: { waiting: 0, oldestS: null, progressS: null },
  },
  "trader-green": {
    dependencies: { hazelcast: "ok" },
    inputs: [{ name: "events", ageS: 12, budgetS: 30 }],
    queue: null,
  },
  bookkeeper: {
    dependencies: { temporal: "ok", postgres: "ok" },
    inputs: [{ name: "projection", ageS: 12, budgetS: 60 }],
    queue: null,
  },
  "order-book": {
    dependencies: { hazelcast: "ok" },
    inputs: [{ name: "books", ageS: 1, budgetS: 10 }],
    queue: null,
  },
  health: {
    dependencies: { temporal: "ok", hazelcast: "ok" },
    inputs: [{ name: "samples", ageS: 3, budgetS: 15 }],
    queue: null,
  },
};

function check(service: ServiceName, facts: WorkFacts, expected: readonly unknown[]): void {
  const seen = { phase: "running", silentS: 0, rssBytes: 0, cpuPercent: 0 } as const;
  const found = verdict({ ...seen, facts, dependenciesOkS: 3_600 }, SERVICES[service]);
  expect([found.word, found.cause, found.reason]).toEqual(expected);
  expect(found.action).not.toBe("restart");
}

function withState(service: ServiceName, name: string, state: DependencyState): WorkFacts {
  const facts = FRESH[service];
  return { ...facts, dependencies: { ...facts.dependencies, [name]: state } };
}

const HAZELCAST_AWAY = "Hazelcast does not answer";
const FILES = "3 files wait; newest data 12 s old";
type Row = readonly [ServiceName, string, Readonly<Record<DependencyState, readonly string[]>>];

/** The sentence about a service that fails in this way. */
const anyWay = (ok: readonly string[], failed: readonly string[]): Row[2] => ({
  ok,
  down: failed,
  hung: failed,
  missing: failed,
  error: failed,
});

const BRIDGE_OK = ["Healthy", "none", "newest data 12 s old"];
const TRADER_OK = ["Healthy", "none", "newest scan 12 s old"];
const BOOKKEEPER_OK = ["Healthy", "none", "the projection is 12 s old"];
const TABLE: readonly Row[] = [
  [
    "scan-bridge",
    "archive",
    {
      ok: BRIDGE_OK,
      down: ["Error", "mount", `the archive does not answer; ${FILES}; recovers by itself`],
      hung: [
        "Error",
        "mount",
        `the archive does not answer (a file operation hangs); ${FILES}; recovers by itself`,
      ],
      missing: [
        "Error",
        "mount",
        `the archive folder does not exist; ${FILES}; recovers by itself`,
      ],
      error: ["Error", "mount", `the archive cannot be read; ${FILES}; recovers by itself`],
    },
  ],
  [
    "scan-bridge",
    "hazelcast",
    anyWay(BRIDGE_OK, ["Error", "hazelcast", `${HAZELCAST_AWAY}; ${FILES}; retrying`]),
  ],
  [
    "trader-blue",
    "hazelcast",
    anyWay(TRADER_OK, ["Error", "hazelcast", `${HAZELCAST_AWAY}; newest scan 12 s old; retrying`]),
  ],
  // While scans are fresh nothing is wrong with the trader.
  ["trader-blue", "scan-bridge", anyWay(TRADER_OK, TRADER_OK)],
  [
    "trader-green",
    "hazelcast",
    anyWay(
      ["Healthy", "none", "newest event of BLUE 12 s old"],
      ["Error", "hazelcast", `${HAZELCAST_AWAY}; newest event of BLUE 12 s old; retrying`],
    ),
  ],
  [
    "bookkeeper",
    "temporal",
    anyWay(BOOKKEEPER_OK, [
      "Warning",
      "temporal",
      "Temporal does not answer; the projection is 12 s old; trades are sent once it does",
    ]),
  ],
  [
    "bookkeeper",
    "postgres",
    anyWay(BOOKKEEPER_OK, [
      "Warning",
      "postgres",
      "the copy in Postgres stands still; the projection is 12 s old; the copy goes on once it does",
    ]),
  ],
  [
    "order-book",
    "hazelcast",
    anyWay(
      ["Healthy", "none", "newest book 1 s old"],
      ["Error", "hazelcast", `${HAZELCAST_AWAY}; newest book 1 s old; retrying`],
    ),
  ],
  ...(["temporal", "hazelcast"] as const).map((name): Row => [
    "health",
    name,
    anyWay(
      ["Healthy", "none", "newest sample 3 s old"],
      [
        "Warning",
        name,
        `${name === "temporal" ? "Temporal" : "Hazelcast"} does not answer; newest sample 3 s old; health is read from the rest`,
      ],
    ),
  ]),
];

const cases = TABLE.flatMap(([service, name, expected]) =>
  DEPENDENCY_STATES.map((state) => [service, name, state, expected[state]] as const),
);

test("the table has every dependency of every service", () => {
  const named = Object.entries(FRESH).flatMap(([service, { dependencies }]) =>
    Object.keys(dependencies).map((name) => `${service} ${name}`),
  );
  expect(TABLE.map(([service, name]) => `${service} ${name}`)).toEqual(named);
  expect(Object.keys(FRESH)).toEqual(Object.keys(SERVICES));
});

test.each(cases)("%s with %s %s", (service, name, state, expected) => {
  check(service, withState(service, name, state), expected);
});

describe("whose fault it is that nothing comes", () => {
  test.each<[ServiceName, DependencyState, number | null, string[]]>([
    [
      "trader-blue",
      "ok",
      45,
      ["Warning", "upstream", "newest scan 45 s old, and no newer one was pushed"],
    ],
    [
      "trader-blue",
      "ok",
      90,
      ["Stale (upstream)", "upstream", "newest scan 90 s old, and no newer one was pushed"],
    ],
    [
      "trader-blue",
      "down",
      90,
      ["Stale", "bridge", "newest scan 90 s old; scan-bridge does not beat"],
    ],
    [
      "trader-blue",
      "error",
      90,
      ["Stale", "bridge", "newest scan 90 s old; scan-bridge does not work as it should"],
    ],
    ["trader-blue", "ok", null, ["Waiting", "upstream", "no scan heard yet"]],
    [
      "trader-blue",
      "down",
      null,
      ["Waiting", "bridge", "no scan heard yet; scan-bridge does not beat"],
    ],
    [
      "trader-green",
      "ok",
      90,
      ["Stale", "trader", "newest event of BLUE 90 s old, as BLUE's log has no newer one"],
    ],
    ["trader-green", "ok", null, ["Waiting", "trader", "no event of BLUE yet"]],
    [
      "scan-bridge",
      "ok",
      90,
      ["Stale (upstream)", "upstream", "newest data 90 s old, nothing unpushed"],
    ],
    ["bookkeeper", "ok", 150, ["Stale", "process", "the projection is 3 min old"]],
    ["bookkeeper", "ok", null, ["Waiting", "process", "BLUE's log is not projected yet"]],
  ])("%s with a bridge that is %s, newest %s s old", (service, bridge, ageS, expected) => {
    const fresh =
      service === "trader-blue" ? withState(service, "scan-bridge", bridge) : FRESH[service];
    const inputs = fresh.inputs.map((input) => ({ ...input, ageS }));
    const queue = fresh.queue === null ? null : { ...fresh.queue, waiting: 0, oldestS: null };
    check(service, { ...fresh, inputs, queue }, expected);
  });
});

describe("a trader's feed is never more than a warning", () => {
  test.each([
    ["fresh", 12, "Healthy", "none", "newest scan 12 s old"],
    ["old", 40, "Warning", "upstream", "newest exf_dvol 40 s old, and no newer one was published"],
    ["very old", 4_000, "Warning", "upstream", "newest exf_dvol 67 min old, and no newer one was"],
    ["absent", null, "Warning", "upstream", "no exf_dvol heard yet"],
  ])("%s", (_, ageS, word, cause, reason) => {
    const { inputs, ...rest } = FRESH["trader-blue"];
    const facts = { ...rest, inputs: [...inputs, { name: "exf_dvol", ageS, budgetS: 30 }] };
    check("trader-blue", facts, [word, cause, expect.stringContaining(reason)]);
  });

  test("what is said of it is its source's fault, and what is said of the book the trader's", () => {
    const { inputs, ...rest } = FRESH["trader-blue"];
    const fresh = [...inputs, { name: "exf_dvol", ageS: 1, budgetS: 30 }];
    for (const [of, cause] of [
      ["exf_dvol", "upstream"],
      ["margin", "process"],
    ] as const) {
      const notes = [{ of, says: "look at it", isAlert: true }];
      check("trader-blue", { ...rest, inputs: fresh, notes }, [
        "Warning",
        cause,
        "look at it; newest scan 12 s old",
      ]);
    }
  });
});
