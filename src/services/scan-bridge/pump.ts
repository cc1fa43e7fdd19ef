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
import { type ArchiveWatch, watchArchive } from "../../adapters/archive/watch-archive.ts";
import { monotonicMs, wallMicros } from "../../adapters/clock.ts";
import { connectHazelcast } from "../../adapters/hazelcast/hazelcast-client.ts";
import { createScanStore, type ScanStore } from "../../adapters/hazelcast/scan-store.ts";
import { ScanJournal, setJournalAside } from "../../adapters/journal/scan-journal.ts";
import { assert } from "../../domain/assert.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { previousDay } from "../../domain/scan/archive-names.ts";
import type { Newest } from "../../domain/scan/order.ts";
import { isoFromMicros } from "../../domain/time.ts";
import { createGeneralReader } from "../../wire/arrow/read-scan.ts";
import { microsFromIso, parseScanHead } from "../../wire/scan-value.ts";
import type { ArchiveReader } from "./intake/archive-reader.ts";
import { FencedError, StoppedError, type HazelcastPatience } from "./commit/cluster-state.ts";
import type { CommitStep } from "./commit/commit.ts";
import { Intake } from "./intake/intake.ts";
import {
  EXIT_CONFIGURATION,
  EXIT_FAILED,
  EXIT_FENCED,
  EXIT_STOPPED,
  type MainMessage,
  NO_FACTS,
  type PumpMessage,
  type PumpSettings,
} from "./pump-messages.ts";
import { Pump } from "./pump-loop.ts";
import { type StartDeps, type Started, startBridge } from "./commit/recover.ts";
import { createReload, type ScanFiles } from "./commit/reload.ts";
import { createRenamedFiles } from "./commit/renamed-files.ts";
import { Rounds } from "./intake/rounds.ts";
import type { LatencySummary } from "../latency.ts";
import { createTelemetry } from "./telemetry.ts";
import { Unfinished } from "./intake/unfinished.ts";

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
  let isStopping = false;
  const link: Link = { isUp: true, trouble: null, pump: null, rounds: null, epoch: 0 };
  const started = Promise.withResolvers<PumpSettings>();
  port.on("message", (message: MainMessage) => {
    if (message.kind === "start") {
      started.resolve(message.settings);
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
  };
  try {
    await pumpUntilStopped(deps);
    post({ kind: "end", exitCode: EXIT_STOPPED, line: "stopped" });
  } catch (error) {
    if (codeOf(error) === "JOURNAL_CORRUPT") {
      const aside = setJournalAside(settings.journalFile, String(wallMicros()));
      deps.log(`the journal is put aside as ${aside}: the next start rebuilds it from Hazelcast`);
    }
    post(endMessage(error));
  }
}

type ThreadDeps = {
  readonly settings: PumpSettings;
  readonly post: (message: PumpMessage) => void;
  readonly onStep: (step: CommitStep) => void;
  readonly stopping: () => boolean;
  readonly link: Link;
  readonly log: (line: string) => void;
};

async function pumpUntilStopped(thread: ThreadDeps): Promise<void> {
  const { settings, link } = thread;
  const shared: SharedArrayBuffer = workerData;
  const alive = new Int32Array(shared);
  const onAlive = () => void Atomics.add(alive, 0, 1);
  const living = setInterval(onAlive, ALIVE_MS);
  const hazelcastReady = openHazelcast(thread);
  const journal = await openJournal(thread);
  thread.post({ kind: "journal-open" });
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
  const { hazelcast, store } = await hazelcastReady;
  const reporting = setInterval(() => report(thread, store), REPORT_MS);
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
    });
    link.epoch = started.commit.identity.epoch;
    await pumpFiles({ thread, link, journal, archive, files, started, onAlive });
  } finally {
    clearInterval(reporting);
    clearInterval(living);
    await general.close();
    journal.close();
    await Promise.race([hazelcast.shutdown(), sleep(1_000)]);
  }
}

/** A start changes nothing in Hazelcast before the journal has taken its epoch; it can be repeated. */
async function startWhenWritable(thread: ThreadDeps, deps: StartDeps): Promise<Started> {
  for (;;) {
    try {
      const started = await startBridge(deps);
      thread.link.trouble = null;
      return started;
    } catch (error) {
      if (codeOf(error) !== "JOURNAL_UNAVAILABLE" || thread.stopping()) throw error;
      waitForJournal(thread, messageOf(error));
      await sleep(JOURNAL_RETRY_MS);
    }
  }
}

/** Without Hazelcast and archive the pump has nothing to say yet: the journal comes first. */
function waitForJournal({ link, log, post, settings }: ThreadDeps, trouble: string): void {
  if (link.trouble === null) log(`waiting for the journal: ${trouble}`);
  link.trouble = trouble;
  const counters = { epoch: link.epoch, instance: settings.instance };
  const facts = { ...NO_FACTS, hazelcast: link.isUp ? "ok" : "down" } as const;
  post({ kind: "report", state: `waiting: journal (${trouble})`, facts, counters });
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

const CLOCKS = { nowUs: wallMicros, nowMs: monotonicMs };

async function pumpFiles(deps: FilesDeps): Promise<void> {
  const { thread, link, journal, archive, files, started, onAlive } = deps;
  const { settings, log, stopping } = thread;
  const newest = newestOf(journal, started);
  const intake = new Intake({ archive, journal, ...CLOCKS, queueMax: QUEUE_MAX });
  const watch = openWatch(thread, link);
  const rounds = new Rounds({
    archive,
    intake,
    watch,
    reconcileMs: settings.bridge.reconcile_s * 1_000,
    checkpointDay: () => link.pump?.newestDay() ?? null,
    firstDay: (days) => firstDayOf({ journal, since: settings.bridge.since, newest, days }),
    nowMs: monotonicMs,
    onProgress: () => link.pump?.progressed(),
    log,
  });
  const pump = new Pump({
    ...CLOCKS,
    commit: started.commit,
    journal,
    intake,
    unfinished: new Unfinished({ archive, intake, ...CLOCKS }),
    rounds,
    telemetry: createTelemetry(),
    files,
    lastSeq: started.lastSeq,
    newest,
    log,
    stopping,
    onAlive,
  });
  link.pump = pump;
  link.rounds = rounds;
  try {
    await pump.run();
  } finally {
    watch?.close();
  }
}

function openWatch(thread: ThreadDeps, link: Link): ArchiveWatch | null {
  const { archive, bridge } = thread.settings;
  const remote = remoteFileSystemOf(archive);
  if (bridge.watch === "poll" || remote !== null) {
    const why = remote === null ? "as configured" : `${remote} tells no events`;
    thread.log(`listing ${archive} every ${bridge.reconcile_s} s (${why})`);
    return null;
  }
  thread.log(`watching ${archive}`);
  return watchArchive(archive, {
    onName: (day, name) => link.pump?.hint(`${day}/${name}`),
    onRoot: () => link.pump?.wakeRound(),
  });
}

/** What the reports are made of, as far as it exists yet. */
type Link = {
  isUp: boolean;
  /** Why the journal cannot be used at the start. */
  trouble: string | null;
  pump: Pump | null;
  rounds: Rounds | null;
  epoch: number;
};

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
  for (;;) {
    try {
      mkdirSync(dirname(path), { recursive: true });
      const journal = new ScanJournal(path);
      thread.link.trouble = null;
      return journal;
    } catch (error) {
      const code = codeOf(error);
      if (code === "JOURNAL_CORRUPT") {
        const aside = setJournalAside(path, String(wallMicros()));
        thread.log(`${messageOf(error)}: put aside as ${aside}, rebuilding from Hazelcast`);
        continue;
      }
      if (code === "JOURNAL_VERSION" || thread.stopping()) throw error;
      waitForJournal(thread, messageOf(error));
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

/** The first day whose files count; kept in the journal, and moved back only by `since`. */
function firstDayOf(of: {
  readonly journal: ScanJournal;
  readonly since: string | null;
  readonly newest: Newest | null;
  readonly days: readonly string[];
}): string | null {
  const { journal, since, newest, days } = of;
  const kept = journal.meta("first_day");
  if (kept !== null && (since === null || kept <= since)) return kept;
  const known = newest === null ? undefined : previousDay(newest.name.slice(0, 10));
  const first = since ?? known ?? days.at(-1) ?? null;
  if (first !== null) journal.setMeta("first_day", first);
  return first;
}

function report(thread: ThreadDeps, store: ScanStore): void {
  const { settings, link, post } = thread;
  if (link.trouble !== null) return;
  const now = link.pump?.report() ?? null;
  const archive = link.rounds?.state ?? "ok";
  const hazelcast = link.isUp ? "ok" : "down";
  const waitsFor = !link.isUp ? "hazelcast" : archive === "missing" ? "archive" : null;
  const state = waitsFor === null ? (now?.state ?? "starting") : `waiting: ${waitsFor}`;
  const facts = { ...(now?.facts ?? NO_FACTS), archive, hazelcast } as const;
  const figures = { epoch: link.epoch, instance: settings.instance, ...now?.summary };
  post({ kind: "report", state, facts, counters: flatten(figures) });
  const heartbeat = {
    service: "scan-bridge",
    pid: process.pid,
    host: hostname(),
    started_at: isoFromMicros(settings.startedUs),
    updated_at: isoFromMicros(wallMicros()),
    state,
    backlog: facts.backlog,
    /** For who asks how the bridge is while Temporal is away. */
    facts,
    ...figures,
  };
  // An unanswered heartbeat is no event: the next one follows in a second.
  store.putHeartbeat("scan-bridge", JSON.stringify(heartbeat)).catch(() => {});
}

type Figure = number | string | null;

/** `seen_to_hazelcast_ms: {p50, p99}` becomes `seen_to_hazelcast_ms_p50` and `..._p99`. */
function flatten(figures: Record<string, Figure | LatencySummary>): Record<string, Figure> {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([key, value]) =>
      typeof value === "object" && value !== null
        ? Object.entries(value).map(([part, ms]) => [`${key}_${part}`, ms] as const)
        : [[key, value] as const],
    ),
  );
}

function endMessage(error: unknown): PumpMessage {
  const code = codeOf(error);
  const line = messageOf(error);
  const isFenced = error instanceof FencedError || code === "JOURNAL_FENCED";
  if (isFenced) return { kind: "end", exitCode: EXIT_FENCED, line };
  if (error instanceof StoppedError) return { kind: "end", exitCode: EXIT_STOPPED, line };
  if (code === "JOURNAL_VERSION") return { kind: "end", exitCode: EXIT_CONFIGURATION, line };
  const stack = error instanceof Error ? error.stack : undefined;
  return { kind: "end", exitCode: EXIT_FAILED, line: stack ?? line };
}
