/** Recorded health through other policies: the restart loop of 2026-03-25, and a cause that is ours. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { replayIncident } from "../../../src/domain/health/incident/replay.ts";
import { RECOVERY_POLICY } from "../../../src/domain/health/recovery-rules.ts";
import {
  parseRecordedHealth,
  parseReplayedPolicy,
} from "../../../src/wire/health/incident-file.ts";
import { FAULTS, GRAPH, sampleWith } from "../../helpers/health/faulty-world.ts";

const FIXTURES = new URL("../../fixtures/incidents/", import.meta.url);
const OURS = { kind: "causes", policy: RECOVERY_POLICY } as const;

function fixture(name: string): string {
  return readFileSync(new URL(name, FIXTURES), "utf8");
}

test("2026-03-25: an upstream silent for an hour, a restart every two seconds then, none now", () => {
  const records = parseRecordedHealth(fixture("2026-03-25-restart-loop.jsonl"), GRAPH);
  const before = parseReplayedPolicy(parse(fixture("first-generation.yaml")));
  const old = replayIncident(records, before);
  expect(old.restarts).toEqual({ "scan-bridge": 1_800, "trader-blue": 1_800 });
  const now = replayIncident(records, OURS);
  expect(now).toMatchObject({ restarts: {}, total: 0, alerts: 1, held: { "not-ours": 1 } });
});

test("samples are diagnosed again, and a policy may be tried against ours", () => {
  const stuck = FAULTS.filter(({ kind }) => kind === "stuck");
  const lines = [0, 3_600].map((atS) =>
    JSON.stringify({ ...sampleWith(atS === 0 ? stuck : []), atUs: (1e9 + atS) * 1e6 }),
  );
  const records = parseRecordedHealth(lines.join("\n"), GRAPH);
  expect(replayIncident(records, OURS).restarts).toEqual({ "scan-bridge": 4 });
  const patient = parseReplayedPolicy({ grace_s: 1_800, back_off_max_s: 0, cool_down_s: 600 });
  expect(replayIncident(records, patient).restarts).toEqual({ "scan-bridge": 3 });
});

test.each([
  ["{", "line 1"],
  ['{"atMs": 1}', "line 1"],
])("a line that is no record is named: %s", (line, says) => {
  expect(() => parseRecordedHealth(line, GRAPH)).toThrow(says);
});

test("a policy with a word too many is refused", () => {
  expect(() => parseReplayedPolicy({ cool_down: 3 })).toThrow("cool_down");
});
