/**
 * The pump thread of the scan bridge: wires archive, journal and Hazelcast to the pump.
 * It may hang in a file operation of a hung share; the main thread stays responsive and says so.
 */
import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import {
  listDays,
  markFolder,
  namesIn,
  pathOf,
  remoteFileSystemOf,
} from "../../adapters/archive/list-archive.ts";
import { readScanFile, statScanFile } from "../../adapters/archive/read-scan-file.ts";
import { watchArchive } from "../../adapters/archive/watch-archive.ts";
import { monotonicMs, wallMicros } from "../../adapters/clock.ts";
import { connectHazelcast } from "../../adapters/hazelcast/hazelcast-client.ts";
import { createScanStore, type ScanStore } from "../../adapters/hazelcast/scan-store.ts";
import {
  type ScanJournal,
  openScanJournal,
  setJournalAside,
} from "../../adapters/journal/scan-journal.ts";
import { assert } from "../../domain/assert.ts";
import { previousDay } from "../../domain/scan/archive-names.ts";
import type { Newest } from "../../domain/scan/order.ts";
import { isoFromMicros } from "../../domain/time.ts";
import { createGeneralReader } from "../../wire/arrow/read-scan.ts";
import { microsFromIso, parseScanHead } from "../../wire/scan-value.ts";
import type { ArchiveReader } from "./archive-reader.ts";
import { FencedError, StoppedError, type HazelcastPatience } from "./cluster-state.ts";
import type { CommitStep } from "./commit.ts";
import { createIntake } from "./intake.ts";
import {
  EXIT_CONFIGURATION,
  EXIT_FAILED,
  EXIT_FENCED,
  EXIT_STOPPED,
  type MainMessage,
  type PumpMessage,
  type PumpSettings,
} from "./pump-messages.ts";
import { type Pump, createPump } from "./pump-loop.ts";
import { type Started, startBridge } from "./recover.ts";
import { createReload } from "./reload.ts";
import { createRounds, type Rounds } from "./rounds.ts";
import { createTelemetry } from "./telemetry.ts";
import { createUnfinished } from "./unfinished.ts";

const REPORT_MS = 1_000;
const ALIVE_MS = 250;
const JOURNAL_RETRY_MS = 1_000;
const PARSE_TIMEOUT_MS = 2_000;
const PARSE_HEAP_MB = 256;
const QUEUE_MAX = 100_000;

/** Starts the pump of this thread; `onStep` is for tests that stop a bridge inside a commit. */
export async function runPump(onStep: (step: CommitStep) => void): Promise<void> {
  const port = parentPort;
  assert(port !== null, "the pump runs as a worker thread");
  const post = (message: PumpMessage) => port.postMessage(message);
  let stopping = false;
  let wake: () => void = () => {};
  port.on("message", (message: MainMessage) => {
    if (message.kind !== "stop") return;
    stopping = true;
    wake();
  });
  const settings = workerData as PumpSettings;
  const deps = {
    settings,
    post,
    onStep,
    stopping: () => stopping,
    setWake: (call: () => void) => {
      wake = call;
    },
    log: (line: string) => post({ kind: "log", level: "info", line: `[Bridge] ${line}` }),
  };
  try {
    await pumpUntilStopped(deps);
    post({ kind: "end", exitCode: EXIT_STOPPED, line: "stopped" });
  } catch (error) {
    post(endMessage(error));
  }
}

type ThreadDeps = {
  readonly settings: PumpSettings;
  readonly post: (message: PumpMessage) => void;
  readonly onStep: (step: CommitStep) => void;
  readonly stopping: () => boolean;
  readonly setWake: (call: () => void) => void;
  readonly log: (line: string) => void;
};

async function pumpUntilStopped(thread: ThreadDeps): Promise<void> {
  const { settings, log } = thread;
  const hazelcastReady = openHazelcast(thread);
  const journal = await openJournal(thread);
  thread.post({ kind: "journal-open" });
  const alive = new Int32Array(settings.alive);
  const onAlive = () => void Atomics.add(alive, 0, 1);
  const general = createGeneralReader({ timeoutMs: PARSE_TIMEOUT_MS, heapMb: PARSE_HEAP_MB });
  const archive = archiveReader(settings.archive);
  const files = { read: archive.read, readGeneral: general.read };
  const { hazelcast, store } = await hazelcastReady;
  const link: Link = { isUp: true, pump: null, rounds: null, epoch: 0 };
  const patience = patienceOf(thread, link);
  const reporting = setInterval(() => report({ thread, link, store, journal }), REPORT_MS);
  const living = setInterval(onAlive, ALIVE_MS);
  try {
    await hazelcast.waitConnected(settings.hazelcast.deadline_ms);
    const started = await startBridge({
      store,
      journal,
      patience,
      instance: settings.instance,
      latestInBatch: settings.bridge.backlog_latest,
      onStep: thread.onStep,
      reload: createReload(files),
      nowUs: wallMicros,
      log,
    });
    link.epoch = started.commit.identity.epoch;
    const clocks = { nowUs: wallMicros, nowMs: monotonicMs };
    await pumpFiles({ thread, link, journal, archive, files, started, clocks, onAlive });
  } finally {
    clearInterval(reporting);
    clearInterval(living);
    await general.close();
    journal.checkpoint();
    journal.close();
    await Promise.race([hazelcast.shutdown(), sleep(1_000)]);
  }
}

async function pumpFiles(of: {
  readonly thread: ThreadDeps;
  readonly link: Link;
  readonly journal: ScanJournal;
  readonly archive: ArchiveReader;
  readonly files: Parameters<typeof createReload>[0];
  readonly started: Started;
  readonly clocks: { readonly nowUs: () => number; readonly nowMs: () => number };
  readonly onAlive: () => void;
}): Promise<void> {
  const { thread, link, journal, archive, started, clocks } = of;
  const { settings, log, stopping } = thread;
  const intake = createIntake({ archive, journal, ...clocks, queueMax: QUEUE_MAX });
  const unfinished = createUnfinished({ archive, intake, ...clocks });
  const newest = newestOf(journal, started);
  let wakeRound: () => void = () => {};
  const remote = remoteFileSystemOf(settings.archive);
  const isWatched = settings.bridge.watch === "auto" && remote === null;
  log(
    isWatched
      ? `watching ${settings.archive}`
      : `listing ${settings.archive} every ${settings.bridge.reconcile_s} s` +
          (remote === null ? "" : ` (${remote} tells no events)`),
  );
  const watch = isWatched
    ? watchArchive(settings.archive, {
        onName: (day, name) => link.pump?.hint(`${day}/${name}`),
        onRoot: () => wakeRound(),
      })
    : null;
  const rounds = createRounds({
    archive,
    intake,
    watch,
    reconcileMs: settings.bridge.reconcile_s * 1_000,
    checkpointDay: () => link.pump?.newestDay() ?? newest?.name.slice(0, 10) ?? null,
    firstDay: firstDayOf({ journal, since: settings.bridge.since, newest }),
    nowMs: monotonicMs,
    onProgress: () => link.pump?.progressed(),
    log,
  });
  const pump = createPump({
    ...of,
    ...clocks,
    commit: started.commit,
    lastSeq: started.lastSeq,
    intake,
    unfinished,
    rounds,
    telemetry: createTelemetry(),
    newest,
    log,
    stopping,
    wakeRound: () => wakeRound(),
  });
  link.pump = pump;
  link.rounds = rounds;
  thread.setWake(() => {
    pump.wake();
    wakeRound();
  });
  try {
    await pump.run(
      (ms) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, ms);
          wakeRound = () => {
            clearTimeout(timer);
            resolve();
          };
        }),
    );
  } finally {
    watch?.close();
  }
}

/** What the reports are made of, as far as it exists yet. */
type Link = { isUp: boolean; pump: Pump | null; rounds: Rounds | null; epoch: number };

function patienceOf(thread: ThreadDeps, link: Link): HazelcastPatience {
  return {
    stopping: thread.stopping,
    onAnswer(answered, detail) {
      if (link.isUp !== answered) {
        thread.log(answered ? "Connected to Hazelcast" : `waiting for Hazelcast: ${detail}`);
      }
      link.isUp = answered;
    },
  };
}

async function openHazelcast(thread: ThreadDeps) {
  const { settings } = thread;
  const hazelcast = await connectHazelcast({
    address: settings.hazelcast.address,
    cluster: settings.hazelcast.cluster,
    deadlineMs: settings.hazelcast.deadline_ms,
    name: settings.instance,
    onLog: (level, line) => thread.post({ kind: "log", level, line: `[Hazelcast] ${line}` }),
  });
  return { hazelcast, store: createScanStore(hazelcast) };
}

/** Waits for a full disk or a lock; a damaged journal is put aside and rebuilt from Hazelcast. */
async function openJournal(thread: ThreadDeps): Promise<ScanJournal> {
  const path = thread.settings.journalFile;
  let told = false;
  for (;;) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      return openScanJournal(path);
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      if (code === "JOURNAL_CORRUPT") {
        const aside = setJournalAside(path, String(wallMicros()));
        thread.log(`${message}: put aside as ${aside}, rebuilding from Hazelcast`);
        continue;
      }
      if (code === "JOURNAL_VERSION" || thread.stopping()) throw error;
      if (!told) thread.log(`waiting for the journal: ${message}`);
      told = true;
      await sleep(JOURNAL_RETRY_MS);
    }
  }
}

function archiveReader(archive: string): ArchiveReader {
  return {
    read: (file) => readScanFile(pathOf(archive, file)),
    stat: (file) => statScanFile(pathOf(archive, file)),
    days: () => listDays(archive),
    mark: (day) => markFolder(pathOf(archive, day)),
    names: (day) => namesIn(pathOf(archive, day)),
  };
}

/** Order goes on from the newest scan in order, as Hazelcast tells it, or the journal. */
function newestOf(journal: ScanJournal, started: Started): Newest | null {
  const row = journal.newestInOrder();
  const head = parseScanHead(started.commit.state.latest);
  if (head !== null && (row === null || row.seq < head.seq)) {
    const timeUs = microsFromIso(head.file_mtime);
    return { name: head.file, scanNumber: head.scan_number, timeUs };
  }
  return row === null ? null : { ...row, name: row.file };
}

/** The first day whose files count; chosen once, kept in the journal. */
function firstDayOf(of: {
  readonly journal: ScanJournal;
  readonly since: string | null;
  readonly newest: Newest | null;
}): (days: readonly string[]) => string | null {
  const { journal, since, newest } = of;
  return (days) => {
    const kept = journal.meta("first_day");
    if (kept !== null && (since === null || kept <= since)) return kept;
    const known = newest === null ? undefined : previousDay(newest.name.slice(0, 10));
    const first = since ?? known ?? days.at(-1) ?? null;
    if (first !== null) journal.setMeta("first_day", first);
    return first;
  };
}

function report(of: {
  readonly thread: ThreadDeps;
  readonly link: Link;
  readonly store: ScanStore;
  readonly journal: ScanJournal;
}): void {
  const { thread, link, store } = of;
  const { settings } = thread;
  const now = link.pump?.report() ?? null;
  const archiveState = link.rounds?.state() ?? "ok";
  const state = !link.isUp
    ? "waiting: hazelcast"
    : archiveState === "missing"
      ? "waiting: archive"
      : (now?.state ?? "starting");
  const { epoch } = link;
  const counters = { epoch, instance: settings.instance, ...now?.counters };
  thread.post({
    kind: "report",
    state,
    facts: {
      archive: archiveState,
      hazelcast: link.isUp ? "ok" : "down",
      newestDataAgeS: now?.facts.newestDataAgeS ?? null,
      oldestUnpushedAgeS: now?.facts.oldestUnpushedAgeS ?? null,
      progressAgeS: now?.facts.progressAgeS ?? null,
      backlog: now?.facts.backlog ?? 0,
    },
    counters,
  });
  const heartbeat = {
    service: "scan-bridge",
    pid: process.pid,
    host: hostname(),
    epoch,
    started_at: isoFromMicros(settings.startedUs),
    updated_at: isoFromMicros(wallMicros()),
    state,
    backlog: now?.facts.backlog ?? 0,
    ...now?.summary,
  };
  // An unanswered heartbeat is no event: the next one follows in a second.
  store.putHeartbeat("scan-bridge", JSON.stringify(heartbeat)).catch(() => {});
}

function endMessage(error: unknown): PumpMessage {
  const { code, message, stack } = error as Error & { code?: string };
  const fenced = error instanceof FencedError || code === "JOURNAL_FENCED";
  if (fenced) return { kind: "end", exitCode: EXIT_FENCED, line: message };
  if (error instanceof StoppedError) return { kind: "end", exitCode: EXIT_STOPPED, line: message };
  if (code === "JOURNAL_VERSION") {
    return { kind: "end", exitCode: EXIT_CONFIGURATION, line: message };
  }
  return { kind: "end", exitCode: EXIT_FAILED, line: stack ?? message };
}
