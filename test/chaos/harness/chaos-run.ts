/**
 * One chaos run: `dolphin up` on a writer's archive, random `kill -9` of all its parts, and then the audit. Returns
 * what happened and every fault that a checker found.
 */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { ScanJournal, type JournalScan } from "../../../src/adapters/scan-journal/scan-journal.ts";
import { SERVICES } from "../../../src/domain/supervision/services.ts";
import { MS_PER_DAY } from "../../../src/domain/time.ts";
import { AuditJson, checkBooks } from "../../simulation/checkers/books-balance.ts";
import { checkOneToOne, checkSame } from "../../simulation/checkers/one-seq-a-scan.ts";
import {
  checkAscending,
  checkNeverBack,
  checkOrder,
} from "../../simulation/checkers/order-is-kept.ts";
import { checkGapless } from "../../simulation/checkers/seqs-are-gapless.ts";
import { checkStarts, type Counts } from "../../simulation/checkers/starts-are-explained.ts";
import { until } from "../../helpers/processes.ts";
import { mountSmallDisk, type SmallDisk } from "../../helpers/faults/small-disk.ts";
import { ChaosStack, GUARDS_MS_MAX } from "./chaos-stack.ts";
import { dolphin, statusOf, type StatusJson } from "./dolphin-json.ts";
import { planKills, type Kill } from "./kill-plan.ts";
import { type ScanCollector, startCollector } from "./scan-collector.ts";
import { dayOf, type ScanWriter, startScanWriter } from "./scan-writer.ts";
import { makeTrouble, type Trouble } from "./troubles.ts";

export type ChaosPlan = {
  readonly root: string;
  readonly seed: number;
  readonly scans: number;
  readonly scansPerSecond: number;
  readonly kills: number;
  readonly pauseMsMax: number;
  /** Spread evenly among the kills. */
  readonly troubles: readonly Trouble[];
  /** How long `up` stands still, and how long the data disk is full. */
  readonly troubleMs: number;
  /** Lists instead of listening for events, with a writer whose clock is ten minutes ahead. */
  readonly polls: boolean;
  readonly say: (line: string) => void;
};

export type ChaosReport = {
  readonly seed: number;
  readonly duration_s: number;
  readonly scans: number;
  readonly manners: Counts;
  readonly kills: Counts;
  readonly troubles: Counts;
  readonly starts: Counts;
  readonly seqs: number;
  readonly late: number;
  readonly replayed: number;
  readonly duplicates: number;
  readonly quarantined: number;
  readonly values_collected: number;
  /** Seconds from the kill of `up` until its guards had ended everything. */
  readonly guards_s: readonly number[];
  /** Seconds from the last kill until `dolphin status` said Healthy. */
  readonly healthy_s: number;
  readonly faults: readonly string[];
};

const AUTOSTARTED = new Set(
  Object.values(SERVICES).flatMap((spec) => (spec.autostart ? [spec.name] : [])),
);
const SUPERVISION = { restarts_max: 1000, delays_s: [0] };
const CALM_SCANS = 10;
const FLOWS_WITHIN_MS = 90_000;
const HEALTHY_WITHIN_MS = 120_000;
const BOOKS_WITHIN_MS = 60_000;
const TRICKLE_MS = 1_000;
const DISK_SIZE = "1g";
const WRITER_AHEAD_MS = 600_000;

type Scene = {
  readonly plan: ChaosPlan;
  readonly stack: ChaosStack;
  readonly writer: ScanWriter;
  readonly collector: ScanCollector;
  readonly kills: Record<string, number>;
  readonly troubles: Record<string, number>;
  /** Lives that a trouble may have cost. */
  readonly excused: Record<string, number>;
  readonly disk: SmallDisk | null;
  readonly guardsS: number[];
};

export async function runChaos(plan: ChaosPlan): Promise<ChaosReport> {
  const startedMs = performance.now();
  const stack = ChaosStack.create(plan.root, {
    supervision: SUPERVISION,
    scan_bridge: {
      since: dayOf(Date.now() - MS_PER_DAY),
      ...(plan.polls ? { watch: "poll", reconcile_s: 1 } : {}),
    },
    hazelcast: { heap_mb: 256 },
  });
  const disk = plan.troubles.includes("disk") ? mountSmallDisk(stack.dataDir, DISK_SIZE) : null;
  try {
    await stack.start();
    const where = () => {
      const up = stack.file();
      return up === null ? null : { address: up.hazelcast, cluster: up.cluster };
    };
    const collector = startCollector(where);
    const writer = startScanWriter({
      archive: stack.archive,
      seed: plan.seed,
      scans: plan.scans,
      perSecond: plan.scansPerSecond,
      aheadMs: plan.polls ? WRITER_AHEAD_MS : 0,
    });
    const counts = { kills: {}, troubles: {}, excused: {}, guardsS: [] };
    const scene: Scene = { plan, stack, writer, collector, disk, ...counts };
    for (const [index, kill] of planKills(plan.seed, plan).entries()) {
      await carryOut(scene, kill, index + 1);
      for (const trouble of troublesAfter(plan, index + 1)) await befall(scene, trouble);
    }
    const lastKillMs = performance.now();
    await writer.done;
    plan.say(`${writer.written.size} scans are written; waiting until all is well`);
    const healthyS = await untilHealthy(scene, lastKillMs);
    const audit = await untilBooksBalance(stack);
    await untilCollected(scene, audit.last_seq);
    const ended = await stack.stop();
    const faults = ended.code === 0 ? [] : [`up ended with ${JSON.stringify(ended)}`];
    await stack.untilNothingRuns(GUARDS_MS_MAX);
    await collector.stop();
    const durationS = Math.round((performance.now() - startedMs) / 1_000);
    return conclude(scene, { audit, faults, healthyS, durationS });
  } finally {
    await stack.close();
    disk?.unmount();
  }
}

function troublesAfter({ kills, troubles }: ChaosPlan, kill: number): readonly Trouble[] {
  const due = (count: number) => Math.floor((count * troubles.length) / kills);
  return troubles.slice(due(kill - 1), due(kill));
}

/** Only between kills: then its effects are its own. */
async function befall(scene: Scene, trouble: Trouble): Promise<void> {
  const { plan, stack, disk, troubles, excused } = scene;
  await untilScansFlow(scene);
  plan.say(`trouble: ${trouble}`);
  const site = { stack, disk, pauseMs: plan.troubleMs, fullMs: plan.troubleMs };
  const cost = await makeTrouble(site, trouble);
  if (cost === null) return plan.say(`${trouble} can't be done on this machine`);
  for (const service of cost) excused[service] = (excused[service] ?? 0) + 1;
  troubles[trouble] = (troubles[trouble] ?? 0) + 1;
  await untilScansFlow(scene);
}

async function carryOut(scene: Scene, kill: Kill, number: number): Promise<void> {
  const { plan, stack, kills, guardsS } = scene;
  const { target, isCalm, pauseMs, isHasty } = kill;
  await stack.find(target);
  if (isCalm) await untilScansFlow(scene);
  await delay(pauseMs);
  const found = await stack.find(target);
  stack.poll();
  if (!(await stack.kill(found))) return carryOut(scene, kill, number);
  kills[target] = (kills[target] ?? 0) + 1;
  plan.say(`kill ${number} of ${plan.kills}: ${target}, pid ${found.pid}`);
  if (target !== "up") return;
  if (!isHasty) {
    guardsS.push(await stack.untilNothingRuns(GUARDS_MS_MAX));
    plan.say(`nothing of it was left after ${guardsS.at(-1)} s`);
  }
  const before = [...stack.sightings.values()];
  await stack.start();
  plan.say("up again");
  const left = stack.alive(before);
  if (0 < left.length) throw new Error(`the new up left ${JSON.stringify(left)} running`);
}

async function untilScansFlow({ writer, collector, stack }: Scene): Promise<void> {
  const before = collector.highest();
  const total = writer.written.size;
  const tell = () => `${collector.highest()} of ${total} scans\n${stack.output().slice(-2_000)}`;
  // With everything written and read there is nothing that could flow.
  const flows = () => before + CALM_SCANS < collector.highest() || total <= collector.highest();
  await until(flows, { ms: FLOWS_WITHIN_MS, tell });
}

/** Scans go on meanwhile: without them the data would grow old, which is another state. */
async function untilHealthy({ stack, writer }: Scene, fromMs: number): Promise<number> {
  const trickle = writer.trickle(TRICKLE_MS);
  let status: StatusJson | null = null;
  const isHealthy = async () => {
    status = await statusOf(stack.dataDir);
    const wanted = status.services.filter(({ service }) => AUTOSTARTED.has(service));
    return status.exit === 0 && wanted.every((row) => row.status === "Healthy");
  };
  const tell = () => `not healthy: ${JSON.stringify(status)}\n${stack.output().slice(-2_000)}`;
  try {
    await until(isHealthy, { ms: HEALTHY_WITHIN_MS, tell });
  } finally {
    await trickle.stop();
  }
  return Math.round((performance.now() - fromMs) / 100) / 10;
}

/** Without its repair: nothing may need one. */
async function untilBooksBalance(stack: ChaosStack): Promise<AuditJson> {
  const args = ["--data-dir", stack.dataDir, "archive", "audit", "--deep", "--no-repair", "--json"];
  let audit: AuditJson | null = null;
  const isBalanced = async () => {
    audit = AuditJson.parse(JSON.parse((await dolphin(args)).stdout));
    return checkBooks(audit).length === 0;
  };
  await until(isBalanced, { ms: BOOKS_WITHIN_MS, tell: () => JSON.stringify(audit) });
  return audit!;
}

async function untilCollected({ collector }: Scene, lastSeq: number): Promise<void> {
  const tell = () => `the collector has ${collector.highest()} of ${lastSeq}`;
  await until(() => lastSeq <= collector.highest(), { ms: BOOKS_WITHIN_MS, tell });
}

function conclude(
  scene: Scene,
  end: {
    readonly audit: AuditJson;
    readonly faults: readonly string[];
    readonly healthyS: number;
    readonly durationS: number;
  },
): ChaosReport {
  const { plan, stack, writer, collector, kills, troubles, excused, guardsS } = scene;
  const journal = new ScanJournal(join(stack.dataDir, "journal", "scan-bridge.db"), {
    readonly: true,
  });
  const rows = journal.scans(1, journal.lastSeq());
  journal.close();
  const starts = countStarts(stack.dataDir);
  return {
    seed: plan.seed,
    duration_s: end.durationS,
    scans: writer.written.size,
    manners: writer.manners,
    kills,
    troubles,
    starts,
    seqs: rows.length,
    late: rows.filter((row) => row.late).length,
    replayed: rows.filter((row) => row.replayed).length,
    duplicates: end.audit.total.duplicates,
    quarantined: end.audit.total.quarantined,
    values_collected: collector.values.length,
    guards_s: guardsS,
    healthy_s: end.healthyS,
    faults: [
      ...end.faults,
      ...checkBooks(end.audit),
      ...checkStarts(starts, sum(kills, excused)),
      ...checkJournal(rows, writer),
      ...checkCollected(rows, collector, writer),
    ],
  };
}

function sum(one: Counts, other: Counts): Counts {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return Object.fromEntries(names.map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]));
}

function checkJournal(rows: readonly JournalScan[], { written }: ScanWriter): string[] {
  const things = rows.map(({ seq, hash }) => ({ seq, thing: hash.toString("hex") }));
  return [
    ...checkGapless(
      "journal",
      rows.map((row) => row.seq),
      rows.length,
    ),
    ...checkOneToOne("journal", things),
    ...checkSame(
      "journal",
      new Set(written.keys()),
      things.map(({ thing }) => thing),
    ),
    ...checkOrder(rows),
  ];
}

function checkCollected(
  rows: readonly JournalScan[],
  { values, latest }: ScanCollector,
  { written }: ScanWriter,
): string[] {
  const inRing = values.map(({ seq, file, late }) => ({ seq, thing: `${file}, late: ${late}` }));
  const journaled = rows.map(({ seq, file, late }) => ({ seq, thing: `${file}, late: ${late}` }));
  const contents = values.map(({ seq, content }) => ({ seq, thing: `content ${content}` }));
  const hashed = rows.map(({ seq, hash }) => ({
    seq,
    thing: `content ${written.get(hash.toString("hex"))}`,
  }));
  const seqs = values.map(({ seq }) => seq);
  return [
    ...checkGapless("ringbuffer", seqs, rows.length),
    ...checkOneToOne("ringbuffer and journal", [...inRing, ...journaled]),
    ...checkOneToOne("contents in the ringbuffer and journal", [...contents, ...hashed]),
    ...checkAscending("ringbuffer", seqs),
    ...checkNeverBack(
      "latest_eigen_scan",
      latest.map(({ seq }) => seq),
    ),
    ...latest.filter(({ late }) => late).map(({ seq }) => `latest_eigen_scan held late seq ${seq}`),
  ];
}

/** From the logs, which outlive every process. */
function countStarts(dataDir: string): Record<string, number> {
  const logs = (pattern: string) =>
    globSync(join(dataDir, "logs", pattern))
      .map((file) => readFileSync(file, "utf8"))
      .join("\n");
  const up = logs("up.log*");
  return {
    "scan-bridge": matches(logs("scan-bridge.log*"), /\[Bridge\] starting as /g),
    worker: matches(up, /"worker started/g),
    temporal: matches(up, /"temporal started/g),
    hazelcast: matches(up, /"hazelcast started/g),
  };
}

function matches(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length;
}
