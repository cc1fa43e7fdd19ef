/** `dolphin config plan` on a history written by health's own code. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HealthHistory } from "../../src/adapters/health/health-history.ts";
import { diagnose } from "../../src/domain/health/diagnose.ts";
import { type Fault, GRAPH, sampleWith } from "../helpers/health/faulty-world.ts";
import { spawnSync } from "../helpers/run-program.ts";

const dolphin = resolve(import.meta.dirname, "../../bin/dolphin");
const T0 = 1_800_000_000;
const DAY = 86_400;
let cwd = "";
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "dolphin-plan-"));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

function plan(yaml: string, ...options: readonly string[]) {
  writeFileSync(join(cwd, "new.yaml"), yaml);
  const { status, stdout, stderr } = spawnSync(
    dolphin,
    ["config", "plan", "new.yaml", ...options],
    { cwd, encoding: "utf8", env: { PATH: process.env["PATH"], HOME: cwd } },
  );
  return { status, stdout, stderr };
}

function record(history: HealthHistory, atS: number, ...faults: readonly Fault[]): void {
  const sample = { ...sampleWith(faults), atUs: (T0 + atS) * 1e6 };
  history.record(sample, diagnose(sample, GRAPH));
}

const times = (acts: readonly { atMs: number }[]) => acts.map(({ atMs }) => atMs / 1_000 - T0);

/** Minutes of days ago, and each sample of today; the oldest are older than what is planned on. */
function recordDays(): void {
  const history = new HealthHistory(join(cwd, ".dolphin", "health", "history.db"));
  const stuck = { kind: "stuck" } as const;
  record(history, -9 * DAY, stuck);
  for (let atS = -3 * DAY; atS <= -3 * DAY + 600; atS += 60) record(history, atS, stuck);
  for (let atS = 0; atS < 400; atS += 5) record(history, atS, ...(100 <= atS ? [stuck] : []));
  history.close();
}

test("shows keys, restarts and where the two differ; from minutes and from samples", () => {
  recordDays();
  const yaml =
    "recovery: { grace_s: 180 }\nsupervision: { restarts_max: 5 }\ntrader: { capital: 5 }";
  const { status, stdout, stderr } = plan(yaml);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).toMatch(/^recovery\.grace_s +60 +180 +yes$/m);
  expect(stdout).toMatch(/^supervision\.restarts_max +3 +5 +in part: /m);
  expect(stdout).toMatch(/^trader\.capital +100000 +5 +no: /m);
  expect(stdout).toContain("91 samples; gaps: 1, 2 d 23 h in all");
  expect(stdout).toMatch(/^ {2}scan-bridge +3 +3$/m);
  expect(stdout).toContain("only the present one:");
  const shown = JSON.parse(plan(yaml, "--json").stdout);
  expect(times(shown.compared.only.now)).toEqual([-3 * DAY + 60, -3 * DAY + 360, 160]);
  expect(times(shown.compared.only.next)).toEqual([-3 * DAY + 180, -3 * DAY + 480, 280]);
});

test("the same configuration, and no history: says so", () => {
  const { status, stdout } = plan("recovery: { mode: auto }");
  expect(status).toBe(0);
  expect(stdout).toBe(
    "The configurations are the same.\n\n" +
      "No health is recorded, so there is nothing to compare the configurations on.\n",
  );
});

test("a file that is no configuration, and one that is not there, end with 78", () => {
  expect(plan("recovery: { grace: 3 }")).toMatchObject({ status: 78, stdout: "" });
  rmSync(join(cwd, "new.yaml"));
  const { status, stderr } = spawnSync(dolphin, ["config", "plan", "none.yaml"], {
    cwd,
    encoding: "utf8",
  });
  expect(status).toBe(78);
  expect(stderr).toContain("none.yaml does not exist");
});
