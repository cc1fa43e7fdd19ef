/** A watchdog that is killed repeatedly while causes and symptoms come and go; RESTARTS=20000 makes it longer. */
import { expect, test } from "vitest";
import { seededRandom } from "../../../src/domain/simulator/random.ts";
import type { Setup } from "../../../src/domain/incidents/draft.ts";
import type { FactTable } from "../../../src/domain/incidents/facts.ts";
import {
  type EngineState,
  initialEngine,
  restarted,
} from "../../../src/domain/incidents/incident.ts";
import type { Notification } from "../../../src/domain/incidents/notification.ts";
import { step } from "../../../src/domain/incidents/step.ts";
import { BEGIN_MS, HOOK, ruleOf } from "../../helpers/incidents/watching.ts";

const RESTARTS = Number(process.env["RESTARTS"] ?? 1_000);
const SUBJECTS = ["a", "b", "c", "d", "e"];
const SETUP: Setup = {
  channels: [HOOK],
  rules: [
    ruleOf({ name: "down", when: "server.up == false", forMs: 3_000 }),
    ruleOf({ name: "late", when: "feed.*.age_s > 60", inhibitedBy: ["down"] }),
    ruleOf({ name: "other", when: "x.on", forMs: 10_000 }),
  ],
};
/** Late for a reason of its own, and only while the server is up for long. */
const ALONE = "alone";
/** So long a thing may hold without an incident: deaths come between, and a start waits for the causes. */
const UNNOTIFIED_S_MAX = 240;
const SEEN_AFTER_S = 4;
/** A process is away for so long at most; and after a start so long nothing is known of the cause. */
const AWAY_S_MAX = 40;
const BLIND_S_MAX = 10;

/** A cause is seen some seconds after it came: some symptoms show before it. What nobody saw excuses nothing: they go soon after it. */
function worldOf(random: () => number) {
  const left = { server: 60, x: 30 };
  let [isUp, isOn, second, alone, downS] = [true, false, 0, 0, 0];
  const from = new Map<string, number>();
  const until = new Map<string, number>();
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least));
  return {
    next(): FactTable {
      second += 1;
      left.server -= 1;
      left.x -= 1;
      if (left.server < 0) {
        isUp = !isUp;
        left.server = isUp ? between(200, 600) : between(20, 200);
        for (const subject of SUBJECTS) {
          if (!isUp) from.set(subject, second + between(0, 60));
          else until.set(subject, second + between(0, 12));
        }
      }
      if (left.x < 0) {
        isOn = !isOn;
        left.x = between(20, 400);
      }
      alone = isUp && 100 < left.server && (0 < alone || random() < 0.01) ? alone + 1 : 0;
      const isLate = (subject: string) =>
        (from.get(subject) ?? Infinity) <= second && (!isUp || second < (until.get(subject) ?? 0));
      downS = isUp ? 0 : downS + 1;
      const ages = SUBJECTS.map((one) => [`feed.${one}.age_s`, isLate(one) ? 100 : 1]);
      return {
        "server.up": downS <= SEEN_AFTER_S,
        "x.on": isOn,
        [`feed.${ALONE}.age_s`]: 0 < alone ? 100 : 1,
        ...Object.fromEntries(ages),
      };
    },
  };
}

test(`${RESTARTS} restarts: no symptom is reported, no incident is lost or doubled`, () => {
  const seed = Number(process.env["SEED"] ?? 12);
  const random = seededRandom(seed).uniform;
  const world = worldOf(random);
  let onDisk = JSON.stringify(initialEngine());
  let state: EngineState = initialEngine();
  const outbox: Notification[] = [];
  const lost: string[] = [];
  const oracles = new Map([
    ["down", createOracle(3)],
    ["other", createOracle(10)],
    [ALONE, createOracle(1)],
  ]);
  let nowMs = BEGIN_MS;
  let blindS = 0;
  for (let restarts = 0; restarts < RESTARTS;) {
    nowMs += 1_000;
    const values = world.next();
    const blind = { "server.up": { unknown: "not asked since the start" } };
    const known = 0 < blindS ? { ...values, ...blind } : values;
    const facts = { values: known, roots: [], symptoms: [] };
    blindS -= 1;
    const { state: next, notifications } = step(state, { facts, nowMs }, SETUP);
    const fate = random();
    // Killed before its write, it has decided nothing.
    if (0.025 <= fate) {
      if (state.incidents !== next.incidents || state.tracks !== next.tracks) {
        onDisk = JSON.stringify(next);
      }
      outbox.push(...notifications);
      state = next;
    }
    const open = new Set(
      Object.values(state.incidents).map(({ rule, subject }) => `${rule}/${subject}`),
    );
    const holding: Readonly<Record<string, boolean>> = {
      down: values["server.up"] === false,
      other: values["x.on"] === true,
      [ALONE]: values[`feed.${ALONE}.age_s`] === 100,
    };
    for (const [name, oracle] of oracles) {
      const key = { down: "down/server", other: "other/x" }[name] ?? `late/${name}`;
      oracle.see(holding[name] === true);
      if (UNNOTIFIED_S_MAX < oracle.lasted() && !open.has(key)) lost.push(`${nowMs} ${key}`);
    }
    if (fate < 0.05) {
      restarts += 1;
      state = restarted(JSON.parse(onDisk));
      blindS = Math.floor(random() * BLIND_S_MAX);
      for (let away = Math.floor(random() * AWAY_S_MAX); 0 < away; away -= 1) {
        nowMs += 1_000;
        world.next();
      }
    }
  }
  const notified = outbox.filter(({ rule, subject }) => rule === "late" && subject !== ALONE);
  const wrong = [notified, doubled(outbox), lost, unresolved(outbox, state)];
  expect({ seed, wrong }).toEqual({ seed, wrong: [[], [], [], []] });
  for (const [name, oracle] of oracles) {
    const fires = outbox.filter(
      ({ rule, subject, kind }) => kind === "fire" && (rule === name || subject === name),
    );
    expect(fires.length).toBeGreaterThan(0);
    expect(fires.length).toBeLessThanOrEqual(oracle.comings());
  }
});

/** How often it came for at least so many seconds. */
function createOracle(seconds: number) {
  let lasted = 0;
  let comings = 0;
  return {
    see(holds: boolean) {
      lasted = holds ? lasted + 1 : 0;
      if (lasted === seconds) comings += 1;
    },
    lasted: () => lasted,
    comings: () => comings,
  };
}

function doubled(outbox: readonly Notification[]): readonly string[] {
  const seen = new Set<string>();
  return outbox.flatMap(({ incident, number, kind, channel }) => {
    const keys = [`${channel} ${incident} ${number}`, `${channel} ${incident} ${kind}`];
    const again = keys.filter((key) => seen.has(key));
    for (const key of keys) seen.add(key);
    return again;
  });
}

/** Notified as firing, and neither open nor notified as resolved; or the other way round. */
function unresolved(
  outbox: readonly Notification[],
  { incidents }: EngineState,
): readonly string[] {
  const of = (kind: string) =>
    new Set(outbox.filter((one) => one.kind === kind).map(({ incident }) => incident));
  const resolved = of("resolve");
  const fired = of("fire");
  const lost = [...fired].filter((id) => resolved.has(id) === id in incidents);
  return [...lost, ...[...resolved].filter((id) => !fired.has(id))];
}
