/**
 * The same processes as programs of supervisord. It restarts what it started, and nothing of ours that has a
 * supervisor of its own: one actor a process.
 */
import {
  deployedProcesses,
  type DeployedProcess,
  type DeploymentWorld,
} from "./deployed-processes.ts";

/** A group of programs is started, stopped and restarted as one: `dolphin:*`. */
const GROUP = "dolphin";
const ROTATE = { size: "50MB", backups: 10 };
/** What waits for others begins after them; each would wait by itself. */
const PRIORITY_FIRST = 100;
/** How long a start must hold; a shorter life makes supervisord wait a second longer before the next. */
const START_SECONDS = 3;
/** It would give up for good otherwise, and what nobody restarts is away until a person looks. */
const RETRIES = 1_000_000;
/** It passes SIGTERM on to the group before the worker has stopped its services; here the worker alone is told. */
const OWN_GROUP = "false";

/** Below the data directory: only its owner may enter it, so nobody else can tell supervisord anything. */
export function supervisordFolder({ dataDir }: Pick<DeploymentWorld, "dataDir">): string {
  return `${dataDir}/supervisord`;
}

export function supervisordText(world: DeploymentWorld): string {
  const folder = supervisordFolder(world);
  const processes = deployedProcesses(world);
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ["unix_http_server", [`file=${folder}/supervisor.sock`, "chmod=0700"]],
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
    ["supervisorctl", [`serverurl=unix://${folder}/supervisor.sock`].map(escaped)],
    ...processes.map(
      (process, index) =>
        [`program:${process.name}`, programLines(process, { folder, index })] as const,
    ),
    [`group:${GROUP}`, [`programs=${processes.map(({ name }) => name).join(",")}`]],
  ];
  const text = sections.map(([name, lines]) => `[${name}]\n${lines.join("\n")}\n`);
  return [MADE_BY, ...text].join("\n");
}

const MADE_BY = "; Made by `dolphin install supervisord`, which makes it anew.\n";

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
    // A life that ends by itself is no wish of anybody's; `create` is done when it has worked.
    `autorestart=${isOnce ? "unexpected" : "true"}`,
    `startsecs=${isOnce ? 0 : START_SECONDS}`,
    // Begun again at once it would fail as fast for ever: what only a person can change ends it.
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
 * supervisord begins a program that may end at once anew without a pause, so what failed waits by itself. A stop reaches
 * the shell and the program, and the shell ends last: none is left behind.
 */
function withPause({ command, restartSeconds }: DeployedProcess): readonly string[] {
  const pause = `[ $code = 0 ] || [ -n "$stop" ] || sleep ${restartSeconds}`;
  const script = `stop=; trap stop=1 TERM; "$0" "$@"; code=$?; ${pause}; exit $code`;
  return ["/bin/sh", "-c", script, ...command];
}

/** `%` begins an expression in its files. */
function escaped(text: string): string {
  return text.replaceAll("%", "%%");
}

/** As a shell reads it. */
function word(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
