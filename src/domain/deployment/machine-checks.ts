/**
 * The checks of `dolphin doctor`: takes readings of a machine and returns one line for each check, with what to do
 * about it.
 */
import { shellWord } from "./shell-word.ts";

export const GRADES = ["ok", "warn", "fail"] as const;
export type Grade = (typeof GRADES)[number];

export type Finding = {
  readonly check: string;
  readonly grade: Grade;
  /** What was found. */
  readonly found: string;
  /** What to do; null where the check passed. */
  readonly todo: string | null;
};

export type PortReading = {
  readonly name: string;
  readonly port: number;
  readonly isFree: boolean;
  /** `java (pid 123)`, where it is known. */
  readonly holder: string | null;
  /** Whether the holder is a process of DOLPHIN, and not a server or another's; null: not known. */
  readonly isOurs: boolean | null;
};

export type SecretReading = {
  readonly path: string;
  /** Permission bits; null: the file is missing or not accessible. */
  readonly mode: number | null;
};

export type MachineReadings = {
  readonly nodeMajor: number;
  /** What setup should have installed and did not; null: nothing. */
  readonly toolsProblem: string | null;
  readonly ports: readonly PortReading[];
  readonly disk: {
    readonly path: string;
    /** Null: the directory cannot be written; `problem` says why. */
    readonly freeBytes: number | null;
    /** Median time of small writes with fsync, in milliseconds. */
    readonly syncMs: number | null;
    readonly problem: string | null;
  };
  /** Null: not known. */
  readonly isClockSynchronised: boolean | null;
  readonly openFilesMax: number | null;
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number };
  readonly isRoot: boolean;
  readonly dataDir: {
    readonly path: string;
    readonly mode: number | null;
    readonly isOurs: boolean;
    /** Why it cannot be looked at, although it may exist; null: it can, or does not exist. */
    readonly problem: string | null;
  };
  readonly secrets: readonly SecretReading[];
  readonly archive: {
    readonly path: string;
    readonly problem: string | null;
    /** Age of the newest file, negative where its time is in the future; null: there is none. */
    readonly newestAgeS: number | null;
  };
};

export type StackReadings = {
  readonly servers: readonly {
    readonly server: string;
    readonly address: string;
    readonly problem: string | null;
  }[];
  /** Null: Temporal did not answer. */
  readonly queues: readonly { readonly task_queue: string; readonly pollers: number }[] | null;
  readonly schedules:
    readonly { readonly schedule: string; readonly paused: string | null }[] | null;
  readonly schedulesWanted: readonly string[];
};

const NODE_MAJOR_MIN = 24;
const GB = 1e9;
const FREE_BYTES = { warn: 5 * GB, fail: GB };
/** Each commit of a scan waits for one sync of the disk. */
const SYNC_MS = { warn: 20, fail: 250 };
const OPEN_FILES_MIN = 4_096;
/** Servers, workers and services of one machine take some 1.6 GB. */
const MEMORY_BYTES = { warn: 4 * GB, fail: 2 * GB };
const AVAILABLE_BYTES_MIN = GB;
const SCAN_AGE_S_MAX = 60;
/** Less is the coarseness of a file system's times. */
const SCAN_AHEAD_S_MAX = 5;
/** Ports of processes of our own: what a server answers is checked by asking it. */
const OWN_PORTS = ["dashboard", "metrics"];
const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;

export function machineFindings(of: MachineReadings, isDeployed: boolean): readonly Finding[] {
  return [
    line("node", NODE_MAJOR_MIN <= of.nodeMajor ? "ok" : "fail", {
      found: `version ${of.nodeMajor}`,
      todo: `run 'node scripts/setup.mjs', which brings Node ${NODE_MAJOR_MIN}`,
    }),
    line("tools", of.toolsProblem === null ? "ok" : "fail", {
      found: of.toolsProblem ?? "Temporal, Java and Hazelcast are installed",
      todo: "run 'node scripts/setup.mjs' in the checkout",
    }),
    line("user", of.isRoot ? "warn" : "ok", {
      found: of.isRoot ? "root" : "an ordinary user",
      todo: "run it as a dedicated user: 'dolphin install systemd' names one",
    }),
    ...of.ports.map((port) => portFinding(port, isDeployed)),
    ...diskFindings(of.disk),
    clockFinding(of.isClockSynchronised),
    openFilesFinding(of.openFilesMax),
    memoryFinding(of.memory, isDeployed),
    dataDirFinding(of.dataDir),
    ...of.secrets.map(secretFinding),
    archiveFinding(of.archive, isDeployed),
  ];
}

/** Checks of what must run after a deployment. */
export function stackFindings(of: StackReadings): readonly Finding[] {
  const { queues, schedules } = of;
  const there = new Set(schedules?.map(({ schedule }) => schedule));
  const missing = of.schedulesWanted.filter((name) => !there.has(name));
  const paused = schedules?.filter((one) => one.paused !== null) ?? [];
  return [
    ...serverFindings(of),
    ...(queues === null ? [unknown("pollers")] : queues.map(queueFinding)),
    schedules === null
      ? unknown("schedules")
      : line("schedules", 0 < missing.length ? "fail" : 0 < paused.length ? "warn" : "ok", {
          found:
            0 < missing.length
              ? `missing: ${missing.join(", ")}`
              : 0 < paused.length
                ? `paused: ${paused.map((one) => `${one.schedule} (${one.paused})`).join(", ")}`
                : `${there.size} exist`,
          todo: 0 < missing.length ? "run 'dolphin create'" : "unpause them, or disable them",
        }),
  ];
}

/** Of servers that run elsewhere they are asked before a deployment, too. */
export function serverFindings({ servers }: Pick<StackReadings, "servers">): readonly Finding[] {
  return servers.map(({ server, address, problem }) =>
    line(server, problem === null ? "ok" : "fail", {
      found: problem === null ? `answers at ${address}` : `${address}: ${problem}`,
      todo: `start it (systemctl [--user] start dolphin-${server}), or set its address`,
    }),
  );
}

export function gravest(findings: readonly Finding[]): Grade {
  const worst = Math.max(0, ...findings.map(({ grade }) => GRADES.indexOf(grade)));
  return GRADES[worst] ?? "fail";
}

function line(check: string, grade: Grade, words: { found: string; todo: string }): Finding {
  return { check, grade, found: words.found, todo: grade === "ok" ? null : words.todo };
}

function unknown(check: string): Finding {
  return line(check, "fail", { found: "Temporal does not answer", todo: "start Temporal first" });
}

function portFinding(reading: PortReading, isDeployed: boolean): Finding {
  const { name, port, isFree, holder } = reading;
  const check = `port ${name}`;
  const by = holder === null ? "another user's process" : holder;
  const isForeign = OWN_PORTS.includes(name) && reading.isOurs === false;
  if (isDeployed && isFree) {
    const todo = `start what listens there; see 'systemctl [--user] list-units "dolphin*"'`;
    return line(check, "fail", { found: `nobody listens on ${port}`, todo });
  }
  return line(check, isFree || (isDeployed && !isForeign) ? "ok" : "fail", {
    found: isFree ? `${port} is free` : `${port} is held by ${by}`,
    todo: `stop it, or give another as ports.${name} in dolphin.yaml`,
  });
}

function roomGrade(bytes: number): Grade {
  return bytes < FREE_BYTES.fail ? "fail" : bytes < FREE_BYTES.warn ? "warn" : "ok";
}

function speedGrade(ms: number): Grade {
  return SYNC_MS.fail < ms ? "fail" : SYNC_MS.warn < ms ? "warn" : "ok";
}

function diskFindings({ path, freeBytes, syncMs, problem }: MachineReadings["disk"]) {
  return [
    line("disk room", freeBytes === null ? "fail" : roomGrade(freeBytes), {
      found:
        freeBytes === null
          ? `${path}: ${problem ?? "unknown"}`
          : `${(freeBytes / GB).toFixed(1)} GB free at ${path}`,
      todo:
        freeBytes === null ? "allow our user to write there" : "free some space, or move data_dir",
    }),
    ...(syncMs === null
      ? []
      : [
          line("disk speed", speedGrade(syncMs), {
            found: `a small synchronous write takes ${syncMs.toFixed(1)} ms`,
            todo: "put data_dir on a local disk: every scan waits for it once",
          }),
        ]),
  ];
}

function clockFinding(isSynchronised: boolean | null): Finding {
  return line("clock", isSynchronised === true ? "ok" : "warn", {
    found:
      isSynchronised === null
        ? "it is not known whether the clock is synchronised"
        : isSynchronised
          ? "synchronised"
          : "not synchronised",
    todo: "enable a time service: 'timedatectl set-ntp true', or install chrony",
  });
}

function openFilesFinding(limit: number | null): Finding {
  return line("open files", limit === null || limit < OPEN_FILES_MIN ? "warn" : "ok", {
    found: limit === null ? "the limit is not known" : `at most ${limit}`,
    todo: `raise it to ${OPEN_FILES_MIN} or more ('ulimit -n'; units set it themselves)`,
  });
}

function memoryFinding(memory: MachineReadings["memory"], isDeployed: boolean): Finding {
  const { totalBytes, availableBytes } = memory;
  const isLittle = totalBytes < MEMORY_BYTES.warn;
  const isTaken = !isDeployed && availableBytes < AVAILABLE_BYTES_MIN;
  const grade = totalBytes < MEMORY_BYTES.fail ? "fail" : isLittle || isTaken ? "warn" : "ok";
  return line("memory", grade, {
    found: `${(availableBytes / GB).toFixed(1)} of ${(totalBytes / GB).toFixed(1)} GB available`,
    todo: "give the machine 4 GB or more, or stop what uses it",
  });
}

function dataDirFinding(dataDir: MachineReadings["dataDir"]): Finding {
  const { path, mode, isOurs, problem } = dataDir;
  if (problem !== null) {
    return line("data_dir", "fail", {
      found: `${path}: ${problem}`,
      todo: "run this as the user that runs DOLPHIN, or let that user enter the folders above it",
    });
  }
  if (mode === null) {
    return line("data_dir", "warn", {
      found: `${path} does not exist yet`,
      todo: `mkdir -m 0750 ${shellWord(path)}`,
    });
  }
  const isOpen = (mode & OTHERS_WRITE) !== 0;
  return line("data_dir", !isOurs || isOpen ? "fail" : "ok", {
    found: `${path} has mode ${octal(mode)}${isOurs ? "" : " and another owner"}`,
    todo: isOurs ? `chmod 0750 ${shellWord(path)}` : `chown it to the user that runs DOLPHIN`,
  });
}

function secretFinding({ path, mode }: SecretReading): Finding {
  if (mode === null) {
    return line("secret", "fail", {
      found: `${path} cannot be read`,
      todo: "create it with mode 0600",
    });
  }
  return line("secret", (mode & OTHERS) === 0 ? "ok" : "fail", {
    found: `${path} has mode ${octal(mode)}`,
    todo: `chmod 0600 ${shellWord(path)}`,
  });
}

function archiveFinding(archive: MachineReadings["archive"], isDeployed: boolean): Finding {
  const { path, problem, newestAgeS } = archive;
  if (problem !== null) {
    const todo = "mount it, or set archive in dolphin.yaml; our user must be able to read it";
    return line("archive", "fail", { found: `${path}: ${problem}`, todo });
  }
  if (newestAgeS !== null && newestAgeS < -SCAN_AHEAD_S_MAX) {
    return line("archive", "warn", {
      found: `the newest scan of ${path} is ${Math.round(-newestAgeS)} s in the future`,
      todo: "set the clocks of this machine and of the machine that writes the archive",
    });
  }
  const isFresh = newestAgeS !== null && newestAgeS <= SCAN_AGE_S_MAX;
  return line("archive", isFresh ? "ok" : "warn", {
    found:
      newestAgeS === null
        ? `${path} holds no scan yet`
        : `the newest scan of ${path} is ${Math.round(newestAgeS)} s old`,
    todo: isDeployed ? "check the upstream engine" : "start the upstream engine, or wait for it",
  });
}

function queueFinding({ task_queue, pollers }: { task_queue: string; pollers: number }): Finding {
  return line(`queue ${task_queue}`, 0 < pollers ? "ok" : "fail", {
    found: pollers === 0 ? "no worker polls it" : `${pollers} workers poll it`,
    todo: `start 'dolphin worker ${task_queue.replace(/^dolphin-/, "")}'`,
  });
}

function octal(mode: number): string {
  return `0${(mode & 0o777).toString(8).padStart(3, "0")}`;
}
