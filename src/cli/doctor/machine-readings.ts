/** The readings of a machine for `dolphin doctor`: nothing here judges, and nothing waits long. */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { freemem, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { monotonicMs, wallMs } from "../../adapters/clock.ts";
import { freeBytes } from "../../adapters/files/disk-room.ts";
import type { MachineReadings } from "../../domain/deployment/machine-checks.ts";
import { codeOf, messageOf } from "../../domain/failure.ts";
import { isDayFolder, isScanName } from "../../domain/scan/archive-names.ts";
import { holderOfPort } from "../../embedded/ports/port-holder.ts";
import { isPortFree } from "../../embedded/ports/ports.ts";
import { findToolchain } from "../../embedded/toolchain.ts";
import { isSecretKey } from "../../wire/redaction.ts";
import { type Config, valueAt } from "../../config.ts";
import type { CliContext } from "../context.ts";
import { filesNamedIn } from "../install/secret-files.ts";

const SERVER_PORTS = ["hazelcast", "temporal", "temporal_ui"] as const;
const OWN_PORTS = ["dashboard", "metrics"] as const;
type PortName = (typeof SERVER_PORTS | typeof OWN_PORTS)[number];
/** What is looked at of a day, from its end on, until one is a scan that can be read. */
const NAMES_EXAMINED_MAX = 100;
const SYNCED_WRITES = 11;
const WRITE_BYTES = 4_096;
const ASK_MS_MAX = 5_000;
const PERMISSIONS = 0o7777;

/** `servers`: whether they run on this machine as a part of the stack. */
export async function machineReadings(
  context: CliContext,
  has: { readonly servers: boolean },
): Promise<MachineReadings> {
  const { config, up } = context;
  const ports: readonly PortName[] = has.servers ? [...SERVER_PORTS, ...OWN_PORTS] : OWN_PORTS;
  return {
    nodeMajor: Number(process.versions.node.split(".")[0]),
    toolsProblem: problemOf(findToolchain),
    ports: await Promise.all(ports.map((name) => portReading(name, portOf(name, config, up)))),
    disk: await diskReading(nearestThere(config.data_dir)),
    isClockSynchronised: clockReading(),
    openFilesMax: openFilesReading(),
    memory: { totalBytes: totalmem(), availableBytes: freemem() },
    isRoot: process.getuid?.() === 0,
    dataDir: {
      path: config.data_dir,
      mode: modeOf(config.data_dir),
      isOurs: ownerOf(config.data_dir) === process.getuid?.(),
      problem: hiddenBy(config.data_dir),
    },
    secrets: secretFiles(context).map((path) => ({ path, mode: modeOf(path) })),
    archive: archiveReading(config.archive),
  };
}

/** A running `up` may have taken free ones. */
function portOf(name: PortName, { ports }: Config, up: CliContext["up"]): number {
  const address = up?.[name] ?? null;
  const found = address === null ? undefined : /:(\d+)\/?(?:metrics)?$/.exec(address)?.[1];
  return found === undefined ? ports[name] : Number(found);
}

async function portReading(name: string, port: number) {
  const isFree = port === 0 || (await isPortFree(port));
  const holder = isFree ? null : holderOfPort(port);
  return { name, port, isFree, holder: holder?.name ?? null, isOurs: holder?.isOurs ?? null };
}

function nearestThere(path: string): string {
  return modeOf(path) !== null || dirname(path) === path ? path : nearestThere(dirname(path));
}

async function diskReading(path: string): Promise<MachineReadings["disk"]> {
  const file = join(path, `.doctor-${process.pid}`);
  try {
    const syncMs = syncedWriteMs(file);
    return { path, freeBytes: await freeBytes(path), syncMs, problem: null };
  } catch (error) {
    return { path, freeBytes: null, syncMs: null, problem: messageOf(error) };
  } finally {
    // Where a path leads through a file, even that is an error.
    if (modeOf(file) !== null) rmSync(file, { force: true });
  }
}

/** The median. */
function syncedWriteMs(file: string): number {
  const handle = openSync(file, "wx", 0o600);
  try {
    const times = Array.from({ length: SYNCED_WRITES }, () => {
      const beganMs = monotonicMs();
      writeSync(handle, Buffer.alloc(WRITE_BYTES));
      fsyncSync(handle);
      return monotonicMs() - beganMs;
    });
    return times.toSorted((a, b) => a - b)[Math.floor(SYNCED_WRITES / 2)] ?? 0;
  } finally {
    closeSync(handle);
  }
}

/** Null where it is unknown. */
function clockReading(): boolean | null {
  const words = ["show", "--property=NTPSynchronized", "--value"];
  const asked = spawnSync("timedatectl", words, { encoding: "utf8", timeout: ASK_MS_MAX });
  const answer = asked.status === 0 ? asked.stdout.trim() : "";
  return answer === "yes" ? true : answer === "no" ? false : null;
}

function openFilesReading(): number | null {
  const text = readOr(() => readFileSync("/proc/self/limits", "utf8"), "");
  const limit = /^Max open files\s+(\S+)/m.exec(text)?.[1];
  if (limit === undefined) return null;
  return limit === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(limit);
}

/** Files that the configuration names as secrets, and the configuration file itself if it contains one. */
function secretFiles({ loaded, config }: CliContext): readonly string[] {
  const inFile = [...loaded.origins].some(
    ([key, origin]) =>
      origin.startsWith("file ") &&
      isSecretKey(key.split(".").at(-1) ?? "") &&
      typeof valueAt(config, key) === "string",
  );
  const named = filesNamedIn(config);
  return [...new Set([...named, ...(inFile && loaded.file !== null ? [loaded.file] : [])])];
}

/** Names sort by time within a day, so few files are looked at, however many there are. */
function archiveReading(path: string): MachineReadings["archive"] {
  try {
    const day = readdirSync(path).filter(isDayFolder).toSorted().at(-1);
    const names = day === undefined ? [] : readdirSync(join(path, day)).filter(isScanName);
    const last = names.toSorted().slice(-NAMES_EXAMINED_MAX).toReversed();
    // A folder, a FIFO or a link to nowhere is no scan, and stops none.
    const file = last.map((name) => join(path, day ?? "", name)).find(isFile);
    if (file === undefined) return { path, problem: null, newestAgeS: null };
    closeSync(openSync(file, "r"));
    return { path, problem: null, newestAgeS: (wallMs() - statSync(file).mtimeMs) / 1_000 };
  } catch (error) {
    return { path, problem: messageOf(error), newestAgeS: null };
  }
}

function isFile(path: string): boolean {
  return readOr(() => statSync(path).isFile(), false);
}

function modeOf(path: string): number | null {
  return readOr(() => statSync(path).mode & PERMISSIONS, null);
}

/** Why a path that may exist cannot be looked at; null: it can, or there is none. */
function hiddenBy(path: string): string | null {
  try {
    statSync(path);
    readdirSync(path);
    return null;
  } catch (error) {
    return codeOf(error) === "EACCES" ? messageOf(error) : null;
  }
}

function ownerOf(path: string): number | undefined {
  return readOr(() => statSync(path).uid, undefined);
}

function problemOf(attempt: () => unknown): string | null {
  try {
    attempt();
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

function readOr<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
