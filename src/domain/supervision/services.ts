/**
 * The table of the services that DOLPHIN supervises; a new service is one row here and one folder in src/services.
 * General code asks a row for its role, its book or its group, never for its name.
 */
import { assert } from "../assert.ts";
import type { BookName } from "../trading/books.ts";
import {
  BOOKKEEPER_TIES,
  BRIDGE_TIES,
  GREEN_TIES,
  HEALTH_TIES,
  ORDER_BOOK_TIES,
  type Ties,
  TRADER_TIES,
} from "./ties.ts";

export const LAYERS = ["trader", "scan", "indicators", "health", "batch"] as const;
export type Layer = (typeof LAYERS)[number];

export const SERVICE_NAMES = [
  "scan-bridge",
  "trader-blue",
  "trader-green",
  "bookkeeper",
  "order-book",
  "health",
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

/** What a service does: `bridge` pushes scans, `trader` trades its book, `streamer` publishes order books. */
export const ROLES = ["bridge", "trader", "bookkeeper", "streamer", "health"] as const;
export type Role = (typeof ROLES)[number];

/** Services that an operator starts and stops together: `dolphin start group:trading`. */
export const GROUPS = ["data", "trading", "health"] as const;
export type Group = (typeof GROUPS)[number];

export type Dependency = ServiceName | "hazelcast" | "archive";

export type ServiceLimits = {
  /** Hard cap: an allocation beyond it fails, or the kernel kills the process. */
  readonly memoryMaxBytes: number;
  /** Percent of one core. */
  readonly cpuMaxPercent: number;
  /** Processes and threads together. */
  readonly tasksMax: number;
};

export type ServiceSpec = {
  readonly name: string;
  readonly layer: Layer;
  readonly role: Role;
  /** The book that it trades; null for other services. */
  readonly book: BookName | null;
  readonly group: Group;
  /** The dependencies, nearest first; they determine the start order of a group. */
  readonly dependsOn: readonly Dependency[];
  /** The module that the child process runs, relative to `src/services`. */
  readonly module: string;
  readonly nodeArgs: readonly string[];
  /** Whether its latency is measured in milliseconds. */
  readonly isUrgent: boolean;
  /** Seconds of readiness after which a start counts as successful. */
  readonly startSeconds: number;
  /** Seconds between SIGTERM and SIGKILL. */
  readonly stopWaitSeconds: number;
  readonly rssWarnBytes: number;
  readonly rssRestartBytes: number;
  readonly cpuWarnPercent: number;
  readonly cpuAlertPercent: number;
  /** Above the marks of the watch: only a process that grows faster than the watch looks meets them. */
  readonly limits: ServiceLimits;
  readonly autostart: boolean;
  /** Dependencies, inputs and queue, with whose fault it is when they fail. */
  readonly ties: Ties;
};

const MIB = 1_048_576;
const LIMITS: ServiceLimits = { memoryMaxBytes: 768 * MIB, cpuMaxPercent: 400, tasksMax: 256 };

export const SERVICES: Readonly<Record<ServiceName, ServiceSpec>> = {
  "scan-bridge": {
    name: "scan-bridge",
    layer: "scan",
    role: "bridge",
    book: null,
    group: "data",
    dependsOn: ["archive", "hazelcast"],
    module: "scan-bridge/main.ts",
    // For the main thread, which beats and answers; the pump thread's limits are set where it starts.
    nodeArgs: ["--max-old-space-size=64", "--max-semi-space-size=1"],
    isUrgent: true,
    startSeconds: 5,
    stopWaitSeconds: 10,
    rssWarnBytes: 200 * MIB,
    rssRestartBytes: 500 * MIB,
    cpuWarnPercent: 50,
    cpuAlertPercent: 80,
    limits: LIMITS,
    autostart: true,
    ties: BRIDGE_TIES,
  },
  "trader-blue": {
    name: "trader-blue",
    layer: "trader",
    role: "trader",
    book: "BLUE",
    group: "trading",
    dependsOn: ["scan-bridge", "hazelcast"],
    module: "trader/main.ts",
    nodeArgs: ["--max-old-space-size=128", "--max-semi-space-size=8"],
    isUrgent: true,
    startSeconds: 5,
    stopWaitSeconds: 10,
    rssWarnBytes: 250 * MIB,
    rssRestartBytes: 500 * MIB,
    cpuWarnPercent: 50,
    cpuAlertPercent: 80,
    limits: LIMITS,
    // Paper only. An operator starts the book of a live broker.
    autostart: true,
    ties: TRADER_TIES,
  },
  "trader-green": {
    name: "trader-green",
    layer: "trader",
    role: "trader",
    book: "GREEN",
    group: "trading",
    dependsOn: ["trader-blue", "hazelcast", "scan-bridge"],
    module: "trader-green/main.ts",
    nodeArgs: ["--max-old-space-size=128", "--max-semi-space-size=8"],
    isUrgent: true,
    startSeconds: 5,
    stopWaitSeconds: 10,
    rssWarnBytes: 250 * MIB,
    rssRestartBytes: 500 * MIB,
    cpuWarnPercent: 50,
    cpuAlertPercent: 80,
    limits: LIMITS,
    // For who compares a version with BLUE's; costs a process.
    autostart: false,
    ties: GREEN_TIES,
  },
  bookkeeper: {
    name: "bookkeeper",
    layer: "trader",
    role: "bookkeeper",
    book: null,
    group: "trading",
    dependsOn: ["trader-blue"],
    module: "bookkeeper/main.ts",
    nodeArgs: ["--max-old-space-size=96", "--max-semi-space-size=1", "--no-parallel-scavenge"],
    isUrgent: false,
    startSeconds: 5,
    stopWaitSeconds: 10,
    rssWarnBytes: 200 * MIB,
    rssRestartBytes: 400 * MIB,
    cpuWarnPercent: 50,
    cpuAlertPercent: 80,
    limits: LIMITS,
    autostart: true,
    ties: BOOKKEEPER_TIES,
  },
  "order-book": {
    name: "order-book",
    layer: "trader",
    role: "streamer",
    book: null,
    group: "data",
    dependsOn: ["hazelcast"],
    module: "order-book/main.ts",
    nodeArgs: ["--max-old-space-size=128", "--max-semi-space-size=4"],
    isUrgent: true,
    startSeconds: 5,
    stopWaitSeconds: 10,
    rssWarnBytes: 250 * MIB,
    rssRestartBytes: 500 * MIB,
    cpuWarnPercent: 50,
    cpuAlertPercent: 80,
    limits: LIMITS,
    // It starts where symbols are configured.
    autostart: false,
    ties: ORDER_BOOK_TIES,
  },
  health: {
    name: "health",
    layer: "health",
    role: "health",
    book: null,
    group: "health",
    // It reports on the servers, and works without them.
    dependsOn: [],
    module: "health/main.ts",
    nodeArgs: ["--max-old-space-size=64", "--max-semi-space-size=1", "--no-parallel-scavenge"],
    isUrgent: false,
    startSeconds: 5,
    stopWaitSeconds: 10,
    rssWarnBytes: 200 * MIB,
    rssRestartBytes: 400 * MIB,
    cpuWarnPercent: 50,
    cpuAlertPercent: 80,
    limits: LIMITS,
    autostart: true,
    ties: HEALTH_TIES,
  },
};

/** The service that trades a book. */
export function traderOf(book: BookName): ServiceSpec {
  return serviceWith("trader", book);
}

/** The service that pushes the scans. */
export function bridgeService(): ServiceSpec {
  return serviceWith("bridge", null);
}

function serviceWith(role: Role, book: BookName | null): ServiceSpec {
  const found = Object.values(SERVICES).find((row) => row.role === role && row.book === book);
  assert(found !== undefined, `the table of services has a ${role} of ${book ?? "no book"}`);
  return found;
}
