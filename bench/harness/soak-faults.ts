/**
 * The faults of a soak: every drill of the command line except a share that hangs, and the faults of
 * docs/faults-covered.md that concern the other processes, the archive, the journal and the values in Hazelcast. They
 * are drawn from a deck: a seed determines the order, and none comes twice before all have come once.
 */
import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { wallMs } from "../../src/adapters/clock.ts";
import {
  dropStrike,
  freezeStrike,
  fullStrike,
  killStrike,
  type Strike,
} from "../../src/adapters/faults/strikes.ts";
import {
  connectHazelcast,
  configuredCluster,
} from "../../src/adapters/hazelcast/hazelcast-client.ts";
import { connectTemporal } from "../../src/adapters/temporal-client.ts";
import {
  BRIDGE,
  FAULT_NAMES,
  FAULTS,
  type FaultSpec,
  TRADER,
} from "../../src/domain/drills/drill-faults.ts";
import type { Random } from "../../src/domain/simulator/random.ts";
import { SERVICE_NAMES } from "../../src/domain/supervision/services.ts";
import { planStrike, struckOf } from "../../src/operations/drills/plan-strike.ts";
import { HEARTBEAT_MAP } from "../../src/wire/scan-value.ts";
import { META_HEALTH_KEY, META_HEALTH_MAP } from "../../src/wire/health/health-report.ts";
import { supervisorIdOf } from "../../src/workflows/names.ts";
import type { DrillStack } from "../../test/helpers/drill-stack.ts";
import { until } from "../../test/helpers/processes.ts";
import { spawnSync } from "../../test/helpers/run-program.ts";
import { readUp } from "../../test/helpers/up.ts";
import type { Pids } from "./drilling.ts";

export type SoakFault = { readonly spec: FaultSpec; readonly plan: (pids: Pids) => Strike };

const FROZEN_S = 6;
const LOCKED_S = 5;
const FULL_S = 10;
const RECOVER_S = 60;
/** Its row of the table of drills kills those already. */
const DRILLED: readonly string[] = [BRIDGE, TRADER];
const CHILDREN_OF_UP = ["dashboard", "venues", "simulator"];
const FROZEN = [TRADER, "worker", "watchdog", "health", "bookkeeper", "hazelcast", "temporal"];
const SCANS_COPIED = 5;
const CONNECTED = { ms: 30_000, tell: () => "no connection" };

export function soakFaults(stack: DrillStack): readonly SoakFault[] {
  const { config } = stack.context();
  const world = {
    dataDir: stack.dataDir,
    archive: config.archive,
    hazelcast: config.hazelcast.address,
  };
  const drills = FAULT_NAMES.filter((name) => name !== "mount-hang").map((name) => ({
    spec: FAULTS[name],
    plan: (pids: Pids) => planStrike(FAULTS[name], { ...world, pids }),
  }));
  const others = SERVICE_NAMES.filter((name) => !DRILLED.includes(name));
  const port = Number(config.hazelcast.address.split(":").at(-1));
  return [
    ...drills,
    ...[...others, ...CHILDREN_OF_UP].map(killOf),
    ...FROZEN.map((name) => frozen(stack, name)),
    upFrozen(stack),
    ...["health", "bookkeeper"].map((name) => diskFull(stack, name)),
    {
      spec: blow("bridge-drop", "the bridge's connections to Hazelcast are cut", [BRIDGE]),
      plan: (pids) => onFirst([BRIDGE], pids, (one) => dropStrike(one, port)),
    },
    databaseLost(stack),
    supervisorLost(stack),
    journalLocked(stack),
    strangeFiles(config.archive),
    strangeValues(stack),
  ];
}

/** Shuffled again each time that all have come. */
export function dealFaults(faults: readonly SoakFault[], { uniform }: Random): () => SoakFault {
  let deck: SoakFault[] = [];
  return () => {
    if (deck.length === 0) {
      const drawn = faults.map((fault) => ({ fault, at: uniform() }));
      deck = drawn.toSorted((a, b) => a.at - b.at).map(({ fault }) => fault);
    }
    return deck.pop()!;
  };
}

/** Causes no restart, has no detector of its own, and is over when scans arrive again. */
function blow(name: string, summary: string, targets: readonly string[]): FaultSpec {
  return {
    name,
    summary,
    targets,
    costs: [],
    roots: [],
    detectWithinS: null,
    alertRule: null,
    recover: { withinS: RECOVER_S, since: "injected" },
    lastsS: 0,
    proofs: ["bridge", "trader"],
  };
}

function killOf(name: string): SoakFault {
  const spec: FaultSpec = {
    ...blow(`${name}-kill`, `kill -9 of ${name}`, [name]),
    costs: [name],
    proofs: ["kept", "bridge", "trader"],
  };
  return {
    spec,
    plan: (pids) => killStrike(spec.targets.flatMap((one) => struckOf(one, pids[one]))),
  };
}

/** Shorter than any silence that its keeper allows: nothing may be restarted because of it. */
function frozen({ dataDir }: DrillStack, name: string): SoakFault {
  const spec = {
    ...blow(`${name}-frozen`, `${name} stands still for ${FROZEN_S} s`, [name]),
    lastsS: FROZEN_S,
  };
  const plan = (pids: Pids) =>
    onFirst([name], pids, (one) => freezeStrike(dataDir, { name: spec.name }, [one]));
  return { spec, plan };
}

function upFrozen({ dataDir }: DrillStack): SoakFault {
  const spec = { ...blow("up-frozen", `up stands still for ${FROZEN_S} s`, []), lastsS: FROZEN_S };
  const plan = () => {
    const up = readUp(dataDir)?.pid;
    return onFirst(["up"], up === undefined ? {} : { up }, (one) =>
      freezeStrike(dataDir, { name: spec.name }, [one]),
    );
  };
  return { spec, plan };
}

function diskFull({ dataDir }: DrillStack, name: string): SoakFault {
  const spec = {
    ...blow(`${name}-disk-full`, `no file of ${name} may grow for ${FULL_S} s`, [name]),
    lastsS: FULL_S,
  };
  const plan = (pids: Pids) => onFirst([name], pids, (one) => fullStrike(dataDir, spec.name, one));
  return { spec, plan };
}

function databaseLost({ dataDir }: DrillStack): SoakFault {
  const spec: FaultSpec = {
    ...blow("temporal-lost", "Temporal is killed, and its database is gone", ["temporal"]),
    costs: ["temporal"],
    proofs: ["kept", "temporal", "bridge", "trader"],
  };
  const plan = (pids: Pids): Strike =>
    onFirst(spec.targets, pids, (one) => ({
      kind: "can",
      how: "SIGKILL, and its folder is removed",
      strike() {
        rmSync(join(dataDir, "temporal"), { recursive: true, force: true });
        const kill = killStrike([one]);
        return kill.kind === "can" ? kill.strike() : null;
      },
    }));
  return { spec, plan };
}

function supervisorLost(stack: DrillStack): SoakFault {
  const spec = blow(
    "supervisor-terminated",
    "the workflow that supervises the bridge is ended",
    [],
  );
  const plan = (): Strike => ({
    kind: "can",
    how: `terminate ${supervisorIdOf(BRIDGE)}`,
    strike() {
      void asked("temporal", async () => {
        const temporal = connectTemporal(stack.context().temporalAddress);
        try {
          await temporal.client.workflow.getHandle(supervisorIdOf(BRIDGE)).terminate("a soak");
        } finally {
          await temporal.close();
        }
      });
      return null;
    },
  });
  return { spec, plan };
}

/** What another program does that opens the journal to look at it. */
function journalLocked({ dataDir }: DrillStack): SoakFault {
  const spec = {
    ...blow("journal-locked", `the bridge's journal is locked for ${LOCKED_S} s`, []),
    lastsS: LOCKED_S,
  };
  const plan = (): Strike => ({
    kind: "can",
    how: "BEGIN EXCLUSIVE by another program",
    strike() {
      const db = new Database(join(dataDir, "journal", "scan-bridge.db"), { timeout: 1_000 });
      try {
        db.exec("BEGIN IMMEDIATE");
      } catch (error) {
        db.close();
        throw error;
      }
      return { undo: () => void db.close() };
    },
  });
  return { spec, plan };
}

/** Garbage, a FIFO, a folder, a link to nowhere, nothing at all, and the same bytes again under other names. */
function strangeFiles(archive: string): SoakFault {
  const spec = blow("strange-files", "the archive gets what is no scan, and scans that it has", []);
  const plan = (): Strike => ({
    kind: "can",
    how: "files, a FIFO, a folder, a link and copies in today's folder",
    strike() {
      const nowMs = wallMs();
      const folder = join(archive, new Date(nowMs).toISOString().slice(0, 10));
      const scans = readdirSync(folder).filter((name) => /^scan.*\.arrow$/.test(name));
      const path = (what: string) => join(folder, `strange_${nowMs}_${what}.arrow`);
      writeFileSync(path("garbage"), Buffer.alloc(5_000, "no scan "));
      writeFileSync(path("empty"), "");
      mkdirSync(path("folder"));
      symlinkSync(join(folder, "nowhere"), path("link"));
      spawnSync("mkfifo", [path("fifo")]);
      for (const name of scans.toSorted().slice(-SCANS_COPIED)) {
        copyFileSync(join(folder, name), join(folder, `copy_${nowMs}_${name}`));
      }
      return null;
    },
  });
  return { spec, plan };
}

/** Where other programs may write, too: heartbeats, and the report of health. */
function strangeValues(stack: DrillStack): SoakFault {
  const spec = blow("strange-values", "another program writes into our maps", []);
  const plan = (): Strike => ({
    kind: "can",
    how: `no JSON, JSON of other shapes and numbers in ${HEARTBEAT_MAP} and ${META_HEALTH_MAP}`,
    strike() {
      void asked("hazelcast", async () => {
        const cluster = configuredCluster(stack.context().config.hazelcast);
        const hazelcast = await connectHazelcast({ ...cluster, name: "soak" });
        try {
          await until(() => hazelcast.connected(), CONNECTED);
          const beats = await hazelcast.client.getMap<string, unknown>(HEARTBEAT_MAP);
          const health = await hazelcast.client.getMap<string, unknown>(META_HEALTH_MAP);
          const junk = ["{", 7, '{"pid":"many"}', "[]", null, '{"__proto__":1}'];
          for (const [at, name] of SERVICE_NAMES.entries()) {
            await beats.set(name, junk[at % junk.length] ?? "null");
          }
          await health.set(META_HEALTH_KEY, '{"status":"of another program"}');
        } finally {
          await hazelcast.shutdown();
        }
      });
      return null;
    },
  });
  return { spec, plan };
}

/** A fault that is not possible here is reported, and does not end the soak. */
async function asked(server: string, ask: () => Promise<void>): Promise<void> {
  await ask().catch((error: unknown) => {
    process.stderr.write(`bench: ${server} did not take the fault: ${String(error)}\n`);
  });
}

function onFirst(
  names: readonly string[],
  pids: Pids,
  plan: (one: ReturnType<typeof struckOf>[number]) => Strike,
): Strike {
  const [one] = names.flatMap((name) => struckOf(name, pids[name]));
  return one === undefined
    ? { kind: "cannot", why: `${names.join(", ")} does not run` }
    : plan(one);
}
