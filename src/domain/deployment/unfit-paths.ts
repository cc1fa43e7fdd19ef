/** Paths that the files of systemd or supervisord cannot express, whatever the quotes. */
import { deployedProcesses, type DeploymentWorld } from "./deployed-processes.ts";
import { socketOf } from "./supervisord-conf.ts";

type Rule = { readonly unfit: RegExp; readonly has: string };

/** A line ends at a line end, continues after a backslash, and loses the spaces at its end. */
const NO_LINE: Rule = {
  unfit: /\p{Cc}|[\\ ]$/u,
  has: "a control character, or a space or backslash at its end",
};
const NO_PROGRAM: Rule = {
  unfit: /["'\\]/,
  has: "a quote or backslash, which systemd takes in no program's path",
};
/** Its values have no escapes, and a comment starts after any space. */
const NO_VALUE: Rule = { unfit: /"|'$|\s[;#]/, has: `a '"', ' ;' or ' #', or a "'" at its end` };
/** Folders that `PrivateTmp` replaces. */
const TEMPORARY = /^\/(var\/)?tmp(\/|$)/;
/** Some values are expanded once, and names of log files twice, so that no number of '%' is right for all of them. */
const NO_FOLDER: Rule = { unfit: /%/, has: "a '%'" };
/** Linux takes 107 bytes; supervisord first binds to a name with its process id after a dot. */
const SOCKET_BYTES_MAX = 107 - ".4194304".length;

/** A sentence about the first one; null: there is none. */
export function unfitForSystemd(world: DeploymentWorld): string | null {
  const programs = deployedProcesses(world).flatMap(({ command }) => command.slice(0, 1));
  return first(pathsOf(world), NO_LINE, "systemd") ?? first(programs, NO_PROGRAM, "systemd");
}

/** What a unit needs and cannot see, because it has temporary folders of its own: each path once. */
export function hiddenFromUnits({
  checkout,
  dataDir,
  archive,
  configFile,
  secretFiles,
}: DeploymentWorld): readonly string[] {
  const needed = [checkout, dataDir, archive, configFile, ...secretFiles];
  const hidden = needed.flatMap((path) => (path !== null && TEMPORARY.test(path) ? [path] : []));
  return [...new Set(hidden)];
}

/** A sentence about the first one; null: there is none. */
export function unfitForSupervisord(world: DeploymentWorld): string | null {
  const paths = pathsOf(world);
  const bytes = new TextEncoder().encode(socketOf(world)).length;
  return (
    first(paths, NO_LINE, "supervisord") ??
    first(paths, NO_VALUE, "supervisord") ??
    first([world.dataDir], NO_FOLDER, "supervisord") ??
    (bytes <= SOCKET_BYTES_MAX
      ? null
      : `supervisord's socket ${socketOf(world)} would have ${bytes} bytes, and may have ${SOCKET_BYTES_MAX}; give data_dir a shorter path`)
  );
}

function pathsOf(world: DeploymentWorld): readonly string[] {
  const processes = deployedProcesses(world);
  return processes.flatMap(({ command, environment, writes }) => [
    ...command,
    ...Object.values(environment),
    ...writes,
  ]);
}

function first(paths: readonly string[], rule: Rule, manager: string): string | null {
  const found = paths.find((path) => rule.unfit.test(path));
  return found === undefined
    ? null
    : `${manager} cannot be given ${JSON.stringify(found)}: it has ${rule.has}; move or rename it`;
}
