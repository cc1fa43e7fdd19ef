/**
 * One process as a systemd unit, confined to what it needs. Invariant: it may write exactly the folders of its
 * description, its own temporary folder and its own cache.
 */
import type { DeployedProcess } from "./deployed-processes.ts";

export type UnitSettings = {
  /** `user`: for `systemctl --user`, which runs as one user and has no capabilities to drop. */
  readonly manager: "system" | "user";
  /** User of system units. */
  readonly runAs: string;
  readonly checkout: string;
  readonly dataDir: string;
  readonly configFile: string | null;
  /** Paths that every unit may read. */
  readonly reads: readonly string[];
};

export type UnitText = {
  /** File name, such as `dolphin-watchdog.service`. */
  readonly file: string;
  readonly text: string;
};

export const TARGET = "dolphin.target";
const HOMES = /^\/(home|root|run\/user)(\/|$)/;
/** Exit codes of a wrong command line or configuration: only a person can mend these. */
const ENDS_FOR_GOOD = "64 78";
/** 128 + SIGTERM: Java's exit code when it is stopped. Without this, each stop would leave a failed unit. */
const STOPPED = "143";

/** `worker-scan` is an instance of the worker template. */
export function unitName({ name, layer }: Pick<DeployedProcess, "name" | "layer">): string {
  return layer === null ? `dolphin-${name}.service` : `dolphin-worker@${layer}.service`;
}

export function unitText(process: DeployedProcess, settings: UnitSettings): string {
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ["Unit", unitSection(process, settings)],
    ["Service", serviceSection(process, settings)],
    ["Install", [`WantedBy=${TARGET}`]],
  ];
  return [MADE_BY, ...sections.map(([name, lines]) => `[${name}]\n${lines.join("\n")}\n`)].join(
    "\n",
  );
}

export const MADE_BY =
  "# Written by `dolphin install systemd`, which overwrites it; put your changes into a drop-in.\n";

/** The settings of a layer that differ from the template. */
export function dropInText(process: DeployedProcess, template: DeployedProcess): string {
  const { memoryMaxMib, cpuMaxPercent, tasksMax } = process.limits;
  const writes = process.writes.filter((path) => !template.writes.includes(path));
  const lines = [
    `MemoryMax=${memoryMaxMib}M`,
    `CPUQuota=${cpuMaxPercent}%`,
    `TasksMax=${tasksMax}`,
    ...writes.map((path) => `ReadWritePaths=-${quoted(path)}`),
    ...(process.goesOutside && !template.goesOutside ? ["IPAddressDeny=", "IPAddressAllow="] : []),
  ];
  return `${MADE_BY}\n[Service]\n${lines.join("\n")}\n`;
}

function unitSection(process: DeployedProcess, settings: UnitSettings): readonly string[] {
  const after = process.after.map((name) =>
    name.startsWith("worker-")
      ? `dolphin-worker@${name.slice("worker-".length)}.service`
      : `dolphin-${name}.service`,
  );
  const network = process.goesOutside && settings.manager === "system";
  const order = [...after, ...(network ? ["network-online.target"] : [])];
  return [
    `Description=DOLPHIN ${process.about}`,
    `PartOf=${TARGET}`,
    // Ordering without a requirement: each process waits for those that do not answer yet, and is not stopped with
    // them.
    ...(order.length === 0 ? [] : [`After=${order.join(" ")}`]),
    ...(network ? ["Wants=network-online.target"] : []),
    `RequiresMountsFor=${[settings.checkout, settings.dataDir].map(quoted).join(" ")}`,
    // Nobody would restart a unit that systemd has given up, so it retries forever, at its own interval.
    "StartLimitIntervalSec=0",
  ];
}

function serviceSection(process: DeployedProcess, settings: UnitSettings): readonly string[] {
  const { memoryMaxMib, cpuMaxPercent, tasksMax } = process.limits;
  const isOnce = process.life === "once";
  return [
    ...(isOnce ? ["Type=oneshot", "RemainAfterExit=yes"] : ["Type=exec"]),
    ...(settings.manager === "system" ? [`User=${settings.runAs}`, `Group=${settings.runAs}`] : []),
    `WorkingDirectory=${escaped(settings.dataDir)}`,
    ...Object.entries(process.environment).map(
      ([name, value]) => `Environment=${quoted(`${name}=${value}`)}`,
    ),
    // Read by the manager before privileges are dropped: mode 0600, owned by root.
    "EnvironmentFile=-%E/dolphin/environment",
    `Environment=NODE_COMPILE_CACHE=%C/dolphin/compile`,
    `ExecStart=${commandLine(process.command)}`,
    `Restart=${isOnce ? "on-failure" : "always"}`,
    `RestartSec=${process.restartSeconds}`,
    `RestartPreventExitStatus=${ENDS_FOR_GOOD}`,
    ...(isOnce ? [] : [`SuccessExitStatus=${STOPPED}`]),
    // A service that the kernel kills for its memory is restarted by its supervisor; systemd would stop the worker, too.
    ...(process.layer === null ? [] : ["OOMPolicy=continue"]),
    // A worker ends its services in order; processes left after that, or after a crash, are killed with it.
    "KillMode=mixed",
    `TimeoutStopSec=${process.stopSeconds}`,
    ...(isOnce ? ["TimeoutStartSec=120"] : []),
    `MemoryMax=${memoryMaxMib}M`,
    `CPUQuota=${cpuMaxPercent}%`,
    `TasksMax=${tasksMax}`,
    "LimitNOFILE=65536",
    "LimitCORE=0",
    "",
    ...sandbox(process, settings),
  ];
}

/** No MemoryDenyWriteExecute: V8 and Java generate code at run time. */
function sandbox(process: DeployedProcess, settings: UnitSettings): readonly string[] {
  const { checkout, dataDir, configFile, reads } = settings;
  const paths = [checkout, dataDir, configFile, ...reads, ...process.writes, ...process.command];
  const needsHome = paths.some((path) => path !== null && HOMES.test(path));
  return [
    "ProtectSystem=strict",
    ...process.writes.map((path) => `ReadWritePaths=-${quoted(path)}`),
    "CacheDirectory=dolphin",
    "CacheDirectoryMode=0750",
    `ProtectHome=${needsHome || settings.manager === "user" ? "read-only" : "yes"}`,
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    // A user's manager needs a user namespace for any confinement.
    ...(settings.manager === "user" ? ["PrivateUsers=yes", "PrivateMounts=yes"] : []),
    "ProtectProc=invisible",
    // Temporal's SDK reads /proc/meminfo, and a worker fails without it.
    ...(process.layer === null ? ["ProcSubset=pid"] : []),
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "RemoveIPC=yes",
    "KeyringMode=private",
    "UMask=0027",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
    "SystemCallErrorNumber=EPERM",
    ...(process.goesOutside ? [] : ["IPAddressDeny=any", "IPAddressAllow=localhost"]),
  ];
}

/** `%` starts a specifier everywhere in a unit. */
function escaped(word: string): string {
  return word.replaceAll("%", "%%");
}

export function quoted(word: string): string {
  const text = escaped(word);
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** `$` starts a variable in an argument, and stands for itself in the path of the program. */
function commandLine([program = "", ...args]: readonly string[]): string {
  return [program, ...args.map((each) => each.replaceAll("$", "$$$$"))].map(quoted).join(" ");
}
