import { expect, test } from "vitest";
import { SERVICES } from "../../../src/domain/supervision/services.ts";
import { verdict } from "../../../src/domain/supervision/verdict.ts";
import {
  bookkeeperFacts,
  type BookkeeperStanding,
} from "../../../src/services/bookkeeper/bookkeeper-facts.ts";

const WELL: BookkeeperStanding = {
  troubles: new Map(),
  isCopied: false,
  outboxes: { kind: "idle" },
  levelAgeMs: 1_000,
};

function check(given: Partial<BookkeeperStanding>, expected: readonly string[]): void {
  const facts = bookkeeperFacts({ ...WELL, ...given });
  const seen = { phase: "running", silentS: 0, rssBytes: 0, cpuPercent: 0 } as const;
  const found = verdict({ ...seen, facts, dependenciesOkS: 3_600 }, SERVICES.bookkeeper);
  expect([found.word, found.cause, found.action, found.reason]).toEqual(expected);
}

const LEVEL = "the projection is 1 s old";
const REFUSED = "connect ECONNREFUSED 127.0.0.1:5432";

test.each<[string, Partial<BookkeeperStanding>, string[]]>([
  ["no trader and no Postgres", {}, ["Healthy", "none", "none", LEVEL]],
  ["trades told", { outboxes: { kind: "well" } }, ["Healthy", "none", "none", LEVEL]],
  [
    "Temporal away",
    { outboxes: { kind: "temporal_away" } },
    [
      "Warning",
      "temporal",
      "alert",
      `Temporal does not answer; ${LEVEL}; trades are sent once it does`,
    ],
  ],
  [
    "a told file that cannot be written",
    { outboxes: { kind: "trouble", why: "EACCES" } },
    ["Warning", "process", "alert", `trades wait: EACCES; ${LEVEL}`],
  ],
  [
    "Postgres away",
    { isCopied: true, troubles: new Map([["copy in Postgres", REFUSED]]) },
    [
      "Warning",
      "postgres",
      "alert",
      `copy in Postgres: ${REFUSED}; the copy in Postgres stands still; ${LEVEL}; the copy goes on once it does`,
    ],
  ],
  [
    "a projection that fails",
    { troubles: new Map([["projection", "SQLITE_FULL"]]), levelAgeMs: 300_000 },
    ["Stale", "process", "none", "projection: SQLITE_FULL; the projection is 5 min old"],
  ],
])("the bookkeeper with %s", (_what, given, expected) => {
  check(given, expected);
});
