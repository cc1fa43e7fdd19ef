/** Attends a running stack: its screen, up.json and the size of its logs, until it is time to stop. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { monotonicMs, wallMicros } from "../../adapters/clock.ts";
import { keepHeapCompact } from "../../adapters/process/compact-heap.ts";
import { startedTicks } from "../../adapters/process/process-facts.ts";
import { openStatus, type StatusReader } from "../../operations/status/open-status.ts";
import { linkOrReason } from "../../dashboard/commands/token-file.ts";
import { messageOf } from "../../domain/failure.ts";
import { isoFromMicros, MS_PER_SECOND } from "../../domain/time.ts";
import { lastingGaps } from "../../domain/scan/seen-seqs.ts";
import { checkRoom } from "../../adapters/files/disk-room.ts";
import { LOOPBACK } from "../../embedded/ports/ports.ts";
import { createBookkeeping } from "../../embedded/state/bookkeeping.ts";
import { rotateRawLog } from "../../embedded/state/rotate-raw-log.ts";
import { rawLogsOf } from "../../embedded/stack.ts";
import type { Stack, StackOptions } from "../../embedded/stack.ts";
import { createConfigKeeper, createUpFileWriter } from "../../embedded/state/up-state.ts";
import type { SystemStatus } from "../../wire/system-status.ts";
import type { UpFile, UpSummary } from "../../wire/up-file.ts";
import { addressLines, pageNotice, upLine, upScreen } from "../rendering/up-screen.ts";
import type { UpEvent, UpView } from "../rendering/up-screen.ts";
import { answerVerbs } from "../quick/answer-verbs.ts";
import { printsOf } from "../quick/question.ts";
import { statusOptions } from "../status.ts";
import type { Supervisors } from "./create.ts";
import type { UpDisplay } from "./display.ts";
import { finalSummary, memoryOf, restartsIn, traderIn } from "./facts.ts";
import type { Baseline } from "./facts.ts";

export type Attendance = {
  readonly stack: Stack;
  readonly options: StackOptions;
  readonly baseline: Baseline;
  /** Closed at the end. */
  readonly supervisors: Supervisors;
  readonly display: UpDisplay;
  readonly events: readonly UpEvent[];
  readonly forMs: number | null;
  readonly stop: AbortSignal;
};

const TICK_MS = 1_000;
const LINE_EVERY_TICKS = 10;
const BYTES_PER_MB = 1_000_000;

/**
 * Resolves with the summary when it is time to stop, null where it can't be made; the caller stops the stack. No
 * error of a tick can end it: a full disk must not take the servers down.
 */
export async function attendStack(attendance: Attendance): Promise<UpSummary | null> {
  const { options, display, supervisors } = attendance;
  const { config, world, onEvent } = options;
  const clock = { startedMs: monotonicMs(), startedAt: isoFromMicros(wallMicros()) };
  const upFile = createUpFileWriter(config.data_dir);
  const configKeeper = createConfigKeeper(config);
  const books = createBookkeeping(onEvent);
  const keepUpFile = (up: UpFile) =>
    books.attempt(`up.json in ${config.data_dir}`, () => upFile.write(up));
  const describe = () => describeUp(attendance, clock.startedAt);
  await keepUpFile(describe());
  const status = await openStatus(
    statusOptions({ config, up: describe(), temporalAddress: world.temporal }),
  );
  const answers = await openAnswers(options, status);
  keepHeapCompact();
  if (!display.isLive) display.print(addressLines(describe(), join(config.data_dir, "logs")));
  const { seqs } = attendance.stack.watch;
  let holesBefore: ReadonlySet<number> = new Set();
  let announcedPage = describe().dashboard;
  await untilEnd(attendance, clock.startedMs, async (tick) => {
    const up = describe();
    // The dashboard starts after the servers, and may restart at any time.
    if (!display.isLive && announcedPage === null && up.dashboard !== null) {
      display.print(pageNotice(up.dashboard));
      announcedPage = up.dashboard;
    }
    const gaps = lastingGaps(seqs, holesBefore);
    holesBefore = new Set(seqs.holes);
    await keepUpFile(up);
    await books.attempt("the children's configuration", () => configKeeper.keep());
    const room = await books.attempt("disk", () => checkRoom(config.data_dir));
    // Processes that died because the disk was full need not wait for their back-off.
    if (room === "again") for (const each of attendance.stack.kept) each.retry();
    if (tick % LINE_EVERY_TICKS === 0) boundRawLogs(options);
    if (!display.isLive && tick % LINE_EVERY_TICKS !== LINE_EVERY_TICKS - 1) return;
    await books.attempt("this view", async () => {
      const read = await status.readWithoutSchedules();
      const now = { ...clock, gaps, up, status: read, troubles: books.troubles() };
      const view = viewOf(attendance, now);
      if (display.isLive) display.paint(upScreen(view));
      else onEvent("info", upLine(view));
    });
  });
  display.endView();
  const ended: { summary: UpSummary | null } = { summary: null };
  await books.attempt("the summary", async () => {
    ended.summary = await finalSummary({
      stack: attendance.stack,
      config,
      baseline: attendance.baseline,
      failures: supervisors.failures(),
      durationS: (monotonicMs() - clock.startedMs) / MS_PER_SECOND,
      readStatus: () => status.readWithoutSchedules(),
    });
  });
  onEvent("info", "stopping; a second Ctrl-C does not wait");
  await books.attempt("ending the connections", async () => {
    answers?.close();
    await supervisors.giveUp();
    // Closing a connection with a pending command raises an error later that nobody can catch; this process ends soon
    // anyway.
    if (answers?.isAtWork() !== true) await status.close();
  });
  await books.attempt("up.json", () => upFile.remove());
  return ended.summary;
}

/** Verbs are faster with it, and work the same without. */
async function openAnswers({ config, world, onEvent }: StackOptions, reader: StatusReader) {
  try {
    return await answerVerbs({
      name: "up",
      dataDir: config.data_dir,
      hazelcast: config.hazelcast,
      temporal: printsOf(world.namespace),
      reader: async () => reader,
    });
  } catch (error) {
    onEvent("warn", `this process cannot answer the command line: ${messageOf(error)}`);
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

function describeUp({ stack, options }: Attendance, startedAt: string): UpFile {
  const { config, world } = options;
  const metricsPort = config.ports.metrics;
  return {
    pid: process.pid,
    started_ticks: startedTicks(process.pid),
    started_at: startedAt,
    hazelcast: config.hazelcast.address,
    cluster: config.hazelcast.cluster,
    prefix: config.hazelcast.prefix,
    temporal: world.temporal,
    temporal_ui: `http://${LOOPBACK}:${config.ports.temporal_ui}`,
    dashboard: stack.dashboardUrl(),
    metrics: metricsPort === 0 ? null : `http://${LOOPBACK}:${metricsPort}/metrics`,
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
    readonly troubles: readonly string[];
  },
): UpView {
  const elapsedS = (monotonicMs() - now.startedMs) / MS_PER_SECOND;
  const { seqs } = stack.watch;
  return {
    up: now.up,
    logs: join(options.config.data_dir, "logs"),
    link:
      now.up.dashboard === null ? null : linkOrReason(options.config.data_dir, now.up.dashboard),
    status: now.status,
    scans: { seen: seqs.seen, gaps: now.gaps, lagMs: stack.watch.lagMs() },
    trader: traderIn(now.status),
    rssMb: memoryOf(stack),
    restarts: restartsIn(stack, now.status),
    fatal: fatalIn(stack),
    troubles: now.troubles,
    elapsedS,
    leftS: forMs === null ? null : Math.max(0, forMs / MS_PER_SECOND - elapsedS),
    events,
  };
}

function fatalIn({ kept }: Stack): UpView["fatal"] {
  const fatal = kept.filter((each) => each.state() === "fatal");
  return fatal.map((each) => ({
    name: each.name,
    retryInS: each.nextTryInMs() / MS_PER_SECOND,
  }));
}

function boundRawLogs({ config }: StackOptions): void {
  const limits = {
    bytesMax: config.log.rotate_mb * BYTES_PER_MB,
    filesMax: config.log.rotate_files,
  };
  for (const file of rawLogsOf(config)) rotateRawLog(file, limits);
}
