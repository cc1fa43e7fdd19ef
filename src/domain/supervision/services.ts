/**
 * The table of the services that DOLPHIN supervises; a new service is one row and one folder in src/services.
 * Code that is about all services asks a row for its role, its book or its group, never for its name.
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

/** What a service is there for: `bridge` brings the scans in, `trader` decides for its book, `streamer` brings order books in. */
export const ROLES = ["bridge", "trader", "bookkeeper", "streamer", "health"] as const;
export type Role = (typeof ROLES)[number];

/** What an operator starts and stops together: `dolphin start group:trading`. */
export const GROUPS = ["data", "trading", "health"] as const;
export type Group = (typeof GROUPS)[number];

export type Dependency = ServiceName | "hazelcast" | "archive";

export type ServiceLimits = {
  /** Hard cap: what goes beyond it fails, or is killed by the kernel. */
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
  /** The book that it decides for. */
  readonly book: BookName | null;
  readonly group: Group;
  /** What must work for it to work, nearest first; a group is started in this order. */
  readonly dependsOn: readonly Dependency[];
  /** The module that the child process runs, relative to `src/services`. */
  readonly module: string;
  readonly nodeArgs: readonly string[];
  /** Whether milliseconds count of what it does. */
  readonly isUrgent: boolean;
  /** How long the ready state must hold before a start counts as successful. */
  readonly startSeconds: number;
  /** How long SIGTERM is given before SIGKILL. */
  readonly stopWaitSeconds: number;
  readonly rssWarnBytes: number;
  readonly rssRestartBytes: number;
  readonly cpuWarnPercent: number;
  readonly cpuAlertPercent: number;
  /** Above what the watch acts on: only what grows faster than it looks meets them. */
  readonly limits: ServiceLimits;
  readonly autostart: boolean;
  /** What it needs and hears, and whose fault it is when that fails. */
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
    // For the main thread, which beats and answers: the pump's own is set where it starts.
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
    // On paper only. A live broker's book is started by an operator.
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
    nodeArgs: ["--max-old-space-size=96", "--max-semi-space-size=1"],
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
    // Where symbols are configured.
    autostart: false,
    ties: ORDER_BOOK_TIES,
  },
  health: {
    name: "health",
    layer: "health",
    role: "health",
    book: null,
    group: "health",
    // It tells what is wrong with them, and works without any.
    dependsOn: [],
    module: "health/main.ts",
    nodeArgs: ["--max-old-space-size=64", "--max-semi-space-size=1"],
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

/** The service that decides for a book. */
export function traderOf(book: BookName): ServiceSpec {
  return serviceWith("trader", book);
}

/** The service that brings the scans in. */
export function bridgeService(): ServiceSpec {
  return serviceWith("bridge", null);
}

function serviceWith(role: Role, book: BookName | null): ServiceSpec {
  const found = Object.values(SERVICES).find((row) => row.role === role && row.book === book);
  assert(found !== undefined, `the table of services has a ${role} of ${book ?? "no book"}`);
  return found;
}
