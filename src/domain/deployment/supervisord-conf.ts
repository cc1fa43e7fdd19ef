/**
 * The same processes as programs of supervisord. It restarts only what it started, never a service that has a
 * supervisor of its own: exactly one actor restarts each process.
 */
import {
  deployedProcesses,
  type DeployedProcess,
  type DeploymentWorld,
} from "./deployed-processes.ts";

/** The programs of a group are started, stopped and restarted together: `dolphin:*`. */
const GROUP = "dolphin";
const ROTATE = { size: "50MB", backups: 10 };
/** Programs that depend on others are started after them, although each also waits by itself. */
const PRIORITY_FIRST = 100;
/** Seconds a start must last; after a shorter life supervisord waits one second longer before the next try. */
const START_SECONDS = 3;
/** Without this supervisord would give up for good, and nobody would restart the program. */
const RETRIES = 1_000_000;
/**
 * `stopasgroup` would send SIGTERM to the services before the worker has stopped them in order; only the worker gets
 * the signal.
 */
const OWN_GROUP = "false";

/** Below the data directory, which only its owner may enter, so that nobody else can control supervisord. */
export function supervisordFolder({ dataDir }: Pick<DeploymentWorld, "dataDir">): string {
  return `${dataDir}/supervisord`;
}

export function socketOf(world: Pick<DeploymentWorld, "dataDir">): string {
  return `${supervisordFolder(world)}/supervisor.sock`;
}

export function supervisordText(world: DeploymentWorld): string {
  const folder = supervisordFolder(world);
  const processes = deployedProcesses(world);
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ["unix_http_server", [`file=${socketOf(world)}`, "chmod=0700"].map(escaped)],
    [
      "supervisord",
      [
        `logfile=${folder}/supervisord.log`,
        `logfile_maxbytes=${ROTATE.size}`,
        `logfile_backups=${ROTATE.backups}`,
        `pidfile=${folder}/supervisord.pid`,
        `childlogdir=${folder}`,
        `directory=${folder}`,
        "umask=027",
        "minfds=4096",
        "strip_ansi=true",
      ].map(escaped),
    ],
    [
      "rpcinterface:supervisor",
      ["supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface"],
    ],
    ["supervisorctl", [`serverurl=unix://${socketOf(world)}`].map(escaped)],
    ...processes.map(
      (process, index) =>
        [`program:${process.name}`, programLines(process, { folder, index })] as const,
    ),
    [`group:${GROUP}`, [`programs=${processes.map(({ name }) => name).join(",")}`]],
  ];
  const text = sections.map(([name, lines]) => `[${name}]\n${lines.join("\n")}\n`);
  return [MADE_BY, ...text].join("\n");
}

const MADE_BY = "; Written by `dolphin install supervisord`, which overwrites it.\n";

function programLines(
  process: DeployedProcess,
  { folder, index }: { readonly folder: string; readonly index: number },
): readonly string[] {
  const isOnce = process.life === "once";
  const environment = Object.entries(process.environment);
  return [
    `command=${escaped((isOnce ? withPause(process) : process.command).map(word).join(" "))}`,
    `directory=${escaped(folder)}`,
    ...(environment.length === 0
      ? []
      : [
          `environment=${escaped(environment.map(([name, value]) => `${name}="${value}"`).join(","))}`,
        ]),
    `priority=${PRIORITY_FIRST + index}`,
    "autostart=true",
    // A process that ends by itself was not asked to. `create` ends with success when it has done its work.
    `autorestart=${isOnce ? "unexpected" : "true"}`,
    `startsecs=${isOnce ? 0 : START_SECONDS}`,
    // Restarted at once it would fail again forever; these exit codes need a person.
    ...(isOnce ? ["exitcodes=0,64,78"] : []),
    `startretries=${RETRIES}`,
    "stopsignal=TERM",
    `stopwaitsecs=${process.stopSeconds}`,
    `stopasgroup=${isOnce ? "true" : OWN_GROUP}`,
    "killasgroup=true",
    "redirect_stderr=false",
    ...(["stdout", "stderr"] as const).flatMap((stream) => [
      `${stream}_logfile=${escaped(`${folder}/${process.name}.${stream === "stdout" ? "out" : "err"}`)}`,
      `${stream}_logfile_maxbytes=${ROTATE.size}`,
      `${stream}_logfile_backups=${ROTATE.backups}`,
    ]),
  ];
}

/**
 * supervisord restarts a program without a delay, so a wrapper sleeps after a failure. A stop reaches the shell and
 * the program, and the shell ends last, so no process is left behind.
 */
function withPause({ command, restartSeconds }: DeployedProcess): readonly string[] {
  const pause = `[ $code = 0 ] || [ -n "$stop" ] || sleep ${restartSeconds}`;
  const script = `stop=; trap stop=1 TERM; "$0" "$@"; code=$?; ${pause}; exit $code`;
  return ["/bin/sh", "-c", script, ...command];
}

/** `%` starts an expression in supervisord's files. */
function escaped(text: string): string {
  return text.replaceAll("%", "%%");
}

/** Quoted for a shell. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
