/**
 * The pump thread of the scan bridge: wires archive, journal and Hazelcast to the pump. It may hang in a file
 * operation on a hung share; the main thread stays responsive and reports that.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { monotonicMs, threadCpuMs, wallMicros } from "../../adapters/clock.ts";
import { configuredCluster, connectHazelcast } from "../../adapters/hazelcast/hazelcast-client.ts";
import { createScanStore } from "../../adapters/hazelcast/scan-store.ts";
import { type ScanJournal, setJournalAside } from "../../adapters/scan-journal/scan-journal.ts";
import { assert } from "../../domain/assert.ts";
import { codeOf } from "../../domain/failure.ts";
import { dayOfFile } from "../../domain/scan/archive-names.ts";
import type { Newest } from "../../domain/scan/order.ts";
import { EXIT_DONE } from "../../domain/supervision/exit-codes.ts";
import { createGeneralReader } from "../../wire/arrow/read-scan.ts";
import { microsFromOurIso, parseScanHead } from "../../wire/scan-value.ts";
import type { HazelcastPatience } from "./commit/cluster-state.ts";
import type { CommitStep } from "./commit/commit.ts";
import type { Started } from "./commit/recover.ts";
import { createReload, type ScanFiles } from "./archive/reload.ts";
import { createRenamedFiles } from "./commit/renamed-files.ts";
import type { ArchiveReader } from "./archive/archive-reader.ts";
import { Intake } from "./intake/intake.ts";
import { Rounds } from "./intake/rounds.ts";
import { Unfinished } from "./intake/unfinished.ts";
import { WhichDays } from "./intake/which-days.ts";
import { archiveReader, openWatch } from "./open-archive.ts";
import { openJournal, startWhenWritable } from "./open-journal.ts";
import { Pump } from "./pump/pump.ts";
import {
  endMessage,
  type MainMessage,
  type PumpMessage,
  type PumpSettings,
} from "./pump-messages.ts";
import { createTelemetry } from "./telemetry.ts";
import { type Link, report, type ThreadDeps } from "./thread-link.ts";
import { startUpkeep, type Upkeep } from "./upkeep.ts";

const REPORT_MS = 1_000;
const ALIVE_MS = 250;
const PARSE_TIMEOUT_MS = 2_000;
const PARSE_HEAP_MB = 256;
const QUEUE_MAX = 100_000;

/** Starts the pump of this thread; `onStep` is for tests that stop a bridge within a commit. */
export async function runPump(onStep: (step: CommitStep) => void): Promise<void> {
  const port = parentPort;
  assert(port !== null, "the pump runs as a worker thread");
  const post = (message: PumpMessage) => port.postMessage(message);
  let isStopping = false;
  const link: Link = {
    isUp: true,
    trouble: null,
    pump: null,
    rounds: null,
    whichDays: null,
    telemetry: createTelemetry(),
    epoch: 0,
  };
  const started = Promise.withResolvers<PumpSettings>();
  port.on("message", (message: MainMessage) => {
    if (message.kind === "start") {
      started.resolve(message.settings);
      return;
    }
    if (message.kind === "relist") {
      // Without a pump the first listing is still to come.
      link.pump?.relist();
      return;
    }
    isStopping = true;
    link.pump?.wake();
  });
  const settings = await started.promise;
  const deps: ThreadDeps = {
    settings,
    link,
    post,
    onStep,
    stopping: () => isStopping,
    log: (line: string) => post({ kind: "log", level: "info", line: `[Bridge] ${line}` }),
    warn: (line: string) => post({ kind: "log", level: "warn", line: `[Bridge] ${line}` }),
  };
  try {
    await pumpUntilStopped(deps);
    post({ kind: "end", exitCode: EXIT_DONE, line: "stopped" });
  } catch (error) {
    if (codeOf(error) === "JOURNAL_CORRUPT") {
      const aside = setJournalAside(settings.journalFile, String(wallMicros()));
      deps.log(`the journal is moved aside as ${aside}: the next start rebuilds it from Hazelcast`);
    }
    post(endMessage(error));
  }
}

async function pumpUntilStopped(thread: ThreadDeps): Promise<void> {
  const { settings, link } = thread;
  const shared: SharedArrayBuffer = workerData;
  const alive = new Int32Array(shared);
  const onAlive = () => void Atomics.add(alive, 0, 1);
  const living = setInterval(onAlive, ALIVE_MS);
  const hazelcastReady = openHazelcast(thread);
  const journal = await openJournal(thread);
  thread.post({ kind: "ready" });
  const general = createGeneralReader({ timeoutMs: PARSE_TIMEOUT_MS, heapMb: PARSE_HEAP_MB });
  const archive = archiveReader(settings.archive);
  const files = {
    read: (file: string) => {
      // A start may read thousands of files without a pause.
      onAlive();
      return archive.read(file);
    },
    readGeneral: (bytes: Uint8Array) => general.read(bytes),
  };
  const { hazelcast, store, reporting } = await hazelcastReady;
  let upkeep: Upkeep | null = null;
  try {
    await hazelcast.waitConnected(settings.hazelcast.deadline_ms);
    const started = await startWhenWritable(thread, {
      store,
      journal,
      patience: patienceOf(thread, link),
      instance: settings.instance,
      latestInBatch: settings.bridge.backlog_latest,
      onStep: thread.onStep,
      reload: createReload(files),
      renamed: createRenamedFiles({ archive, journal, nowMs: monotonicMs }),
      nowUs: wallMicros,
      log: thread.log,
      warn: thread.warn,
    });
    link.epoch = started.commit.identity.epoch;
    const { journalFile, bridge } = settings;
    upkeep = startUpkeep(
      { journalFile, epoch: link.epoch, keepDays: bridge.keep_days },
      ({ level, line }) => thread.post({ kind: "log", level, line: `[Bridge] ${line}` }),
    );
    await pumpFiles({ thread, link, journal, archive, files, started, onAlive });
  } finally {
    clearInterval(reporting);
    clearInterval(living);
    await general.close();
    await upkeep?.stop();
    journal.close();
    await Promise.race([hazelcast.shutdown(), sleep(1_000)]);
  }
}

type FilesDeps = {
  readonly thread: ThreadDeps;
  readonly link: Link;
  readonly journal: ScanJournal;
  readonly archive: ArchiveReader;
  readonly files: ScanFiles;
  readonly started: Started;
  readonly onAlive: () => void;
};

const CLOCKS = { nowUs: wallMicros, nowMs: monotonicMs, cpuMs: threadCpuMs };

async function pumpFiles(deps: FilesDeps): Promise<void> {
  const { thread, link, journal, archive, files, started, onAlive } = deps;
  const { settings, log, stopping } = thread;
  const newest = newestOf(journal, started);
  const intake = new Intake({ archive, journal, ...CLOCKS, queueMax: QUEUE_MAX });
  const watch = openWatch(thread, link);
  const unfinished = new Unfinished({ archive, intake, journal, ...CLOCKS });
  const whichDays = new WhichDays({
    ...CLOCKS,
    archive,
    journal,
    since: settings.bridge.since,
    startedAfterDay: newest === null ? null : dayOfFile(newest.name),
    newestDay: () => link.pump?.newestDay() ?? null,
  });
  const rounds = new Rounds({
    ...CLOCKS,
    archive,
    intake,
    unfinished,
    watch,
    reconcileMs: settings.bridge.reconcile_s * 1_000,
    whichDays,
    onProgress: () => link.pump?.listed(),
    log,
    warn: thread.warn,
  });
  const pump = new Pump({
    ...CLOCKS,
    commit: started.commit,
    journal,
    intake,
    unfinished,
    rounds,
    telemetry: link.telemetry,
    files,
    lastSeq: started.lastSeq,
    newest,
    log,
    stopping,
    onAlive,
  });
  link.pump = pump;
  link.rounds = rounds;
  link.whichDays = whichDays;
  try {
    await pump.run();
  } finally {
    watch?.close();
  }
}

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
    ...configuredCluster(settings.hazelcast),
    name: settings.instance,
    onLog: (level, line) => thread.post({ kind: "log", level, line: `[Hazelcast] ${line}` }),
  });
  const store = createScanStore(hazelcast);
  // From now on, because a start that waits for its journal is alive, too.
  const reporting = setInterval(() => report(thread, store), REPORT_MS);
  return { hazelcast, store, reporting };
}

/** The order continues from the newest scan in order that Hazelcast or the journal knows. */
function newestOf(journal: ScanJournal, started: Started): Newest | null {
  const row = journal.newestInOrder();
  const head = parseScanHead(started.commit.state.latest);
  if (head !== null && (row === null || row.seq < head.seq)) {
    const timeUs = microsFromOurIso(head.file_mtime);
    return { name: head.file, scanNumber: head.scan_number, timeUs };
  }
  return row === null ? null : { ...row, name: row.file };
}
