/** Attends a running stack: its screen, up.json and the size of its logs, until it is time to stop. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs, wallMicros } from "../../adapters/clock.ts";
import { startedTicks } from "../../adapters/process/process-facts.ts";
import { openStatus, type StatusReader } from "../../adapters/status/open-status.ts";
import { type Dashboard, startDashboard } from "../../dashboard/server.ts";
import { isoFromMicros, MS_PER_SECOND } from "../../domain/time.ts";
import { lastingGaps } from "../../domain/scan/seen-seqs.ts";
import { LOOPBACK } from "../../embedded/ports/ports.ts";
import { rotateRawLog } from "../../embedded/state/rotate-raw-log.ts";
import { rawLogsOf } from "../../embedded/stack.ts";
import type { Stack, StackOptions } from "../../embedded/stack.ts";
import { createUpFileWriter } from "../../embedded/state/up-state.ts";
import type { SystemStatus } from "../../wire/system-status.ts";
import type { UpFile, UpSummary } from "../../wire/up-file.ts";
import { addressLines, upLine, upScreen } from "../rendering/up-screen.ts";
import type { UpEvent, UpView } from "../rendering/up-screen.ts";
import { statusOptions } from "../status.ts";
import { createSupervisors } from "./create.ts";
import type { UpDisplay } from "./display.ts";
import { finalSummary, memoryOf, restartsIn, traderIn } from "./facts.ts";
import type { Baseline } from "./facts.ts";
import { publishStaticPosture } from "./static-posture.ts";

export type Attendance = {
  readonly stack: Stack;
  readonly options: StackOptions;
  readonly baseline: Baseline;
  readonly display: UpDisplay;
  readonly events: readonly UpEvent[];
  readonly forMs: number | null;
  readonly stop: AbortSignal;
};

const TICK_MS = 1_000;
const LINE_EVERY_TICKS = 10;
const BYTES_PER_MB = 1_000_000;

/** Resolves with the summary when it is time to stop; the stack is the caller's to stop. */
export async function attendStack(attendance: Attendance): Promise<UpSummary> {
  const { options, display } = attendance;
  const { config, world, onEvent } = options;
  const clock = { startedMs: monotonicMs(), startedAt: isoFromMicros(wallMicros()) };
  const upFile = createUpFileWriter(config.data_dir);
  const supervisors = createSupervisors(options);
  const posture = options.demo
    ? publishStaticPosture(attendance.stack.watch.hazelcast, config.safety.posture)
    : null;
  let dashboard: Dashboard | null = null;
  const describe = () => describeUp(attendance, { ...clock, dashboardUrl: dashboard?.url ?? null });
  upFile.write(describe());
  const status = await openStatus(
    statusOptions({ config, up: describe(), temporalAddress: world.temporal }),
  );
  dashboard = await openDashboard(options, status);
  if (!display.isLive) display.print(addressLines(describe(), join(config.data_dir, "logs")));
  const { seqs } = attendance.stack.watch;
  let holesBefore: ReadonlySet<number> = new Set();
  await untilEnd(attendance, clock.startedMs, async (tick) => {
    const up = describe();
    const gaps = lastingGaps(seqs, holesBefore);
    holesBefore = new Set(seqs.holes);
    upFile.write(up);
    if (tick % LINE_EVERY_TICKS === 0) boundRawLogs(options);
    if (!display.isLive && tick % LINE_EVERY_TICKS !== LINE_EVERY_TICKS - 1) return;
    const view = viewOf(attendance, { ...clock, gaps, up, status: await status.read() });
    if (display.isLive) display.paint(upScreen(view));
    else onEvent("info", upLine(view));
  });
  display.endView();
  const summary = await finalSummary({
    stack: attendance.stack,
    config,
    baseline: attendance.baseline,
    failures: supervisors.failures(),
    durationS: (monotonicMs() - clock.startedMs) / MS_PER_SECOND,
    readStatus: () => status.read(),
  });
  onEvent("info", "stopping; a second Ctrl-C does not wait");
  await supervisors.giveUp();
  posture?.stop();
  dashboard?.close();
  await status.close();
  upFile.remove();
  return summary;
}

/** A view of the system, not a part of it: scans flow without one. */
async function openDashboard(
  { config, onEvent }: StackOptions,
  reader: StatusReader,
): Promise<Dashboard | null> {
  try {
    return await startDashboard({ port: config.ports.dashboard, reader });
  } catch (error) {
    onEvent("warn", `no dashboard: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

async function untilEnd(
  { forMs, stop }: Attendance,
  startedMs: number,
  act: (tick: number) => Promise<void>,
): Promise<void> {
  const endMs = forMs === null ? Infinity : startedMs + forMs;
  for (let tick = 0; !stop.aborted && monotonicMs() < endMs; tick += 1) {
    await act(tick);
    const pauseMs = Math.min(TICK_MS, Math.max(0, endMs - monotonicMs()));
    await delay(pauseMs, undefined, { signal: stop }).catch(() => undefined);
  }
}

function describeUp(
  { stack, options }: Attendance,
  about: { readonly startedAt: string; readonly dashboardUrl: string | null },
): UpFile {
  const { config, world } = options;
  return {
    pid: process.pid,
    started_ticks: startedTicks(process.pid),
    started_at: about.startedAt,
    hazelcast: config.hazelcast.address,
    cluster: config.hazelcast.cluster,
    temporal: world.temporal,
    temporal_ui: `http://${LOOPBACK}:${config.ports.temporal_ui}`,
    dashboard: about.dashboardUrl,
    archive: config.archive,
    services: stack.services(),
  };
}

function viewOf(
  { stack, options, events, forMs }: Attendance,
  now: {
    readonly up: UpFile;
    readonly status: SystemStatus;
    readonly startedMs: number;
    readonly gaps: number;
  },
): UpView {
  const elapsedS = (monotonicMs() - now.startedMs) / MS_PER_SECOND;
  const { seqs } = stack.watch;
  return {
    up: now.up,
    logs: join(options.config.data_dir, "logs"),
    status: now.status,
    scans: { seen: seqs.seen, gaps: now.gaps, lagMs: stack.watch.lagMs() },
    trader: traderIn(now.status),
    rssMb: memoryOf(stack),
    restarts: restartsIn(stack, now.status),
    elapsedS,
    leftS: forMs === null ? null : Math.max(0, forMs / MS_PER_SECOND - elapsedS),
    events,
  };
}

function boundRawLogs({ config }: StackOptions): void {
  const limits = {
    bytesMax: config.log.rotate_mb * BYTES_PER_MB,
    filesMax: config.log.rotate_files,
  };
  for (const file of rawLogsOf(config)) rotateRawLog(file, limits);
}
