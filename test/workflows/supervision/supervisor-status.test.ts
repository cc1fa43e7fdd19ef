import { isoFromMs } from "../../../src/domain/time.ts";
import { expect, test } from "vitest";
import {
  initialSupervisor,
  type SupervisorState,
  takeCommand,
  takeRun,
} from "../../../src/domain/supervision/supervisor/supervisor-state.ts";
import {
  serviceStatusOf,
  withStory,
} from "../../../src/workflows/supervision/supervisor-status.ts";

const NOW = Date.UTC(2026, 2, 25);
const POLICY = { restartsMax: 1, windowMs: 600_000, delaysMs: [0], fatalRetryMs: 300_000 };
const BRIEF = {
  service: "x",
  layer: "scan",
  policy: POLICY,
  newsMs: 1,
  startMs: 1,
  stopWaitMs: 1,
  hasSearchAttributes: false,
};
const FRESH = initialSupervisor("running", "auto");

test("shows the next try and the restarts that still count", () => {
  const spent: SupervisorState = {
    ...FRESH,
    step: { kind: "fatal", atMs: NOW + 599_000 },
    restart_times: [isoFromMs(NOW - 1_000)],
  };
  expect(serviceStatusOf(spent, BRIEF, NOW)).toMatchObject({
    restarts_in_window: 1,
    next_try_at: isoFromMs(NOW + 599_000),
  });
  expect(serviceStatusOf(spent, BRIEF, NOW + 600_000).restarts_in_window).toBe(0);
  const run = { run_id: "a", life: 1 };
  expect(serviceStatusOf({ ...spent, run }, BRIEF, NOW).next_try_at).toBeNull();
});

test("says what is declared, and nothing of it where nothing was declared", () => {
  const declared = {
    enabled: true,
    autostart: true,
    restarts_max: 5,
    memory_max_mb: 768,
    cpu_max_percent: 400,
    tasks_max: 256,
  };
  const state = takeCommand(FRESH, { kind: "configure", declared }, POLICY);
  expect(serviceStatusOf(state, BRIEF, NOW).declared).toEqual(declared);
  expect("declared" in serviceStatusOf(FRESH, BRIEF, NOW)).toBe(false);
});

test("the story keeps its last twelve lines", () => {
  let state = takeRun(FRESH, { run_id: "a", life: 1 });
  for (let n = 1; n <= 20; n += 1) state = withStory(state, NOW + n, `line ${n}`);
  expect(state.story).toHaveLength(12);
  expect(state.story.at(-1)).toBe("2026-03-25T00:00:00Z line 20");
  expect(state.updated_at).toBe(isoFromMs(NOW + 20));
});
