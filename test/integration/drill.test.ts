/**
 * `dolphin drill` on a running system: what it detects, and that it leaves nothing behind. The long form is `npm run
 * faults`.
 */
import { readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dolphin } from "../chaos/harness/dolphin-json.ts";
import { type DrillStack, openDrillStack } from "../helpers/drill-stack.ts";
import { sendSignal, stateOf, until } from "../helpers/processes.ts";

const WITHIN = 60_000;
let stack: DrillStack;

beforeAll(async () => {
  stack = await openDrillStack("drill");
});
afterAll(() => stack.close());

test("`dolphin doctor --deployed` finds nothing to mend, and no scan in what is none", async () => {
  const { config } = stack.context();
  const day = () => readdirSync(config.archive).toSorted().at(-1);
  await until(() => day() !== undefined, { ms: WITHIN, tell: () => "no day was begun" });
  symlinkSync("/nowhere", join(config.archive, day() ?? "", "zzz.arrow"));
  let failing: readonly unknown[] = [];
  const isWell = async () => {
    const args = ["--data-dir", stack.dataDir, "doctor", "--deployed", "--json"];
    const { stdout } = await dolphin(args, stack.env);
    const { findings }: { findings: { grade: string }[] } = JSON.parse(stdout);
    failing = findings.filter(({ grade }) => grade === "fail");
    return 0 < findings.length && failing.length === 0;
  };
  // Schedules come after up.json.
  await until(isWell, { ms: WITHIN, tell: () => JSON.stringify(failing) });
  expect(failing).toEqual([]);
});

// Each takes something else; with everything at once they cover what keeps and what is kept.
test.each(["bridge-kill", "everything-kill"])(
  "%s is detected and recovered from; nothing else is restarted, nothing is lost",
  async (fault) => {
    const { timeline, restarted_beyond, how } = await stack.drill(fault);
    const at = Object.fromEntries(timeline.map(({ name, atS }) => [name, atS]));
    expect({ how, ...at }).toMatchObject({
      how: expect.stringMatching(/^SIGKILL to /),
      injected: 0,
      detected: expect.any(Number),
      recovered: expect.any(Number),
    });
    expect(restarted_beyond).toEqual([]);
    await stack.untilAllHolds();
  },
);

test("what only root can do is said, with how to get it", async () => {
  const { outcome, how } = await stack.drill("mount-hang");
  expect({ outcome, how }).toEqual({
    outcome: "cannot",
    how: expect.stringMatching(/which only root can make hang; over sshfs/),
  });
});

test.each(["SIGINT", "SIGKILL"] as const)(
  "a drill that gets %s leaves nothing that stands still",
  async (signal) => {
    const drill = stack.beginDrill("upstream-silent");
    const simulator = stack.pidOf("simulator");
    const tell = () => `it is ${stateOf(simulator)}`;
    await until(() => stateOf(simulator) === "T", { ms: WITHIN, tell });
    sendSignal(drill.pid, signal);
    expect(await drill.ended).toBe(signal === "SIGINT" ? 130 : null);
    await until(() => stateOf(simulator) !== "T", { ms: WITHIN, tell });
    // Of one that was killed the next one takes the record away.
    if (signal === "SIGKILL") await stack.drill("mount-hang");
    expect(stack.leftovers()).toEqual([]);
  },
);
