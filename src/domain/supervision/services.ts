/** The table of the services that DOLPHIN supervises; a new service is one row and one folder in src/services. */

export const LAYERS = ["trader", "scan", "indicators", "health", "batch"] as const;
export type Layer = (typeof LAYERS)[number];

export const SERVICE_NAMES = ["scan-bridge", "trader-blue", "trader-green"] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

export type ServiceSpec = {
  readonly name: string;
  readonly layer: Layer;
  /** The module that the child process runs, relative to `src/services`. */
  readonly module: string;
  readonly nodeArgs: readonly string[];
  /** How long the ready state must hold before a start counts as successful. */
  readonly startSeconds: number;
  /** How long SIGTERM is given before SIGKILL. */
  readonly stopWaitSeconds: number;
  readonly rssWarnBytes: number;
  readonly rssRestartBytes: number;
  readonly cpuWarnPercent: number;
  readonly cpuAlertPercent: number;
  readonly autostart: boolean;
};

const MIB = 1_048_576;

export const SERVICES: Readonly<Record<ServiceName, ServiceSpec>> = {
  "scan-bridge": {
    name: "scan-bridge",
    layer: "scan",
    module: "scan-bridge/main.ts",
    nodeArgs: ["--max-old-space-size=64", "--max-semi-space-size=8"],
    startSeconds: 5,
    stopWaitSeconds: 10,
    rssWarnBytes: 200 * MIB,
    rssRestartBytes: 500 * MIB,
    cpuWarnPercent: 50,
    cpuAlertPercent: 80,
    autostart: true,
  },
  "trader-blue": {
    name: "trader-blue",
    layer: "trader",
    module: "trader/main.ts",
    nodeArgs: ["--max-old-space-size=128", "--max-semi-space-size=8"],
    startSeconds: 5,
    stopWaitSeconds: 10,
    rssWarnBytes: 250 * MIB,
    rssRestartBytes: 500 * MIB,
    cpuWarnPercent: 50,
    cpuAlertPercent: 80,
    // On paper only. A live broker's book is started by an operator.
    autostart: true,
  },
  "trader-green": {
    name: "trader-green",
    layer: "trader",
    module: "trader-green/main.ts",
    nodeArgs: ["--max-old-space-size=128", "--max-semi-space-size=8"],
    startSeconds: 5,
    stopWaitSeconds: 10,
    rssWarnBytes: 250 * MIB,
    rssRestartBytes: 500 * MIB,
    cpuWarnPercent: 50,
    cpuAlertPercent: 80,
    // For who compares a version with BLUE's; costs a process.
    autostart: false,
  },
};
