/**
 * The scan bridge as a real process on an archive and a data directory of its own, against a real
 * Hazelcast member that the tests of one file share.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { ClientOfflineError, TargetDisconnectedError } from "hazelcast-client";
import { NODE_FLAGS } from "../../src/adapters/process/node-flags.ts";
import {
  connectHazelcast,
  type HazelcastHandle,
} from "../../src/adapters/hazelcast/hazelcast-client.ts";
import { ScanJournal } from "../../src/adapters/scan-journal/scan-journal.ts";
import { codeOf } from "../../src/domain/failure.ts";
import { SERVICES } from "../../src/domain/supervision/services.ts";
import type { HazelcastMember } from "../../src/embedded/hazelcast-member.ts";
import { findFreePort } from "../../src/embedded/ports/ports.ts";
import type { ServiceBeat } from "../../src/wire/control-pipe.ts";
import {
  type Checkpoint,
  CHECKPOINT_KEY,
  DONE_MAP,
  FEATURES_MAP,
  LATEST_KEY,
  SCANS_RING,
} from "../../src/wire/scan-value.ts";
import { makeTemporaryDirectory, removeTemporaryDirectory, startTestHazelcast } from "./servers.ts";
import { listenTo } from "./service-pipe.ts";
import { until } from "./until.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const RING_READ_MAX = 500;

export type Lab = Awaited<ReturnType<typeof openLab>>;

/**
 * One member and one client for the tests of a file. The member announces `publicPort` to its clients, where a proxy
 * listens.
 */
export async function openLab(name: string, publicPort?: number) {
  const dir = makeTemporaryDirectory(name);
  const port = await findFreePort();
  const isProxied = publicPort !== undefined;
  const address = `-Dhazelcast.local.publicAddress=127.0.0.1:${publicPort}`;
  let member: HazelcastMember = await startTestHazelcast(dir, port, isProxied ? [address] : []);
  const hazelcast = await connectHazelcast({
    address: member.address,
    cluster: "dolphin",
    name: `test ${name}`,
    deadlineMs: 60_000,
  });
  await until("the test's own client is connected", () => hazelcast.connected());
  const sites: Site[] = [];
  return {
    dir,
    cluster: clusterOf(hazelcast),
    port,
    address: member.address,
    member: () => member,
    /** A fresh archive and data directory; the cluster is empty. */
    async site(options: Partial<SiteOptions> = {}): Promise<Site> {
      await clusterOf(hazelcast).clear();
      const at = join(dir, `site-${sites.length}`);
      const site = openSite({ dir: at, address: member.address, ...options });
      sites.push(site);
      return site;
    },
    /** SIGKILL, and a new, empty member on the same port once `meanwhile` is over. */
    async replaceMember(meanwhile: () => Promise<void>): Promise<void> {
      member.kill();
      await member.exited;
      await meanwhile();
      member = await startTestHazelcast(dir, port);
      await until("the test's own client is connected again", () => hazelcast.connected());
    },
    async stopBridges(): Promise<void> {
      for (const site of sites) await site.killAll();
    },
    async close(): Promise<void> {
      for (const site of sites) await site.killAll();
      await hazelcast.shutdown();
      await member.stop();
      if (process.env["KEEP_STAGE"] === undefined) removeTemporaryDirectory(dir);
    },
  };
}

export type Cluster = ReturnType<typeof clusterOf>;
export type ScanValue = {
  readonly seq: number;
  readonly scan_number: number;
  readonly epoch: number;
  readonly instance: string;
  readonly file: string;
  readonly late: boolean;
  readonly replayed: boolean;
  readonly bridge_ts: string;
};

async function readRing(client: HazelcastHandle["client"]): Promise<readonly ScanValue[]> {
  const ring = await client.getRingbuffer<string>(SCANS_RING);
  const values: ScanValue[] = [];
  let next = (await ring.headSequence()).toNumber();
  const tail = (await ring.tailSequence()).toNumber();
  while (next <= tail) {
    const chunk = await ring.readMany(next, 1, Math.min(RING_READ_MAX, tail - next + 1));
    for (let at = 0; at < chunk.size(); at += 1) values.push(JSON.parse(chunk.get(at)));
    next += chunk.size();
  }
  return values;
}

function clusterOf(hazelcast: HazelcastHandle) {
  const { client } = hazelcast;
  // The client reconnects to a member that was frozen, or that a busy machine kept silent for too long.
  const connected = () => until("the test's own client is connected", () => hazelcast.connected());
  const features = async () => {
    await connected();
    return client.getMap<string, unknown>(FEATURES_MAP);
  };
  /** The bridge's client is the one that is tested: a question of ours is asked again once there is a connection. */
  const asked = async <T>(ask: () => Promise<T>): Promise<T> => {
    for (;;) {
      await connected();
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof ClientOfflineError || error instanceof TargetDisconnectedError)) {
          throw error;
        }
      }
    }
  };
  const textAt = (key: string): Promise<string> =>
    asked(async () => {
      const text = await (await features()).get(key);
      return typeof text === "string" ? text : "null";
    });
  return {
    client,
    features,
    async latest(): Promise<ScanValue | null> {
      return JSON.parse(await textAt(LATEST_KEY));
    },
    async checkpoint(): Promise<Pick<Checkpoint, "epoch" | "seq" | "files"> | null> {
      return JSON.parse(await textAt(CHECKPOINT_KEY));
    },
    async done(): Promise<ReadonlyMap<string, { readonly seq: number; readonly hash: string }>> {
      const entries = await asked(async () =>
        (await client.getMap<string, string>(DONE_MAP)).entrySet(),
      );
      return new Map(entries.map(([file, text]) => [file, JSON.parse(text)]));
    },
    ring: (): Promise<readonly ScanValue[]> => asked(() => readRing(client)),
    async clear(): Promise<void> {
      await asked(async () => (await features()).clear());
      await asked(async () => (await client.getMap(DONE_MAP)).clear());
      await asked(async () => (await client.getRingbuffer(SCANS_RING)).destroy());
    },
  };
}

export type SiteOptions = {
  readonly dir: string;
  readonly address: string;
  /** For one that is not below `dir`. */
  readonly archive: string;
};
export type Site = ReturnType<typeof openSite>;
export type BridgeOptions = {
  /** Lines of YAML. */
  readonly yaml: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Of every call to Hazelcast. */
  readonly deadlineMs: number;
  /** The program that starts Node, such as `setpriv --reuid 65534`. */
  readonly wrapper: readonly string[];
};

function openSite(options: Pick<SiteOptions, "dir" | "address"> & Partial<SiteOptions>) {
  const { dir, address } = options;
  const archive = options.archive ?? join(dir, "archive");
  const data = join(dir, "data");
  mkdirSync(data, { recursive: true });
  const journalFile = join(data, "journal", "scan-bridge.db");
  const bridges: Bridge[] = [];
  /** Reads by a connection of its own; null while there is none that can be read. */
  const readJournal = <T>(read: (journal: ScanJournal) => T): T | null => {
    if (!existsSync(journalFile)) return null;
    let journal: ScanJournal | null = null;
    try {
      journal = new ScanJournal(journalFile, { readonly: true });
      return read(journal);
    } catch (error) {
      if (codeOf(error)?.startsWith("JOURNAL_") === true) return null;
      throw error;
    } finally {
      journal?.close();
    }
  };
  const lastSeq = () => readJournal((journal) => journal.lastSeq()) ?? 0;
  return {
    dir,
    data,
    archive,
    journalFile,
    readJournal,
    lastSeq,
    /** Starts a bridge; it is ready when this resolves. */
    async start(how: Partial<BridgeOptions> = {}): Promise<Bridge> {
      const bridge = spawnBridge({ dir, data, archive, address, how });
      bridges.push(bridge);
      await bridge.ready;
      return bridge;
    },
    /** Starts a bridge that may never become ready. */
    spawn(how: Partial<BridgeOptions> = {}): Bridge {
      const bridge = spawnBridge({ dir, data, archive, address, how });
      bridge.ready.catch(() => {});
      bridges.push(bridge);
      return bridge;
    },
    /** Waits until the journal holds `count` files with a verdict. */
    settled: (count: number) =>
      until(`${count} files have a verdict`, () => {
        const counts = readJournal((journal) => journal.counts());
        return counts !== null && count <= counts.pushed + counts.duplicates + counts.quarantined;
      }),
    /**
     * Waits until the journal has assigned this seq. The cluster may not have it yet: `untilDone` waits for that, too.
     */
    journaled: (seq: number) => until(`seq ${seq} is in the journal`, () => seq <= lastSeq()),
    verdict: (file: string) => readJournal((journal) => journal.file(file)?.verdict ?? null),
    async killAll(): Promise<void> {
      for (const bridge of bridges) await bridge.kill();
    },
  };
}

type End = { readonly code: number | null; readonly signal: NodeJS.Signals | null };
export type Bridge = ReturnType<typeof spawnBridge>;

function spawnBridge(of: {
  readonly dir: string;
  readonly data: string;
  readonly archive: string;
  readonly address: string;
  readonly how: Partial<BridgeOptions>;
}) {
  const { dir, data, archive, address, how } = of;
  const config = join(dir, "dolphin.yaml");
  const output = join(dir, "bridge.out");
  const lines = [
    `data_dir: ${data}`,
    `archive: ${archive}`,
    `hazelcast: { address: "${address}", cluster: dolphin, deadline_ms: ${how.deadlineMs ?? 1_000} }`,
    ...(how.yaml ?? ["scan_bridge: { reconcile_s: 0.3 }"]),
  ];
  writeFileSync(config, lines.join("\n"));
  const spec = SERVICES["scan-bridge"];
  const command = [
    ...(how.wrapper ?? []),
    process.execPath,
    ...NODE_FLAGS,
    ...spec.nodeArgs,
    join(ROOT, "src/services", spec.module),
  ];
  const out = openSync(output, "a");
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ["ignore", out, out, "pipe"],
    env: { ...process.env, ...how.env, DOLPHIN_CONFIG: config },
  });
  const heard = listenTo(child);
  const exited = new Promise<End>((settle) => {
    child.once("exit", (code, signal) => settle({ code, signal }));
  });
  const isGone = () => child.exitCode !== null || child.signalCode !== null;
  const logFile = join(data, "logs", "scan-bridge.log");
  const messages = () => (existsSync(logFile) ? messagesIn(logFile) : []);
  const ready = Promise.race([
    until("the bridge is ready", () => heard.isReady),
    exited.then(({ code }) => {
      throw new Error(`the bridge ended with ${code}: ${readFileSync(output, "utf8")}`);
    }),
  ]);
  return {
    child,
    pid: child.pid!,
    ready,
    exited,
    isGone,
    beats: heard.beats,
    beat: () => heard.beats.at(-1) ?? null,
    /** All messages in its log file, those of earlier lives on the same data directory included. */
    messages,
    signal: (name: NodeJS.Signals) => child.kill(name),
    /** Waits for a beat that says so, among those still to come. */
    beatWhere: (what: string, check: (beat: ServiceBeat) => boolean) => {
      const from = heard.beats.length;
      return until(`a beat: ${what}`, () => heard.beats.slice(from).find(check));
    },
    saidInLog: (text: string) =>
      until(`the log says: ${text}`, () => messages().find((line) => line.includes(text))),
    /** SIGTERM and the end of the process. */
    async stop() {
      child.kill("SIGTERM");
      return exited;
    },
    async kill(): Promise<void> {
      if (isGone()) return;
      child.kill("SIGCONT");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

function messagesIn(logFile: string): string[] {
  const lines = readFileSync(logFile, "utf8").split("\n");
  return lines.flatMap((line) => {
    try {
      const { msg }: { msg: string } = JSON.parse(line);
      return [msg];
    } catch {
      // The last line may be half written.
      return [];
    }
  });
}
